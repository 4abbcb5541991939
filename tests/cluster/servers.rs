//! Three servers over one store, with one key.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

use crate::caller::{HttpCaller, PASSWORD, Reply};
use crate::etcd_nodes::{EtcdNodes, free_port};
use crate::service::Service;
use crate::waiting::{until, until_true};

/// The name of the administrator.
const ADMIN: &str = "admin";

/// The name of the store in etcd.
pub const STORE: &str = "faults";

/// Three servers.
pub struct Servers {
    pub services: Vec<Service>,
    /// The administrator at each server, with one token.
    pub admins: Vec<HttpCaller>,
    /// The address of the store.
    store: String,
    home: TempDir,
}

impl Servers {
    /// Starts three servers over these nodes.
    pub async fn start(nodes: &EtcdNodes) -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        let key = home.path().join("secret.key");
        fs::write(&key, "5e".repeat(32)).expect("a file");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("a mode");
        let variables = [
            ("ROLLCALL_ADMIN_USERNAME", ADMIN.to_owned()),
            ("ROLLCALL_ADMIN_PASSWORD", PASSWORD.to_owned()),
            ("ROLLCALL_SECRET_KEY_FILE", key.display().to_string()),
            ("OVERWRITE_SETTING_API_Enable_Rate_Limiter", "false".to_owned()),
        ];
        let variables: Vec<_> = variables.map(|(name, value)| (name.to_owned(), value)).into();
        let mut services = Vec::new();
        for number in 0..3 {
            let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
            // Each server begins at another node.
            let store = format!("etcd://{}/{STORE}", nodes.clients_from(number));
            let own = variables.iter().cloned().chain([("ROLLCALL_STORE".to_owned(), store)]);
            services.push(Service::start(address, own.collect()));
            // The first one makes the administrator.
            let visitor = HttpCaller::new(number, address);
            until_true("a server that is ready", async || visitor.is_ready().await).await;
        }
        let visitor = HttpCaller::new(0, services[0].address);
        let admin = until("a login", async || visitor.clone().logged_in(ADMIN).await).await;
        let admins = services.iter().enumerate();
        Self {
            admins: admins
                .map(|(number, service)| admin.at(number, service.address))
                .collect(),
            services,
            store: format!("etcd://{}/{STORE}", nodes.clients()),
            home,
        }
    }

    /// Returns the administrator at a server, with a token of their own.
    pub async fn new_login(&self, server: usize) -> HttpCaller {
        let visitor = HttpCaller::new(server, self.services[server].address);
        until("a login", async || visitor.clone().logged_in(ADMIN).await).await
    }

    /// Creates a user, and returns them logged in at a server.
    pub async fn new_user(&self, name: &str, server: usize) -> HttpCaller {
        let body = json!({
            "username": name, "name": name, "email": format!("{name}@example.com"), "password": PASSWORD,
        });
        let reply = self.admins[server].post("users.create", &body).await;
        assert!(matches!(reply, Reply::Done(_)), "{name}: {reply:?}");
        let visitor = HttpCaller::new(server, self.services[server].address);
        until("a login", async || visitor.clone().logged_in(name).await).await
    }

    /// Waits until all servers take requests.
    pub async fn until_ready(&self) {
        for admin in &self.admins {
            until_true("a server that is ready", async || admin.is_ready().await).await;
        }
    }

    /// Verifies every record of the store, beside the servers.
    ///
    /// # Panics
    /// If something is wrong.
    pub async fn check_store(&self) {
        let output = Command::new(env!("CARGO_BIN_EXE_rollcall"))
            .args(["check", "--data-dir"])
            .arg(self.home.path().join("check"))
            .env("ROLLCALL_STORE", &self.store)
            .output()
            .await
            .expect("the binary runs");
        assert!(output.status.success(), "{output:?}");
    }

    /// Returns how often the servers were started, all together.
    pub fn starts(&self) -> usize {
        self.services.iter().map(Service::starts).sum()
    }
}
