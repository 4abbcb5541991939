//! `cargo bench`: Rollcall's operations per second, compared with floors that no implementation can exceed.
//!
//! The driver is one thread of this process. The measured server is the real binary in its own process, on the same
//! cores. A third process serves the floors of HTTP through the same accept loop; floors of the store run in this
//! process.
#![allow(clippy::print_stdout)] // A bench speaks on standard output.

mod backup;
mod broadcast;
#[cfg(feature = "etcd")]
mod cluster;
#[cfg(feature = "etcd")]
mod cluster_sockets;
#[cfg(feature = "etcd")]
mod cluster_writes;
mod creates;
mod crowd;
mod day;
mod driver;
#[cfg(feature = "etcd")]
mod etcd_floor;
#[cfg(feature = "etcd")]
mod etcd_nodes;
mod fan_out;
mod figure;
mod floods;
mod floors;
mod growth;
mod lists;
mod logins;
mod machine;
mod measure;
mod memory;
mod pages;
mod plan;
mod population;
mod presence;
mod reads;
mod report;
mod server;
mod small_machine;
mod socket_driver;
mod sockets;
mod starts;
mod stream_driver;
mod table;
mod websocket;

use std::env;
use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use clap::{Arg, ArgAction, Command, value_parser};

use machine::Witness;
use plan::{Day, Plan};

/// The result of all functions here. The first error ends the bench.
type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// The maximum share of the machine that other processes may use for the figures to be valid.
const DISTURBED: f64 = 0.05;

/// A section of the bench: its name, its description and its function.
type Section = (&'static str, &'static str, fn(&Plan) -> Outcome);

const SECTIONS: [Section; 13 + cfg!(feature = "etcd") as usize] = [
    (
        "creates",
        "durable creates with 1, 8, 64 and 256 connections",
        creates::run,
    ),
    (
        "backup",
        "durable creates beside a backup of 10 000 users with pictures",
        backup::run,
    ),
    ("reads", "authenticated reads with 64 connections", reads::run),
    (
        "lists",
        "lists of 100 and 20 000 users, as an ordinary user asks",
        lists::run,
    ),
    ("logins", "logins with 1 and 16 connections", logins::run),
    ("starts", "start-up time with 0 and 100 000 statuses", starts::run),
    ("presence", "who is here, and 100 000 statuses that end", presence::run),
    (
        "sockets",
        "1 000 and 10 000 sockets: memory, changes told to all, coming back at once",
        sockets::run,
    ),
    (
        "pages",
        "the board of 50 and 3 000 people, and 1 000 and 10 000 open boards",
        pages::run,
    ),
    ("memory", "memory idle and after loads", memory::run),
    (
        "growth",
        "start, memory, login, reads, lists, presence, board and a change with 100 to 1 000 000 users",
        growth::run,
    ),
    (
        "day",
        "an hour of a busy team: memory, file and latencies must stay as they are",
        day::run,
    ),
    (
        "floods",
        "what floods by one caller reach, and what other callers notice of them",
        floods::run,
    ),
    #[cfg(feature = "etcd")]
    (
        "cluster",
        "several servers over three nodes of etcd: writes, statuses seen elsewhere, start, a killed leader",
        cluster::run,
    ),
];

