//! A server in the test's process, on a free port, with its own store and a clock that tests set.

use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use rollcall::admin_socket::{self, Command, CommandAnswer as LocalAnswer};
use rollcall::app::Clock;
use rollcall::auth::password::{HashCost, Passwords};
use rollcall::clock::SetClock;
use rollcall::domain::{SettingId, SettingValue};
use rollcall::http::Limits;
use rollcall::observe::LogMeter;
use rollcall::ops::users::{NewUser, NewUserTexts};
use rollcall::realtime::Timing;
use rollcall::server::{EndedTask, Options, Server};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::Client;
use super::store::overrides;

/// The time at which every test begins: 2023-11-04T11:44:23.366Z, from the example of the contract.
pub const BEGINNING: i64 = 1_699_098_263_366;

pub const ADMIN: &str = "admin";
pub const USER: &str = "ada";
pub const PASSWORD: &str = "correct horse";

/// The SHA-256 of [`PASSWORD`], as `printf 'correct horse' | sha256sum` prints it.
pub const PASSWORD_DIGEST: &str = "4104d36f8da2c254349f85836793ebe029e0c957063a34c91c2e9203187b5631";

pub const MINUTE: i64 = 60_000;
pub const DAY: i64 = 86_400_000;

pub struct TestServer {
    pub address: SocketAddr,
    pub metrics_address: Option<SocketAddr>,
    pub setup_link: Option<String>,
    pub folder: Arc<TempDir>,
    now: Arc<SetClock>,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<(), EndedTask>>,
}

impl TestServer {
    /// Starts a server with an administrator [`ADMIN`] and a user [`USER`].
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Starts a server with both users, after `change` has changed the options.
    pub async fn start_with(change: impl FnOnce(&mut Options)) -> Self {
        let server = Self::open(new_folder(), |options| {
            options.administrator = Some(new_user(ADMIN));
            change(options);
        })
        .await;
        server.command(create_user(USER)).await;
        server
    }

    /// Starts a server with an empty folder.
    pub async fn empty() -> Self {
        Self::open(new_folder(), |_| {}).await
    }

    /// Starts a server with this folder, after `change` has changed the options.
    pub async fn open(folder: Arc<TempDir>, change: impl FnOnce(&mut Options)) -> Self {
        let now = SetClock::at(BEGINNING);
        let mut options = Options {
            clock: Clock::set_by(Arc::clone(&now)),
            ..Self::options(&folder)
        };
        change(&mut options);
        let server = Server::start(options).await.expect("the server starts");
        let (stop, stopped) = oneshot::channel::<()>();
        Self {
            address: server
                .addresses()
                .iter()
                .find_map(|(address, _)| address.tcp())
                .expect("an address"),
            metrics_address: server.metrics_addresses().iter().find_map(|(address, _)| address.tcp()),
            setup_link: server.setup_link().map(str::to_owned),
            folder,
            now,
            stop,
            running: tokio::spawn(server.run(async {
                let _ = stopped.await;
            })),
        }
    }

    /// Returns the default options of a server with this folder.
    pub fn options(folder: &TempDir) -> Options {
        Options {
            listen: vec!["127.0.0.1:0".parse().expect("an address")],
            inherited: Vec::new(),
            metrics_listen: Vec::new(),
            log: LogMeter::default(),
            tls: None,
            redirect: Vec::new(),
            data_dir: folder.path().join("data"),
            fixed: overrides(&folder.path().join("data")),
            limits: Limits::default(),
            timing: Timing::default(),
            // Most of the time of these tests would otherwise go into hashes.
            passwords: Passwords::default().with_cost(HashCost::Lowest),
            administrator: None,
            clock: Clock::system(),
        }
    }

    /// Moves the clock forward by this many milliseconds.
    pub fn pass(&self, millis: i64) {
        self.now.pass(millis);
    }

    /// Sets the clock back by this many milliseconds.
    pub fn set_back(&self, millis: i64) {
        self.now.set_back(millis);
    }

    /// Stops the server in order and returns its folder.
    pub async fn stop(self) -> Arc<TempDir> {
        let _ = self.stop.send(());
        let ended = self.running.await.expect("the server ends without a panic");
        ended.expect("no task of the server ends by itself");
        self.folder
    }

    /// Runs a command as the operator.
    pub async fn command(&self, command: Command) -> LocalAnswer {
        admin_socket::run(&self.data_dir(), overrides(&self.data_dir()), command)
            .await
            .expect("the command is carried out")
    }

    pub fn data_dir(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// Returns a client without a login.
    pub fn anonymous(&self) -> Client {
        Client::new(self.address)
    }

    /// Returns a client that is logged in as administrator.
    pub async fn admin(&self) -> Client {
        self.anonymous().logged_in(ADMIN, PASSWORD).await
    }

    /// Returns a client that is logged in with this username and [`PASSWORD`].
    pub async fn logged_in(&self, username: &str) -> Client {
        self.anonymous().logged_in(username, PASSWORD).await
    }

    /// Returns a client that is logged in as a user without permissions.
    pub async fn user(&self) -> Client {
        self.anonymous().logged_in(USER, PASSWORD).await
    }
}

pub fn new_folder() -> Arc<TempDir> {
    Arc::new(tempfile::tempdir().expect("a temporary folder"))
}

pub fn new_user(username: &str) -> NewUser {
    let texts = NewUserTexts {
        username,
        email: Some(&format!("{username}@example.com")),
        name: None,
        password: PASSWORD,
        roles: &[],
    };
    NewUser::parse(texts).expect("a user")
}

/// Fixes settings of a server before its start.
pub fn fix(options: &mut Options, settings: &[(SettingId, SettingValue)]) {
    for (id, value) in settings {
        options.fixed.settings.insert(*id, (value.clone(), "the test".into()));
    }
}

/// Returns the setting that lets everyone register.
pub fn open_registration() -> (SettingId, SettingValue) {
    (SettingId::RegistrationForm, SettingValue::Text("Public".into()))
}

/// The setting that turns rate limits off.
pub const UNLIMITED: (SettingId, SettingValue) = (SettingId::RateLimiterEnabled, SettingValue::Flag(false));

pub fn create_user(username: &str) -> Command {
    Command::CreateUser {
        username: username.into(),
        email: Some(format!("{username}@example.com")),
        name: None,
        password: PASSWORD.into(),
        roles: Vec::new(),
    }
}

/// Copies a folder with all its files except sockets.
pub fn copy(from: &Path, to: &Path) {
    // With any umask: the server refuses a folder that others may write to.
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(to)
        .expect("a folder");
    for entry in from.read_dir().expect("a folder").map(|entry| entry.expect("an entry")) {
        let kind = entry.file_type().expect("a kind");
        let target = to.join(entry.file_name());
        if kind.is_dir() {
            copy(&entry.path(), &target);
        } else if kind.is_file() {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
