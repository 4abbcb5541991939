//! The place of a server's administration socket, and how the command line finds it.
//!
//! A server whose socket is not in its data folder writes a file `admin-socket` into the data folder. The file has the
//! path of the socket, or the reason why the server has no socket. If the server is killed, the file stays, and no
//! process answers at the path in it.

use std::fs;
use std::path::{Path, PathBuf};

use tracing::warn;

use crate::store::{socket_path, write_private};

/// The name of the file.
const NAME: &str = "admin-socket";

/// The beginning of the line of a socket's path.
const PATH: &str = "path ";

/// The beginning of the line of a reason.
const NONE: &str = "none ";

/// The place of the administration socket of a data folder.
#[derive(Debug)]
pub(super) struct Place {
    /// The path to connect to.
    pub(super) path: PathBuf,
    /// The reason why the server opened no socket.
    pub(super) reason: Option<String>,
}

impl Place {
    /// Finds the socket of the server on a data folder. `named` is the path in the settings of this process.
    pub(super) fn find(folder: &Path, named: Option<&Path>) -> Self {
        let text = fs::read_to_string(folder.join(NAME)).unwrap_or_default();
        let line = text.trim_end_matches('\n');
        let written = line.strip_prefix(PATH).map(PathBuf::from);
        let path = named.map(Path::to_owned).or(written);
        Self {
            path: path.unwrap_or_else(|| socket_path(folder)),
            reason: line.strip_prefix(NONE).map(str::to_owned),
        }
    }
}

/// Writes the path of a server's socket, or the reason why it has no socket, for the command line. A socket in the data
/// folder needs no file.
pub(super) fn announce(folder: &Path, socket: Result<&Path, &str>) {
    let line = match socket {
        Ok(path) if path == socket_path(folder) => return withdraw(folder),
        Ok(path) => {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            format!("{PATH}{}\n", path.display())
        }
        Err(reason) => format!("{NONE}{reason}\n"),
    };
    if let Err(error) = write_private(&folder.join(NAME), line.as_bytes()) {
        warn!(%error, "the command line does not find the administration socket: name it with --admin-socket");
    }
}

/// Removes the file.
pub(super) fn withdraw(folder: &Path) {
    // The file usually does not exist. If it cannot be removed, no process answers at the path in it.
    let _ = fs::remove_file(folder.join(NAME));
}