fn main() -> Outcome {
    // `cargo test --all-targets` also starts this program, without `--bench` and with its own filters. There are no
    // tests to run.
    if !env::args().any(|argument| ["--bench", server::STATIC, server::BROADCAST].contains(&argument.as_str())) {
        return Ok(());
    }
    let matches = command().get_matches();
    if let Some(length) = matches.get_one::<usize>("serve-static") {
        return floors::serve_static(*length);
    }
    if matches.get_flag("serve-broadcast") {
        return broadcast::serve();
    }
    let given = matches.get_one::<PathBuf>("folder").cloned();
    let folder = given.unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").into());
    std::fs::create_dir_all(&folder)?;
    let folder = folder.canonicalize()?;

    let machine = machine::describe(&folder);
    print(&machine);
    print(
        "The driver is one thread; beside it on the same cores runs the real binary, its log going to /dev/null. Each\n\
         connection asks again as soon as it is answered. CPU is processor time of the server for one call, \"driver's\"\n\
         that of the driver: it can see no more than one second holds of these. A floor without HTTP runs in the\n\
         driver's process, callers and all.",
    );
    if let Some(megabytes) = matches.get_one::<u64>("memory") {
        small_machine::limit(megabytes * 1_000_000)?;
        print(&format!("The server has {megabytes} MB of memory and one core."));
    }
    let (began, witness) = (Instant::now(), Witness::begin()?);
    let wanted: Vec<&String> = matches.get_many("section").unwrap_or_default().collect();
    let day = Day {
        people: matches.get_one("people").copied().unwrap_or_default(),
        minutes: matches.get_one("minutes").copied().unwrap_or_default(),
    };
    let plan = Plan::new(
        folder,
        matches.get_flag("quick"),
        day,
        matches.get_one("stores").cloned(),
    );
    for (name, _, run) in SECTIONS {
        if wanted.is_empty() || wanted.iter().any(|wanted| *wanted == name) {
            run(&plan)?;
        }
    }

    let others = witness.others()?;
    report::finish(
        &machine,
        others,
        matches.get_one::<PathBuf>("json").map(PathBuf::as_path),
    )?;
    let seconds = began.elapsed().as_secs();
    print(&format!(
        "\nDone in {seconds} s, while other programs took {:.1} % of the machine.",
        others * 100.0
    ));
    if others > DISTURBED {
        print("That is too much: these figures are worth little. Repeat them on a quiet machine.");
    }
    Ok(())
}

/// Returns an option with a value.
fn option(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

fn command() -> Command {
    let sections = SECTIONS.map(|(name, what, _)| format!("  {name:8} {what}")).join("\n");
    Command::new("cargo bench --")
        .about("Measures Rollcall beside the floors that nothing can be faster than")
        .override_usage("cargo bench -- [OPTIONS] [SECTION]...")
        .after_help(format!("Sections:\n{sections}"))
        .arg(
            Arg::new("section")
                .num_args(0..)
                .value_parser(SECTIONS.map(|(name, ..)| name))
                .help("Measure only these sections"),
        )
        .arg(
            Arg::new("quick")
                .long("quick")
                .action(ArgAction::SetTrue)
                .help("Measure one short round of each instead of three long ones"),
        )
        .arg(
            option(
                "folder",
                "DIR",
                "Where data is written: a folder on the disk to measure [default: in target]",
            )
            .value_parser(value_parser!(PathBuf)),
        )
        .arg(
            option("people", "NUMBER", "The people of the section day")
                .value_parser(value_parser!(u64))
                .default_value("1000"),
        )
        .arg(
            option("minutes", "NUMBER", "How long the section day lasts")
                .value_parser(value_parser!(u64))
                .default_value("60"),
        )
        .arg(
            option(
                "memory",
                "MB",
                "Give the server this much memory and one core; needs root and cgroups",
            )
            .value_parser(value_parser!(u64)),
        )
        .arg(
            option(
                "stores",
                "DIR",
                "Leave the stores of the section growth in this folder, and use them again",
            )
            .value_parser(value_parser!(PathBuf)),
        )
        .arg(
            option("json", "FILE", "Also write all figures to this file, as JSON").value_parser(value_parser!(PathBuf)),
        )
        // Cargo passes `--bench`, and this program passes the others to the processes of its floors.
        .arg(Arg::new("bench").long("bench").action(ArgAction::SetTrue).hide(true))
        .arg(
            Arg::new("serve-static")
                .long("serve-static")
                .value_parser(value_parser!(usize))
                .hide(true),
        )
        .arg(
            Arg::new("serve-broadcast")
                .long("serve-broadcast")
                .action(ArgAction::SetTrue)
                .hide(true),
        )
}

/// Prints a line at once, since the next figure may take long.
fn print(text: &str) {
    println!("{text}");
    let _ = std::io::stdout().flush();
}
