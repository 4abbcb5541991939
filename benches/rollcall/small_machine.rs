//! A small machine: the measured server gets little memory and one core.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::Outcome;

/// The control group of the server, in version 2 of cgroups and in version 1.
const GROUP: &str = "/sys/fs/cgroup/rollcall-bench";
const GROUP_V1: &str = "/sys/fs/cgroup/memory/rollcall-bench";

/// Puts a process into a group and on the first core, and then starts the program in it. The first argument is the file
/// with the processes of the group.
const START: &str = r#"echo $$ >"$0" && exec /usr/bin/taskset -c 0 "$@""#;

/// The file with the processes of the group.
static PROCESSES: OnceLock<PathBuf> = OnceLock::new();

/// Limits the memory of all servers that start from now on.
///
/// # Errors
/// The error of the system: it needs root, and the memory controller of cgroups.
pub fn limit(bytes: u64) -> Outcome {
    let is_v2 = Path::new("/sys/fs/cgroup/cgroup.controllers").exists();
    let (group, file) = if is_v2 {
        (Path::new(GROUP), "memory.max")
    } else {
        (Path::new(GROUP_V1), "memory.limit_in_bytes")
    };
    let failed = |cause| format!("{} cannot limit memory: {cause}", group.display());
    fs::create_dir_all(group).map_err(failed)?;
    fs::write(group.join(file), bytes.to_string()).map_err(failed)?;
    let _ = PROCESSES.set(group.join("cgroup.procs"));
    Ok(())
}

/// Returns the command that starts a program, within the limits if there are any.
pub fn command(program: &OsStr) -> Command {
    let Some(processes) = PROCESSES.get() else {
        return Command::new(program);
    };
    let mut command = Command::new("/bin/sh");
    command.args(["-c", START]).arg(processes).arg(program);
    command
}
