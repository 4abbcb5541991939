//! A folder in which the disk is mounted, and the binary on it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use tempfile::TempDir;

use super::{Disk, Mounted};
use crate::durability::load::store_pictures_as_sent;
use crate::support::Process;
use crate::support::process::{rollcall, run};
use crate::support::server::new_folder;

/// A folder with a place for the mount.
pub struct Place {
    home: Arc<TempDir>,
    mount: PathBuf,
}

impl Place {
    pub fn new() -> Self {
        let home = new_folder();
        let mount = home.path().join("mount");
        std::fs::create_dir(&mount).expect("a folder");
        Self { home, mount }
    }

    pub fn mount(&self, disk: Disk) -> Mounted {
        Mounted::mount(disk, &self.mount).expect("root and /dev/fuse")
    }

    /// Takes the disk out and puts it in again.
    pub fn mount_again(&self, mounted: Mounted) -> Mounted {
        self.mount(mounted.unmount())
    }

    /// The data folder on the disk.
    pub fn data(&self) -> PathBuf {
        self.mount.join("data")
    }

    /// Starts a server on the disk.
    pub fn start(&self) -> Process {
        self.start_with(|_| {})
    }

    /// The same with more arguments.
    pub fn start_with(&self, change: impl FnOnce(&mut Command)) -> Process {
        self.try_start_with(change)
            .unwrap_or_else(|words| panic!("the server does not start: {words}"))
    }

    /// The same, unless it ends without listening: then with what it said.
    pub fn try_start_with(&self, change: impl FnOnce(&mut Command)) -> Result<Process, String> {
        Process::try_start_in(Arc::clone(&self.home), |command| {
            on(&self.data(), command);
            store_pictures_as_sent(command);
            change(command);
        })
    }

    /// Runs a command on the disk to its end.
    pub fn run(&self, name: &str) -> Output {
        self.run_with(&[name])
    }

    /// The same with arguments. The working folder is not on the disk.
    pub fn run_with(&self, arguments: &[&str]) -> Output {
        let mut command = rollcall(self.home.path());
        command.args(arguments);
        on(&self.data(), &mut command);
        run(command, "")
    }

    /// Checks the store. `case` says in a failure when it was.
    pub fn assert_sound(&self, case: &str) {
        let output = self.run("check");
        assert!(output.status.success(), "{case}: {output:?}");
    }
}

fn on(data: &Path, command: &mut Command) {
    command.arg("--data-dir").arg(data);
}
