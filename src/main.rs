//! The `rollcall` binary.

use std::process::ExitCode;

/// jemalloc gives memory back to the system some seconds after a flood of requests. The allocator of glibc keeps it: see
/// `ARCHITECTURE.md`, "Memory".
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    match rollcall::cli::run(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
