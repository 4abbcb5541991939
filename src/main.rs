//! The `rollcall` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    match rollcall::cli::run(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
