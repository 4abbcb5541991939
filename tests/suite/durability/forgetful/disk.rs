//! What the disk holds, what of it is durable, and what a power cut leaves.

use std::collections::BTreeMap;

use crate::durability::random::Random;

/// The number of the topmost folder.
pub const ROOT: u64 = 1;

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

/// Why the disk refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskError {
    Absent,
    Present,
    NotEmpty,
    NotAFile,
    NotAFolder,
}

/// A file, folder or socket.
#[derive(Debug, Clone)]
pub struct Node {
    pub mode: u32,
    pub kind: Kind,
}

#[derive(Debug, Clone)]
pub enum Kind {
    File(Kept<Vec<u8>, Write>),
    Folder(Kept<BTreeMap<String, u64>, Entry>),
    Socket,
}

/// The state that every reader sees, the state that surely survives a power cut, and the steps between the two.
#[derive(Debug, Clone)]
pub struct Kept<T, Step> {
    pub seen: T,
    durable: T,
    since: Vec<Step>,
}

/// A change to a file's contents.
#[derive(Debug, Clone)]
pub enum Write {
    Bytes(usize, Vec<u8>),
    Size(usize),
}

/// A change to a folder's names. A renaming is one: both names change or none does.
#[derive(Debug, Clone)]
pub enum Entry {
    Put(String, u64),
    Remove(String),
    Rename(String, String, u64),
}

pub trait Step<T> {
    fn apply(&self, to: &mut T);
    /// What a power cut leaves of it when it tears.
    fn torn(&self, random: &mut Random) -> Vec<Self>
    where
        Self: Sized;
}

impl Step<Vec<u8>> for Write {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Bytes(offset, bytes) => {
                let end = offset + bytes.len();
                if to.len() < end {
                    to.resize(end, 0);
                }
                to[*offset..end].copy_from_slice(bytes);
            }
            Self::Size(size) => to.resize(*size, 0),
        }
    }

    fn torn(&self, random: &mut Random) -> Vec<Self> {
        let Self::Bytes(offset, bytes) = self else {
            return vec![self.clone()];
        };
        let mut left = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let sector = SECTOR - (offset + at) % SECTOR;
            let end = (at + sector).min(bytes.len());
            if random.chance(50) {
                left.push(Self::Bytes(offset + at, bytes[at..end].to_vec()));
            }
            at = end;
        }
        left
    }
}

impl Step<BTreeMap<String, u64>> for Entry {
    fn apply(&self, to: &mut BTreeMap<String, u64>) {
        match self {
            Self::Put(name, node) => {
                to.insert(name.clone(), *node);
            }
            Self::Remove(name) => {
                to.remove(name);
            }
            Self::Rename(from, name, node) => {
                to.remove(from);
                to.insert(name.clone(), *node);
            }
        }
    }

    fn torn(&self, _random: &mut Random) -> Vec<Self> {
        vec![self.clone()]
    }
}

impl<T: Default, S> Default for Kept<T, S> {
    fn default() -> Self {
        Self {
            seen: T::default(),
            durable: T::default(),
            since: Vec::new(),
        }
    }
}

impl<T: Clone, S: Step<T>> Kept<T, S> {
    fn step(&mut self, step: S) {
        step.apply(&mut self.seen);
        self.since.push(step);
    }

    fn sync(&mut self) {
        for step in self.since.drain(..) {
            step.apply(&mut self.durable);
        }
    }

    /// Keeps the durable part and any part of the rest.
    fn cut(&mut self, random: &mut Random) {
        let percent = [0, 100, 50, 90, 10][random.below(5)];
        let tearing = random.chance(50);
        for step in std::mem::take(&mut self.since) {
            if !random.chance(percent) {
                continue;
            }
            let left = if tearing { step.torn(random) } else { vec![step] };
            for step in left {
                step.apply(&mut self.durable);
            }
        }
        self.seen = self.durable.clone();
    }
}

/// The disk.
#[derive(Debug, Clone)]
pub struct Disk {
    nodes: BTreeMap<u64, Node>,
    last: u64,
}

