//! The command `rollcall completions`.

use clap::CommandFactory;
use clap_complete::Shell;

use super::args::Arguments;
use super::{Failure, output};

pub(super) fn run(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "rollcall", &mut script);
    output::write(String::from_utf8_lossy(&script).trim_end())
}
