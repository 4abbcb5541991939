//! The report of an import: counts, and each line that was left out, with the reason.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::{Failure, output};
use crate::admin_socket::{self, ImportedItem};
use crate::domain::import_result::{ImportMode, LineOutcome};
use crate::domain::text::escaped;
use crate::store::create_private_file;

/// Maximum lines that are printed. `--report` has no limit.
const PRINTED: usize = 50;

/// The time between two lines about the progress.
const PROGRESS: Duration = Duration::from_secs(2);

/// The counts and the lines of a report so far.
pub(super) struct ImportReport {
    mode: ImportMode,
    created: u64,
    same: u64,
    updated: u64,
    different: u64,
    left_out: u64,
    parts: u64,
    /// The first lines to print.
    printed: Vec<String>,
    /// The number of lines that are not printed.
    more: u64,
    file: Option<BufWriter<File>>,
    last_progress: Instant,
}

impl ImportReport {
    /// Begins a report, and creates its file if it has one.
    pub(super) fn begin(mode: ImportMode, path: Option<&Path>) -> Result<Self, Failure> {
        let create = |path: &Path| {
            let created = create_private_file(path);
            created.map_err(|cause| Failure::failed(format!("{}: {cause}", path.display())))
        };
        Ok(Self {
            mode,
            created: 0,
            same: 0,
            updated: 0,
            different: 0,
            left_out: 0,
            parts: 0,
            printed: Vec::new(),
            more: 0,
            file: path.map(create).transpose()?.map(BufWriter::new),
            last_progress: Instant::now(),
        })
    }

    /// Adds the result for a line.
    ///
    /// # Errors
    /// [`admin_socket::Error`] if the file of the report cannot be written.
    pub(super) fn add(&mut self, item: ImportedItem) -> Result<(), admin_socket::Error> {
        let head = format!("{}: {}", item.place, item.subject);
        match item.report.outcome {
            LineOutcome::Created => self.created += 1,
            LineOutcome::Same => self.same += 1,
            LineOutcome::Updated => self.updated += 1,
            LineOutcome::Differs(fields) => {
                self.different += 1;
                self.write_line(&format!("{head}: differs in {}", fields.join(", ")))?;
            }
            LineOutcome::LeftOut(reason) => {
                self.left_out += 1;
                self.write_line(&format!("{head}: left out: {reason}"))?;
            }
        }
        for note in item.report.notes {
            self.parts += 1;
            self.write_line(&format!("{head}: without {note}"))?;
        }
        self.show_progress();
        Ok(())
    }

    fn write_line(&mut self, line: &str) -> Result<(), admin_socket::Error> {
        let line = escaped(line).into_owned();
        if let Some(file) = &mut self.file {
            let written = writeln!(file, "{line}");
            written.map_err(|cause| admin_socket::Error::Transfer(format!("the report is not written: {cause}")))?;
        }
        if self.printed.len() < PRINTED {
            self.printed.push(line);
        } else {
            self.more += 1;
        }
        Ok(())
    }

    fn lines(&self) -> u64 {
        self.created + self.same + self.updated + self.different + self.left_out
    }

    fn show_progress(&mut self) {
        if self.last_progress.elapsed() < PROGRESS {
            return;
        }
        self.last_progress = Instant::now();
        // An import does not end because its progress cannot be shown.
        let _ = writeln!(io::stderr(), "rollcall: {} lines so far", self.lines());
    }

    /// Prints the counts and the first lines.
    ///
    /// # Errors
    /// [`Failure`] with exit code 1 if a line was left out or differs.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        if let Some(file) = &mut self.file {
            let written = file.flush().and_then(|()| file.get_ref().sync_all());
            written.map_err(|cause| Failure::failed(format!("the report is not written: {cause}")))?;
        }
        if self.mode.dry_run {
            output::print("dry run: nothing was changed")?;
        }
        output::print(&format!(
            "{} created, {} unchanged, {} updated, {} different, {} left out, {} parts of lines left out",
            self.created, self.same, self.updated, self.different, self.left_out, self.parts
        ))?;
        for line in &self.printed {
            output::write(line)?;
        }
        if self.more > 0 {
            output::print(&format!("and {} more: --report FILE has all of them", self.more))?;
        }
        if self.different > 0 {
            output::print("--update changes what is different")?;
        }
        if self.different + self.left_out > 0 {
            return Err(Failure::failed(""));
        }
        Ok(())
    }
}