impl Disk {
    pub fn new() -> Self {
        let mut disk = Self {
            nodes: BTreeMap::new(),
            last: ROOT,
        };
        disk.nodes.insert(ROOT, Node::folder(0o755));
        disk
    }

    pub fn node(&self, number: u64) -> Result<&Node, DiskError> {
        self.nodes.get(&number).ok_or(DiskError::Absent)
    }

    fn node_mut(&mut self, number: u64) -> Result<&mut Node, DiskError> {
        self.nodes.get_mut(&number).ok_or(DiskError::Absent)
    }

    fn file(&mut self, number: u64) -> Result<&mut Kept<Vec<u8>, Write>, DiskError> {
        match &mut self.node_mut(number)?.kind {
            Kind::File(file) => Ok(file),
            _ => Err(DiskError::NotAFile),
        }
    }

    fn folder(&mut self, number: u64) -> Result<&mut Kept<BTreeMap<String, u64>, Entry>, DiskError> {
        match &mut self.node_mut(number)?.kind {
            Kind::Folder(folder) => Ok(folder),
            _ => Err(DiskError::NotAFolder),
        }
    }

    pub fn names(&self, folder: u64) -> Result<&BTreeMap<String, u64>, DiskError> {
        match &self.node(folder)?.kind {
            Kind::Folder(names) => Ok(&names.seen),
            _ => Err(DiskError::NotAFolder),
        }
    }

    pub fn find(&self, folder: u64, name: &str) -> Result<u64, DiskError> {
        self.names(folder)?.get(name).copied().ok_or(DiskError::Absent)
    }

    pub fn make(&mut self, folder: u64, name: &str, node: Node) -> Result<u64, DiskError> {
        if self.find(folder, name).is_ok() {
            return Err(DiskError::Present);
        }
        self.last += 1;
        let number = self.last;
        self.folder(folder)?.step(Entry::Put(name.into(), number));
        self.nodes.insert(number, node);
        Ok(number)
    }

    pub fn remove(&mut self, folder: u64, name: &str) -> Result<(), DiskError> {
        let number = self.find(folder, name)?;
        if matches!(self.names(number), Ok(names) if !names.is_empty()) {
            return Err(DiskError::NotEmpty);
        }
        // The node stays: a process that has it open goes on, and a power cut may bring the name back.
        self.folder(folder)?.step(Entry::Remove(name.into()));
        Ok(())
    }

    pub fn rename(&mut self, folder: u64, from: &str, to: &str) -> Result<(), DiskError> {
        let number = self.find(folder, from)?;
        self.folder(folder)?.step(Entry::Rename(from.into(), to.into(), number));
        Ok(())
    }

    pub fn read(&self, number: u64, offset: usize, size: usize) -> Result<&[u8], DiskError> {
        let Kind::File(file) = &self.node(number)?.kind else {
            return Err(DiskError::NotAFile);
        };
        let start = offset.min(file.seen.len());
        let end = (start + size).min(file.seen.len());
        Ok(&file.seen[start..end])
    }

    pub fn write(&mut self, number: u64, offset: usize, bytes: &[u8]) -> Result<(), DiskError> {
        self.file(number)?.step(Write::Bytes(offset, bytes.to_vec()));
        Ok(())
    }

    pub fn resize(&mut self, number: u64, size: usize) -> Result<(), DiskError> {
        self.file(number)?.step(Write::Size(size));
        Ok(())
    }

    pub fn set_mode(&mut self, number: u64, mode: u32) -> Result<(), DiskError> {
        self.node_mut(number)?.mode = mode;
        Ok(())
    }

    /// Bytes of all files that have a name.
    pub fn used(&self) -> usize {
        self.used_in(ROOT)
    }

    fn used_in(&self, folder: u64) -> usize {
        let inside = |number: &u64| match self.node(*number) {
            Ok(node) if matches!(node.kind, Kind::Folder(_)) => self.used_in(*number),
            Ok(node) => node.size(),
            Err(_) => 0,
        };
        self.names(folder).map_or(0, |names| names.values().map(inside).sum())
    }

