//! `rollcall completions`.

use clap::ArgMatches;
use clap_complete::Shell;

use super::{Failure, args, output};

pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let shell = matches.get_one::<Shell>("shell").copied();
    let shell = shell.ok_or_else(|| Failure::usage("name a shell"))?;
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut args::command(), "rollcall", &mut script);
    output::write(String::from_utf8_lossy(&script).trim_end())
}
