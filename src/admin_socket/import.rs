//! Imports from the machine itself, with or without a running server. Lines are sent in lists, so that neither side
//! holds the whole file.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

use super::command::{Command, CommandAnswer};
use super::place::Place;
use super::wire::{QUESTION_BYTES, SILENCE, read_outcome, send_question};
use super::{Error, explain_in_use, has_store, reach, unanswered};
use crate::app::{App, Overrides};
use crate::auth::random;
use crate::domain::import_result::{ImportMode, LineOutcome, LineReport};
use crate::domain::transfer::{LINE_BYTES, SourceLine, TransferLine};
use crate::ops::opening;
use crate::ops::transfer::Importer;
use crate::store::refuse_exposed;

/// Maximum lines of a list.
const LIST_LINES: usize = 100;

/// Maximum bytes of a list, below [`QUESTION_BYTES`].
const LIST_BYTES: usize = 960 * 1024;

const _: () = assert!(LINE_BYTES < LIST_BYTES && (LIST_BYTES as u64) < QUESTION_BYTES);

/// The result for a line.
#[derive(Debug)]
pub(crate) struct ImportedItem {
    /// The place in the file.
    pub place: String,
    /// The object of the line in words.
    pub subject: String,
    /// The result with its reasons.
    pub report: LineReport,
}

/// The end of an import.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ImportEnd {
    /// True if an active user has the role `admin`; also true if no line was imported.
    pub has_administrator: bool,
}

/// Imports all items, and calls `each` with the result of each. While a server runs, it imports them.
///
/// # Errors
/// [`Error`] if the import could not begin or go on. What was imported stays, and the import can be run again.
pub(crate) async fn import(
    folder: &Path,
    fixed: Overrides,
    mode: ImportMode,
    items: impl Iterator<Item = SourceLine>,
    mut each: impl FnMut(ImportedItem) -> Result<(), Error>,
) -> Result<ImportEnd, Error> {
    let mut target = Target::find(folder, fixed, mode).await?;
    let outcome = run(&mut target, items, &mut each).await;
    target.close().await;
    outcome
}

async fn run(
    target: &mut Target,
    items: impl Iterator<Item = SourceLine>,
    each: &mut impl FnMut(ImportedItem) -> Result<(), Error>,
) -> Result<ImportEnd, Error> {
    let mut list = List::default();
    let mut end = ImportEnd {
        has_administrator: true,
    };
    for SourceLine { place, line, notes } in items {
        let failed = |subject, reason| ImportedItem {
            place: place.clone(),
            subject,
            report: LineOutcome::LeftOut(reason).into(),
        };
        let line = match line {
            Ok(line) => line,
            Err((subject, reason)) => {
                each(failed(subject, reason))?;
                continue;
            }
        };
        let text = serde_json::to_string(&line).map_err(|error| Error::Transfer(error.to_string()))?;
        if text.len() > LINE_BYTES {
            each(failed(line.subject(), format!("it has more than {LINE_BYTES} bytes")))?;
            continue;
        }
        if !list.has_room(text.len()) {
            target.put(std::mem::take(&mut list), &mut end, each).await?;
        }
        list.add(ListedLine { place, line, notes }, &text);
    }
    if !list.lines.is_empty() {
        target.put(list, &mut end, each).await?;
    }
    Ok(end)
}

/// A line in a list.
struct ListedLine {
    place: String,
    line: TransferLine,
    /// The parts that the file has and the line does not.
    notes: Vec<String>,
}

fn imported(subject: String, place: String, mut notes: Vec<String>, report: LineReport) -> ImportedItem {
    notes.extend(report.notes);
    ImportedItem {
        place,
        subject,
        report: LineReport { notes, ..report },
    }
}

/// Lines that are imported together.
#[derive(Default)]
struct List {
    lines: Vec<ListedLine>,
    /// The lines as JSON, with commas between.
    text: String,
}

impl List {
    fn has_room(&self, bytes: usize) -> bool {
        self.lines.len() < LIST_LINES && self.text.len() + bytes < LIST_BYTES
    }

    fn add(&mut self, line: ListedLine, text: &str) {
        if !self.text.is_empty() {
            self.text.push(',');
        }
        self.text.push_str(text);
        self.lines.push(line);
    }
}

/// The server or store that imports the lines.
enum Target {
    /// A running server, which imports over this connection.
    Server(Box<Connection>),
    /// A store that this process has opened.
    Alone(Box<Alone>),
}

struct Connection {
    reading: BufReader<OwnedReadHalf>,
    writing: OwnedWriteHalf,
    folder: PathBuf,
    socket: PathBuf,
}

/// The server's answer to a list.
struct ImportedList {
    reports: Vec<LineReport>,
    has_administrator: bool,
    failure: Option<String>,
}

