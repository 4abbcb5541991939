//! The command `rollcall man`: the man pages, from the definition of the commands and the list of settings.

use std::fs;
use std::io;
use std::path::Path;

use clap::builder::PossibleValue;
use clap::{Arg, Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::Failure;
use super::args::Arguments;
use crate::clock;
use crate::config::SETTINGS;

/// The first line of the examples in the help of a command.
const EXAMPLES: &str = "Examples:\n";

/// The argument that only commands with all settings have.
const ALL_SETTINGS: &str = "set";

/// The length of a date such as 2026-11-27.
const DATE: usize = 10;

/// The exit codes of all commands.
const EXIT_CODES: [(&str, &str); 6] = [
    ("0", "The command is done."),
    ("1", "It failed. Standard error has the reason."),
    ("2", "Wrong usage."),
    ("78", "Wrong configuration."),
    ("130", "A second signal ended the server at once."),
    ("141", "The reader of standard output has closed its end."),
];

/// Writes a page for the program and one for each command into a folder.
pub(super) fn run(folder: &Path) -> Result<(), Failure> {
    let mut program = Arguments::command().disable_help_subcommand(true);
    program.build();
    let written = fs::create_dir_all(folder).and_then(|()| write_pages(&program, folder));
    written.map_err(|error| Failure::failed(format!("cannot write the man pages into {}: {error}", folder.display())))
}

fn write_pages(command: &Command, folder: &Path) -> io::Result<()> {
    for command in visible_commands(command) {
        write_pages(command, folder)?;
    }
    let page = page(command)?;
    fs::write(folder.join(format!("{}.1", name(command))), page)
}

fn visible_commands(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|command| !command.is_hide_set())
}

/// Returns the name of the page of a command, such as `rollcall-user-create`.
fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

fn page(command: &Command) -> io::Result<Vec<u8>> {
    let mut date = clock::built().to_string();
    date.truncate(DATE);
    let man = Man::new(command.clone().mut_args(with_values))
        .date(date)
        .source(concat!("rollcall ", env!("CARGO_PKG_VERSION")))
        .manual("Rollcall");
    let more = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let (notes, examples) = more.split_once(EXAMPLES).unwrap_or((&more, ""));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    paragraphs(notes).to_writer(&mut page)?;
    man.render_options_section(&mut page)?;
    if visible_commands(command).next().is_some() {
        man.render_subcommands_section(&mut page)?;
    }
    if command
        .get_arguments()
        .any(|argument| argument.get_id() == ALL_SETTINGS)
    {
        environment().to_writer(&mut page)?;
    }
    exit_status().to_writer(&mut page)?;
    if !examples.is_empty() {
        as_written(examples).to_writer(&mut page)?;
    }
    see_also(name(command)).to_writer(&mut page)?;
    Ok(page)
}

/// Returns the argument with its possible values in its help. A list of its own would break the line in a way that the
/// programs for man pages warn of.
fn with_values(argument: Arg) -> Arg {
    let values = argument.get_possible_values();
    if values.is_empty() {
        return argument;
    }
    let values: Vec<_> = values.iter().map(PossibleValue::get_name).collect();
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let help = format!("{help}: {}", values.join(", "));
    argument.help(help).hide_possible_values(true)
}

fn paragraphs(text: &str) -> Roff {
    let mut roff = Roff::new();
    for paragraph in text.split("\n\n").map(str::trim).filter(|text| !text.is_empty()) {
        roff.control("PP", []);
        for line in paragraph.lines() {
            roff.text([roman(line.trim())]);
        }
    }
    roff
}

/// Returns the examples, a line for each.
fn as_written(examples: &str) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXAMPLES"]).control("nf", []);
    for line in examples.lines() {
        roff.text([roman(line.trim())]);
    }
    roff.control("fi", []);
    roff
}

/// Returns the variables of all settings, with or without a flag.
fn environment() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["ENVIRONMENT"]);
    for setting in SETTINGS {
        roff.control("TP", []).text([bold(setting.variable())]);
        roff.text([roman(format!("{}.", setting.help()))]);
        if let Some(file) = setting.file_variable() {
            roff.text([bold(file), roman(" names a file with the value.")]);
        }
    }
    roff
}

fn exit_status() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    for (code, meaning) in EXIT_CODES {
        roff.control("TP", []).text([bold(code)]).text([roman(meaning)]);
    }
    roff
}

/// Returns the reference to the page of the command above, and of the program.
fn see_also(name: &str) -> Roff {
    let mut roff = Roff::new();
    let mut pages: Vec<_> = name
        .rsplit_once('-')
        .map(|(parent, _)| parent.to_owned())
        .into_iter()
        .collect();
    pages.push("rollcall-serve".to_owned());
    pages.push("rollcall-doctor".to_owned());
    pages.retain(|page| page != name);
    pages.dedup();
    roff.control("SH", ["SEE ALSO"]);
    let last = pages.len().saturating_sub(1);
    for (number, page) in pages.iter().enumerate() {
        let end = if number == last { "(1)" } else { "(1)," };
        roff.text([bold(page), roman(end)]);
    }
    roff
}
