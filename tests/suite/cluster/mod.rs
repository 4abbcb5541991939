//! Several servers over one store in a cluster. These tests need etcd, whichever store the others have.

mod faults;
mod following;
mod limits;
mod moving;
mod presence;
mod security;
mod upgrade;
mod writes;

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use rollcall::app::Overrides;
use rollcall::config::ClusterAddress;
use rollcall::store::Store;
use tempfile::TempDir;

use crate::support::etcd::{Etcd, shared_etcd};
use crate::support::server::{ADMIN, create_user, new_folder, new_user};
use crate::support::store::problems_of;
use crate::support::tls::write_key;
use crate::support::{Process, TestServer};

/// A store in a cluster, and the folder with the key that all servers share.
pub struct SharedStore {
    pub address: ClusterAddress,
    home: Arc<TempDir>,
}

impl SharedStore {
    /// Returns a new store in the etcd of the run.
    pub fn new() -> Self {
        Self::in_etcd(shared_etcd())
    }

    /// Returns a new store in this etcd.
    pub fn in_etcd(etcd: &Etcd) -> Self {
        let home = new_folder();
        let data = home.path().join("data");
        DirBuilder::new().mode(0o700).create(&data).expect("a folder");
        write_key(&data.join("secret.key"), &"5e".repeat(32));
        Self {
            address: etcd.store_of(home.path()),
            home,
        }
    }

    /// Starts a server with the users of all tests. It has to be the first one.
    pub async fn first(&self) -> TestServer {
        let server = TestServer::open(Arc::clone(&self.home), |options| {
            options.administrator = Some(new_user(ADMIN));
            options.fixed.cluster = Some(self.address.clone());
        })
        .await;
        server.command(create_user("ada")).await;
        server
    }

    /// Starts a further server.
    pub async fn further(&self) -> TestServer {
        TestServer::open(new_folder(), |options| {
            options.fixed.cluster = Some(self.address.clone());
            options.fixed.secret_key_file = Some(self.key());
        })
        .await
    }

    /// Verifies the store. Returns the problems.
    pub fn problems(&self) -> Vec<String> {
        problems_of(self.home.path(), Some(&self.address))
    }

    /// Returns the path of the key that all servers share.
    fn key(&self) -> PathBuf {
        self.home.path().join("data/secret.key")
    }

    /// Starts a process that serves the store, with an administrator [`ADMIN`] if it is the first one.
    pub fn process(&self) -> Process {
        self.try_process(|_| {}).expect("it starts")
    }

    /// Starts such a process, after `change` has changed the command; if it ends before it listens, returns its output.
    pub fn try_process(&self, change: impl FnOnce(&mut Command)) -> Result<Process, String> {
        Process::try_start_in(new_folder(), |command| {
            command.env("ROLLCALL_STORE", self.address.to_string());
            command.env("ROLLCALL_SECRET_KEY_FILE", self.key());
            change(command);
        })
    }

    /// Opens the store as a process without a server.
    pub fn open(&self, folder: &TempDir) -> Store {
        let upgrade = Overrides::default().upgrade;
        Store::open_with(&folder.path().join("data"), Some(&self.address), &upgrade).expect("a store")
    }
}