struct Alone {
    app: App,
    importer: Importer,
    /// The folder of a store that exists only for a dry run.
    temporary: Option<PathBuf>,
}

impl Target {
    async fn find(folder: &Path, fixed: Overrides, mode: ImportMode) -> Result<Self, Error> {
        refuse_exposed(folder)?;
        let place = Place::find(folder, fixed.admin_socket.as_deref());
        let unreached = match reach(folder, &place).await? {
            Ok(server) => {
                let connection = Connection::begin(server, folder, place.path, mode).await?;
                return Ok(Self::Server(Box::new(connection)));
            }
            Err(cause) => cause,
        };
        // A dry run must not begin a store.
        let temporary = (mode.dry_run && !has_store(folder, &fixed))
            .then(temporary_folder)
            .transpose()?;
        let opened = match &temporary {
            Some(temporary) => {
                let fixed = Overrides {
                    secret_key_file: None,
                    ..fixed
                };
                opening::open_for_command(temporary, fixed).await
            }
            None => opening::open_for_command(folder, fixed).await,
        };
        let app = opened.map_err(|error| explain_in_use(error.into(), place, &unreached))?;
        Ok(Self::Alone(Box::new(Alone {
            importer: Importer::new(app.clone(), mode),
            app,
            temporary,
        })))
    }

    /// Imports a list of lines, and reports each.
    async fn put(
        &mut self,
        list: List,
        end: &mut ImportEnd,
        each: &mut impl FnMut(ImportedItem) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let lines = list.lines.into_iter();
        match self {
            Self::Server(connection) => {
                let done = connection.put(&list.text).await?;
                if done.failure.is_none() && done.reports.len() != lines.len() {
                    return Err(Error::Refused("the server answered something else".into()));
                }
                end.has_administrator = done.has_administrator;
                for (ListedLine { place, line, notes }, report) in lines.zip(done.reports) {
                    each(imported(line.subject(), place, notes, report))?;
                }
                if let Some(failure) = done.failure {
                    return Err(Error::Refused(failure));
                }
            }
            Self::Alone(alone) => {
                for ListedLine { place, line, notes } in lines {
                    let subject = line.subject();
                    let done = alone.importer.put(line).await?;
                    each(imported(subject, place, notes, done))?;
                }
                end.has_administrator = alone.importer.has_administrator();
            }
        }
        Ok(())
    }

    async fn close(self) {
        let Self::Alone(alone) = self else {
            return;
        };
        alone.app.store.close().await;
        let temporary = alone.temporary.clone();
        drop(alone);
        if let Some(folder) = temporary {
            // It has nothing but an empty store. The system removes what stays there.
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// Creates a folder for a store that exists only for a dry run.
fn temporary_folder() -> Result<PathBuf, Error> {
    let name = format!("rollcall-dry-run-{:016x}", u64::from_be_bytes(random::bytes()));
    let path = std::env::temp_dir().join(name);
    let created = DirBuilder::new().mode(0o700).create(&path);
    created.map_err(|cause| Error::Transfer(format!("{}: {cause}", path.display())))?;
    Ok(path)
}

impl Connection {
    async fn begin(server: UnixStream, folder: &Path, socket: PathBuf, mode: ImportMode) -> Result<Self, Error> {
        let (reading, writing) = server.into_split();
        let mut connection = Self {
            reading: BufReader::new(reading),
            writing,
            folder: folder.to_owned(),
            socket,
        };
        let asked = send_question(&mut connection.writing, &Command::Import(mode)).await;
        asked.map_err(|error| connection.lost(error))?;
        match connection.answer().await? {
            CommandAnswer::Import => Ok(connection),
            _ => Err(Error::Refused("the server answered something else".into())),
        }
    }

    async fn put(&mut self, lines: &str) -> Result<ImportedList, Error> {
        let text = format!("[{lines}]\n");
        let sent = timeout(SILENCE, self.writing.write_all(text.as_bytes())).await;
        sent.map_err(std::io::Error::from)
            .flatten()
            .map_err(|error| self.lost(error))?;
        match self.answer().await? {
            CommandAnswer::Imported {
                reports,
                has_administrator,
                failure,
            } => Ok(ImportedList {
                reports,
                has_administrator,
                failure,
            }),
            _ => Err(Error::Refused("the server answered something else".into())),
        }
    }

    async fn answer(&mut self) -> Result<CommandAnswer, Error> {
        let outcome = read_outcome(&mut self.reading).await;
        outcome.map_err(|error| self.lost(error))?.map_err(Error::Refused)
    }

    fn lost(&self, error: std::io::Error) -> Error {
        unanswered(error, &self.folder, self.socket.clone(), SILENCE)
    }
}
