//! The files of a dump, and the documents of one collection in them.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::collection::{AVATAR_CHUNKS, AVATARS, ROLES, STATUSES, USERS};
use super::document::Documents;
use super::{archive, bson_stream, json_stream};

/// The first bytes of a file that gzip made.
const GZIP: &[u8] = &[0x1F, 0x8B];

/// The endings of files with one collection.
const ENDINGS: [&str; 4] = ["bson", "bson.gz", "json", "json.gz"];

/// The reason why a path cannot be read as a dump.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// The operating system refuses to read a file.
    #[error("{}: {cause}", .path.display())]
    Read {
        /// The path of the file.
        path: PathBuf,
        /// The cause of the error.
        cause: io::Error,
    },
    /// A folder has no file with users.
    #[error(
        "{} has no users.bson, users.bson.gz, users.json or users.json.gz, nor has exactly one folder in it: name the \
         folder of one database that mongodump wrote",
        .0.display()
    )]
    NoUsers(PathBuf),
    /// A file has another name than those of the collections.
    #[error(
        "{} is not an archive of mongodump, and its name is not that of a collection: name it users.json or users.bson",
        .0.display()
    )]
    UnknownFile(PathBuf),
    /// An archive is not as mongodump writes it.
    #[error("{}: {problem}", .path.display())]
    Archive {
        /// The path of the file.
        path: PathBuf,
        /// The problem, in words.
        problem: String,
    },
}

/// The files of a dump.
pub(super) enum Dump {
    /// A file for each collection.
    Files(Vec<CollectionFile>),
    /// One file with all collections of this database.
    Archive { path: PathBuf, database: String },
}

/// A file with the documents of one collection.
pub(super) struct CollectionFile {
    collection: &'static str,
    path: PathBuf,
}

impl Dump {
    /// Finds the files of a dump.
    ///
    /// # Errors
    /// [`DumpError`] if the path is not a dump, or cannot be read.
    pub(super) fn open(path: &Path) -> Result<Self, DumpError> {
        let found = path.metadata().map_err(|cause| unread(path, cause))?;
        if found.is_dir() {
            return folder(path);
        }
        let mut input = open(path)?;
        let is_archive = input.fill_buf().map_err(|cause| unread(path, cause))?;
        if is_archive.starts_with(&archive::MAGIC) {
            let database = archive::database(&mut input).map_err(|problem| DumpError::Archive {
                path: path.to_owned(),
                problem,
            })?;
            let path = path.to_owned();
            return Ok(Self::Archive { path, database });
        }
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let named = |collection: &&str| ENDINGS.iter().any(|ending| name == format!("{collection}.{ending}"));
        let known = [USERS, ROLES, STATUSES, AVATARS, AVATAR_CHUNKS];
        let collection = known.into_iter().find(named);
        let collection = collection.ok_or_else(|| DumpError::UnknownFile(path.to_owned()))?;
        Ok(Self::Files(vec![CollectionFile {
            collection,
            path: path.to_owned(),
        }]))
    }

    /// Returns the documents of a collection; none if the dump does not have it.
    ///
    /// # Errors
    /// [`DumpError::Read`] if the file cannot be opened.
    pub(super) fn documents(&self, collection: &str) -> Result<Documents, DumpError> {
        match self {
            Self::Files(files) => {
                let Some(file) = files.iter().find(|file| file.collection == collection) else {
                    return Ok(Box::new(std::iter::empty()));
                };
                let name = file.path.file_name().map(|name| name.to_string_lossy().into_owned());
                let name = name.unwrap_or_default();
                let input = open(&file.path)?;
                Ok(if name.contains(".bson") {
                    Box::new(bson_stream::documents(input, name))
                } else {
                    Box::new(json_stream::documents(input, name))
                })
            }
            Self::Archive { path, database } => Ok(Box::new(archive::documents(open(path)?, database, collection))),
        }
    }
}

/// Finds the files of a folder, or of the only folder in it that has users: `mongodump` writes a folder for each
/// database.
fn folder(path: &Path) -> Result<Dump, DumpError> {
    if let Some(files) = files(path) {
        return Ok(Dump::Files(files));
    }
    let entries = path.read_dir().map_err(|cause| unread(path, cause))?;
    let mut found: Vec<_> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.is_dir())
        .filter_map(|path| files(&path))
        .collect();
    match (found.pop(), found.is_empty()) {
        (Some(files), true) => Ok(Dump::Files(files)),
        _ => Err(DumpError::NoUsers(path.to_owned())),
    }
}

/// Returns the files of all known collections in a folder; `None` if there are no users.
fn files(folder: &Path) -> Option<Vec<CollectionFile>> {
    let file = |collection: &'static str| {
        let path = |ending: &str| folder.join(format!("{collection}.{ending}"));
        let path = ENDINGS.iter().map(|ending| path(ending)).find(|path| path.is_file())?;
        Some(CollectionFile { collection, path })
    };
    let users = file(USERS)?;
    let others = [ROLES, STATUSES, AVATARS, AVATAR_CHUNKS].into_iter().filter_map(file);
    Some([users].into_iter().chain(others).collect())
}

/// Opens a file, and decodes gzip if its content is that.
fn open(path: &Path) -> Result<Box<dyn BufRead>, DumpError> {
    let file = File::open(path).map_err(|cause| unread(path, cause))?;
    let mut input = BufReader::new(file);
    let is_packed = input.fill_buf().map_err(|cause| unread(path, cause))?.starts_with(GZIP);
    Ok(if is_packed {
        Box::new(BufReader::new(MultiGzDecoder::new(input)))
    } else {
        Box::new(input)
    })
}

fn unread(path: &Path, cause: io::Error) -> DumpError {
    DumpError::Read {
        path: path.to_owned(),
        cause,
    }
}
