//! The disk as a FUSE mount.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fuser::{
    BackgroundSession, BsdFileFlags, Config, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation,
    INodeNo, LockOwner, MountOption, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory,
    ReplyEmpty, ReplyEntry, ReplyOpen, ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};

use super::disk::{Disk, DiskError, Kind, Node};
use crate::durability::random::Random;

/// The kernel asks again each time: after a cut nothing that it remembers would be true.
const NEVER: Duration = Duration::ZERO;

/// A mount of the disk. After a cut it answers nothing but errors; the disk can be mounted again.
pub struct Mounted {
    power: Arc<Power>,
    session: BackgroundSession,
}

/// The disk, and whether it has power.
struct Power {
    disk: Mutex<Disk>,
    on: AtomicBool,
    /// After how many more changes the power goes, and how the disk forgets then.
    limit: Mutex<Option<(usize, Random)>>,
    /// After how many more changes one fails.
    error: Mutex<Option<usize>>,
    space: Mutex<Space>,
}

/// How many bytes the disk takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Space {
    /// Any number.
    #[default]
    Endless,
    /// So many, and it says so (statfs).
    Of(usize),
    /// So many, and it does not say so.
    SecretlyOf(usize),
    /// Refuses every change, like a disk that is mounted read-only.
    ReadOnly,
}

impl Mounted {
    pub fn mount(disk: Disk, at: &Path) -> std::io::Result<Self> {
        let power = Arc::new(Power {
            disk: Mutex::new(disk),
            on: AtomicBool::new(true),
            limit: Mutex::new(None),
            error: Mutex::new(None),
            space: Mutex::default(),
        });
        let device = Device(Arc::clone(&power));
        let mut config = Config::default();
        config.mount_options = vec![MountOption::FSName("forgetful".into())];
        let session = fuser::spawn_mount(device, at, &config)?;
        Ok(Self { power, session })
    }

    /// Cuts the power: whatever is under way fails, and the disk forgets.
    pub fn cut(&self, random: &mut Random) {
        let mut disk = self.power.disk.lock().expect("no request panics");
        if self.power.on.swap(false, Ordering::AcqRel) {
            disk.cut(random);
        }
    }

    /// Cuts the power instead of the change that comes after so many others.
    pub fn cut_after(&self, changes: usize, random: Random) {
        *self.power.limit.lock().expect("no request panics") = Some((changes, random));
    }

    /// Refuses with EIO the change that comes after so many others, and no other.
    pub fn fail_once_after(&self, changes: usize) {
        *self.power.error.lock().expect("no request panics") = Some(changes);
    }

    /// Bounds what the disk takes, from now on.
    pub fn bound(&self, space: Space) {
        *self.power.space.lock().expect("no request panics") = space;
    }

    /// Bytes of all files.
    pub fn used(&self) -> usize {
        self.power.disk.lock().expect("no request panics").used()
    }

    /// Lets every request fail from now on, while the process that asks goes on.
    pub fn fail(&self) {
        self.power.on.store(false, Ordering::Release);
    }

    /// Takes the disk out, for another mount.
    pub fn unmount(self) -> Disk {
        match self.session.umount_and_join() {
            // The session was in the middle of a request when the kernel let go of it.
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            outcome => outcome.expect("nobody uses the mount any more"),
        }
        self.power.disk.lock().expect("no request panics").clone()
    }
}

struct Device(Arc<Power>);