    /// fsync(2): the contents of a file and its size, or the names of a folder; never both.
    pub fn sync(&mut self, number: u64) -> Result<(), DiskError> {
        match &mut self.node_mut(number)?.kind {
            Kind::File(file) => file.sync(),
            Kind::Folder(folder) => folder.sync(),
            Kind::Socket => {}
        }
        Ok(())
    }

    /// Cuts the power.
    pub fn cut(&mut self, random: &mut Random) {
        for node in self.nodes.values_mut() {
            match &mut node.kind {
                Kind::File(file) => file.cut(random),
                Kind::Folder(folder) => folder.cut(random),
                Kind::Socket => {}
            }
        }
    }
}

impl Node {
    pub fn file(mode: u32) -> Self {
        let kind = Kind::File(Kept::default());
        Self { mode, kind }
    }

    pub fn folder(mode: u32) -> Self {
        let kind = Kind::Folder(Kept::default());
        Self { mode, kind }
    }

    pub fn socket(mode: u32) -> Self {
        let kind = Kind::Socket;
        Self { mode, kind }
    }

    pub fn size(&self) -> usize {
        match &self.kind {
            Kind::File(file) => file.seen.len(),
            Kind::Folder(_) | Kind::Socket => 0,
        }
    }
}

/// The disk after cuts of many seeds.
fn after_cuts(disk: &Disk) -> impl Iterator<Item = Disk> {
    (0..200).map(|seed| {
        let mut disk = disk.clone();
        disk.cut(&mut Random::new(seed));
        disk
    })
}

#[test]
fn what_was_synced_stays_and_what_was_not_may_go() {
    let mut disk = Disk::new();
    let file = disk.make(ROOT, "db", Node::file(0o644)).expect("a file");
    disk.sync(ROOT).expect("a folder");
    disk.write(file, 0, b"kept").expect("a file");
    disk.sync(file).expect("a file");
    disk.write(file, 4, b" lost").expect("a file");
    let mut left: Vec<_> = after_cuts(&disk)
        .map(|disk| disk.read(file, 0, 99).expect("a file").to_vec())
        .collect();
    left.sort();
    left.dedup();
    assert_eq!(left, [b"kept".to_vec(), b"kept lost".to_vec()]);
}

#[test]
fn a_large_write_may_be_torn_between_sectors_only() {
    let mut disk = Disk::new();
    let file = disk.make(ROOT, "db", Node::file(0o644)).expect("a file");
    disk.write(file, 100, &[1; 4 * SECTOR]).expect("a file");
    let mut torn = 0;
    for disk in after_cuts(&disk) {
        let bytes = disk.read(file, 0, usize::MAX / 2).expect("a file");
        let ones: usize = bytes.iter().map(|byte| usize::from(*byte)).sum();
        torn += usize::from(ones != 0 && ones != 4 * SECTOR);
        for sector in bytes.chunks(SECTOR).skip(1) {
            assert!(sector.windows(2).all(|pair| pair[0] == pair[1]), "a sector is whole");
        }
    }
    assert!(torn > 0);
}

#[test]
fn a_name_is_durable_only_with_its_folder() {
    let mut disk = Disk::new();
    let file = disk.make(ROOT, "new", Node::file(0o644)).expect("a file");
    disk.sync(file).expect("a file");
    let there = |disk: &Disk, name: &str| disk.find(ROOT, name).is_ok();
    assert!(after_cuts(&disk).any(|disk| !there(&disk, "new")));
    disk.sync(ROOT).expect("a folder");
    disk.rename(ROOT, "new", "final").expect("a file");
    assert!(after_cuts(&disk).all(|disk| there(&disk, "new") != there(&disk, "final")));
    assert!(after_cuts(&disk).any(|disk| there(&disk, "new")));
    disk.sync(ROOT).expect("a folder");
    assert!(after_cuts(&disk).all(|disk| there(&disk, "final")));
}
