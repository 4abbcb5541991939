//! Unix sockets that listen at a path.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, Socket, Type};
use tokio::net::{UnixListener, UnixSocket};

/// Maximum bytes of the path of a Unix socket: `sun_path` of unix(7) without its NUL.
pub(crate) const MAX_PATH_BYTES: usize = 107;

/// The file of a Unix socket. Dropping it removes the file, unless another process has replaced it.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    /// The device and the inode of the file.
    identity: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|identity| identity == self.identity) {
            // If this fails, the next server replaces the file.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Listens at a path. The mode decides who may connect. A file that a killed server left is replaced.
///
/// # Errors
/// `AddrInUse` if a process listens at the path, `AlreadyExists` if the file is not a socket; else the error of the operating
/// system, for example if the path is longer than [`MAX_PATH_BYTES`] or the file system has no sockets.
pub(crate) fn bind(path: &Path, mode: u32, backlog: u32) -> io::Result<(UnixListener, SocketFile)> {
    match fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                "a file that is not a socket has this name",
            ));
        }
        Ok(_) if is_in_use(path)? => return Err(io::ErrorKind::AddrInUse.into()),
        Ok(_) => fs::remove_file(path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let socket = UnixSocket::new_stream()?;
    socket.bind(path)?;
    let file = SocketFile {
        path: path.to_owned(),
        identity: identity(path)?,
    };
    // The socket does not listen yet, so that the umask never decides who may connect. After an error the file is removed.
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    Ok((socket.listen(backlog)?, file))
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let found = fs::symlink_metadata(path)?;
    Ok((found.dev(), found.ino()))
}

/// Returns whether a process listens at the path. Does not wait for it.
fn is_in_use(path: &Path) -> io::Result<bool> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    match socket.connect(&SockAddr::unix(path)?) {
        Ok(()) => Ok(true),
        // The process that listens has many connections that wait to be accepted.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
        Err(error) if [io::ErrorKind::ConnectionRefused, io::ErrorKind::NotFound].contains(&error.kind()) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::{UnixDatagram, UnixStream};

    use super::*;

    #[tokio::test]
    async fn a_file_that_nothing_listens_at_is_replaced_and_one_in_use_is_not() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let path = home.path().join("x.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).expect("a socket"));
        let (listener, file) = bind(&path, 0o660, 1).expect("the file is replaced");
        let mode = fs::metadata(&path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o660);
        let refused = bind(&path, 0o600, 1).expect_err("it is in use");
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
        // The queue of the listener is full, and a process that waits to connect would wait for ever.
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                let socket = Socket::new(Domain::UNIX, Type::STREAM, None).expect("a socket");
                socket.set_nonblocking(true).expect("an option");
                let _ = socket.connect(&SockAddr::unix(&path).expect("a path"));
                socket
            })
            .collect();
        let refused = bind(&path, 0o600, 1).expect_err("it is in use");
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
        drop((waiting, listener, file));
        assert!(!path.exists(), "the file is removed");
    }

    #[tokio::test]
    async fn the_file_of_another_process_stays() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let path = home.path().join("x.sock");
        let bound = bind(&path, 0o600, 1).expect("a socket");
        fs::remove_file(&path).expect("it was there");
        let other = bind(&path, 0o600, 1).expect("the name is free");
        drop(bound);
        UnixStream::connect(&path).expect("the other one is reached");
        drop(other);
        let _datagrams = UnixDatagram::bind(&path).expect("a socket of another kind");
        bind(&path, 0o600, 1).expect_err("it is not replaced");
        fs::remove_file(&path).expect("it was there");
        fs::write(&path, "precious").expect("a file");
        let refused = bind(&path, 0o600, 1).expect_err("a file is not a socket");
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
    }
}