impl Device {
    /// The disk, while there is power.
    fn disk(&self) -> Result<MutexGuard<'_, Disk>, Errno> {
        let disk = self.0.disk.lock().map_err(|_| Errno::EIO)?;
        if self.0.on.load(Ordering::Acquire) {
            Ok(disk)
        } else {
            Err(Errno::EIO)
        }
    }

    /// The disk for a change, unless this is where the power goes, and with it who asks.
    fn changing(&self, request: &Request) -> Result<MutexGuard<'_, Disk>, Errno> {
        let mut disk = self.disk()?;
        if *self.0.space.lock().map_err(|_| Errno::EIO)? == Space::ReadOnly {
            return Err(Errno::EROFS);
        }
        let mut error = self.0.error.lock().map_err(|_| Errno::EIO)?;
        *error = match *error {
            Some(0) => {
                *error = None;
                return Err(Errno::EIO);
            }
            Some(changes) => Some(changes - 1),
            None => None,
        };
        drop(error);
        let mut limit = self.0.limit.lock().map_err(|_| Errno::EIO)?;
        match &mut *limit {
            Some((0, random)) => {
                self.0.on.store(false, Ordering::Release);
                disk.cut(random);
                kill(request);
                return Err(Errno::EIO);
            }
            Some((changes, _)) => *changes -= 1,
            None => {}
        }
        Ok(disk)
    }

    /// Refuses a file to reach to this byte where the disk is too small for that.
    fn check_space(&self, disk: &Disk, file: INodeNo, end: usize) -> Result<(), Errno> {
        let (Space::Of(bytes) | Space::SecretlyOf(bytes)) = *self.0.space.lock().map_err(|_| Errno::EIO)? else {
            return Ok(());
        };
        let more = end.saturating_sub(disk.node(file.0).map_err(errno)?.size());
        if more > 0 && disk.used() + more > bytes {
            return Err(Errno::ENOSPC);
        }
        Ok(())
    }

    fn make(&self, request: &Request, parent: INodeNo, name: &OsStr, node: Node) -> Result<FileAttr, Errno> {
        let mut disk = self.changing(request)?;
        let number = disk.make(parent.0, text(name)?, node).map_err(errno)?;
        attributes(&disk, number)
    }

    fn remove(&self, request: &Request, parent: INodeNo, name: &OsStr) -> Result<(), Errno> {
        self.changing(request)?.remove(parent.0, text(name)?).map_err(errno)
    }

    fn sync(&self, request: &Request, number: INodeNo) -> Result<(), Errno> {
        self.changing(request)?.sync(number.0).map_err(errno)
    }
}

/// A machine without power runs nothing.
#[allow(unsafe_code)]
fn kill(request: &Request) {
    let process = libc::pid_t::try_from(request.pid()).expect("a process id");
    // SAFETY: kill(2) takes two numbers and touches no memory. The process is held in its request,
    // so that the number is still its own.
    unsafe { libc::kill(process, libc::SIGKILL) };
}

fn errno(error: DiskError) -> Errno {
    match error {
        DiskError::Absent => Errno::ENOENT,
        DiskError::Present => Errno::EEXIST,
        DiskError::NotEmpty => Errno::ENOTEMPTY,
        DiskError::NotAFile => Errno::EISDIR,
        DiskError::NotAFolder => Errno::ENOTDIR,
    }
}

fn text(name: &OsStr) -> Result<&str, Errno> {
    name.to_str().ok_or(Errno::EINVAL)
}

fn size(number: u64) -> Result<usize, Errno> {
    usize::try_from(number).map_err(|_| Errno::EFBIG)
}

fn file_type(kind: &Kind) -> FileType {
    match kind {
        Kind::File(_) => FileType::RegularFile,
        Kind::Folder(_) => FileType::Directory,
        Kind::Socket => FileType::Socket,
    }
}

fn attributes(disk: &Disk, number: u64) -> Result<FileAttr, Errno> {
    let node = disk.node(number).map_err(errno)?;
    let size = node.size() as u64;
    let time: SystemTime = UNIX_EPOCH;
    Ok(FileAttr {
        ino: INodeNo(number),
        size,
        blocks: size.div_ceil(512),
        atime: time,
        mtime: time,
        ctime: time,
        crtime: time,
        kind: file_type(&node.kind),
        perm: u16::try_from(node.mode & 0o7777).unwrap_or_default(),
        nlink: 1,
        uid: 0,
        gid: 0,
        rdev: 0,
        blksize: 4096,
        flags: 0,
    })
}

fn done(outcome: Result<(), Errno>, reply: ReplyEmpty) {
    match outcome {
        Ok(()) => reply.ok(),
        Err(error) => reply.error(error),
    }
}

fn entry(outcome: Result<FileAttr, Errno>, reply: ReplyEntry) {
    match outcome {
        Ok(attributes) => reply.entry(&NEVER, &attributes, Generation(0)),
        Err(error) => reply.error(error),
    }
}

