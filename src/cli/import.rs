//! The command `rollcall import`.

use std::fs::File;
use std::io::{self, BufReader, IsTerminal};
use std::path::Path;

use super::import_file::ImportFile;
use super::import_report::ImportReport;
use super::transfer_args::{ImportArgs, ImportChoices, OtherFormat};
use super::{Failure, load, logging, output, serve};
use crate::admin_socket;
use crate::config::StartSettings;
use crate::domain::import_result::ImportMode;
use crate::domain::transfer::SourceLine;
use crate::net::open_files;
use crate::rocketchat;

pub(super) fn run(arguments: ImportArgs) -> Result<(), Failure> {
    match (arguments.other, arguments.file) {
        (Some(OtherFormat::Rocketchat { path, choices }), _) => {
            let lines = rocketchat::read(&path).map_err(|error| Failure::failed(error.to_string()))?;
            import(lines, &choices)
        }
        (None, Some(file)) if file == Path::new("-") => {
            if io::stdin().is_terminal() {
                return Err(Failure::usage(
                    "standard input is a terminal: name a file, or pipe an export into it",
                ));
            }
            import(ImportFile::new(io::stdin().lock()), &arguments.choices)
        }
        (None, Some(file)) => {
            let opened = File::open(&file);
            let opened = opened.map_err(|cause| Failure::failed(format!("{}: {cause}", file.display())))?;
            import(ImportFile::new(BufReader::new(opened)), &arguments.choices)
        }
        (None, None) => Err(Failure::usage("name a file")),
    }
}

fn import(lines: impl Iterator<Item = SourceLine>, choices: &ImportChoices) -> Result<(), Failure> {
    let settings = StartSettings::of(&load(&choices.folder.0)?)?;
    let mode = ImportMode {
        update: choices.update,
        dry_run: choices.dry_run,
    };
    let _log = logging::start_quietly();
    open_files::prepare().map_err(|error| Failure::failed(error.to_string()))?;
    let runtime = tokio::runtime::Runtime::new();
    let runtime = runtime.map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
    let folder = settings.data_dir.clone();
    let fixed = serve::fixed(settings);
    let mut report = ImportReport::begin(mode, choices.report.as_deref())?;
    let imported = runtime.block_on(admin_socket::import(&folder, fixed, mode, lines, |item| {
        report.add(item)
    }));
    match imported {
        Ok(end) => {
            if !end.has_administrator {
                output::print("there is no administrator: create one by `rollcall user create NAME --role admin`")?;
            }
            report.finish()
        }
        Err(error) => {
            // The report has the lines that were answered. The error matters more than a failure to write it.
            report.finish().ok();
            let what = Failure::from(error);
            Err(what.and("what was imported stays: remove the cause, and run the import again"))
        }
    }
}