impl Filesystem for Device {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let found = self.disk().and_then(|disk| {
            let number = disk.find(parent.0, text(name)?).map_err(errno)?;
            attributes(&disk, number)
        });
        entry(found, reply);
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.disk().and_then(|disk| attributes(&disk, ino.0)) {
            Ok(attributes) => reply.attr(&NEVER, &attributes),
            Err(error) => reply.error(error),
        }
    }

    fn setattr(
        &self,
        request: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        new_size: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let changed = self.changing(request).and_then(|mut disk| {
            if let Some(mode) = mode {
                disk.set_mode(ino.0, mode).map_err(errno)?;
            }
            if let Some(new_size) = new_size {
                disk.resize(ino.0, size(new_size)?).map_err(errno)?;
            }
            attributes(&disk, ino.0)
        });
        match changed {
            Ok(attributes) => reply.attr(&NEVER, &attributes),
            Err(error) => reply.error(error),
        }
    }

    fn mknod(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        _: u32,
        reply: ReplyEntry,
    ) {
        let permissions = mode & !umask;
        let node = match mode & libc::S_IFMT {
            libc::S_IFSOCK => Node::socket(permissions),
            _ => Node::file(permissions),
        };
        entry(self.make(request, parent, name, node), reply);
    }

    fn mkdir(&self, request: &Request, parent: INodeNo, name: &OsStr, mode: u32, umask: u32, reply: ReplyEntry) {
        entry(self.make(request, parent, name, Node::folder(mode & !umask)), reply);
    }

    fn unlink(&self, request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        done(self.remove(request, parent, name), reply);
    }

    fn rmdir(&self, request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        done(self.remove(request, parent, name), reply);
    }

    fn rename(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        new_parent: INodeNo,
        new_name: &OsStr,
        _: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let renamed = if parent == new_parent {
            self.changing(request)
                .and_then(|mut disk| disk.rename(parent.0, text(name)?, text(new_name)?).map_err(errno))
        } else {
            Err(Errno::EXDEV)
        };
        done(renamed, reply);
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        match self.disk() {
            Ok(_) => reply.opened(FileHandle(0), FopenFlags::FOPEN_DIRECT_IO),
            Err(error) => reply.error(error),
        }
    }

    fn create(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        match self.make(request, parent, name, Node::file(mode & !umask)) {
            Ok(attributes) => {
                let flags = FopenFlags::FOPEN_DIRECT_IO;
                reply.created(&NEVER, &attributes, Generation(0), FileHandle(0), flags);
            }
            Err(error) => reply.error(error),
        }
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        count: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let bytes = self.disk().and_then(|disk| {
            let bytes = disk.read(ino.0, size(offset)?, count as usize).map_err(errno)?;
            Ok(bytes.to_vec())
        });
        match bytes {
            Ok(bytes) => reply.data(&bytes),
            Err(error) => reply.error(error),
        }
    }

    fn write(
        &self,
        request: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let written = self.changing(request).and_then(|mut disk| {
            self.check_space(&disk, ino, size(offset)? + data.len())?;
            disk.write(ino.0, size(offset)?, data).map_err(errno)
        });
        match written {
            Ok(()) => reply.written(u32::try_from(data.len()).unwrap_or_default()),
            Err(error) => reply.error(error),
        }
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        let (Ok(disk), Ok(space)) = (self.disk(), self.0.space.lock()) else {
            return reply.error(Errno::EIO);
        };
        let (blocks, free) = match *space {
            Space::Of(bytes) => (bytes, bytes.saturating_sub(disk.used())),
            // A file system that does not know.
            Space::Endless | Space::SecretlyOf(_) | Space::ReadOnly => (0, 0),
        };
        let (blocks, free) = (blocks as u64, free as u64);
        reply.statfs(blocks, free, free, 0, 0, 1, 255, 1);
    }

    /// close(2) makes nothing durable.
    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        done(self.disk().map(drop), reply);
    }

    fn fsync(&self, request: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        done(self.sync(request, ino), reply);
    }

    fn fsyncdir(&self, request: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        done(self.sync(request, ino), reply);
    }

    fn readdir(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let listed = self.disk().and_then(|disk| {
            let names = disk.names(ino.0).map_err(errno)?;
            for (place, (name, number)) in names.iter().enumerate().skip(size(offset)?) {
                let kind = file_type(&disk.node(*number).map_err(errno)?.kind);
                if reply.add(INodeNo(*number), place as u64 + 1, kind, name) {
                    break;
                }
            }
            Ok(())
        });
        match listed {
            Ok(()) => reply.ok(),
            Err(error) => reply.error(error),
        }
    }
}
