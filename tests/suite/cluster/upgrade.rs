//! Servers of two versions use a store side by side, until a command raises its format.

use std::ffi::OsString;
use std::process::{Command, Output, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::SharedStore;
use crate::support::etcd::Etcd;
use crate::support::process::{rollcall, run};
use crate::support::server::{PASSWORD, new_folder};
use crate::support::{Client, Process, eventually};

/// The variable with the path of an older version, for the test that needs one.
const OLDER_BINARY: &str = "ROLLCALL_TEST_OLDER_BINARY";

/// A store in an etcd of its own, as its values are stored.
struct Stored {
    etcd: Etcd,
    store: SharedStore,
}

impl Stored {
    fn new() -> Self {
        let etcd = Etcd::start();
        let store = SharedStore::in_etcd(&etcd);
        Self { etcd, store }
    }

    /// Returns a store that will have this format, because a server of that version has begun it.
    fn with_format(format: &str) -> Self {
        let stored = Self::new();
        stored.put("meta/format", format);
        stored
    }

    fn key(&self, rest: &str) -> String {
        format!("/rollcall/{}/{rest}", self.store.address.name)
    }

    fn put(&self, key: &str, value: &str) {
        self.etcd.control(&["put", &self.key(key), value]);
    }

    fn format(&self) -> String {
        let format = self
            .etcd
            .control(&["get", "--print-value-only", &self.key("meta/format")]);
        format.trim().to_owned()
    }

    /// Returns the version in which the record of a user is stored.
    fn version_of(&self, user: &str) -> u8 {
        let found = self
            .etcd
            .control(&["get", "-w", "json", &self.key(&format!("w/t/users/{user}"))]);
        let found: Value = serde_json::from_str(&found).expect("JSON");
        let value = found["kvs"][0]["value"].as_str().expect("a record");
        STANDARD.decode(value).expect("base64")[0]
    }

    /// Runs a command of the binary with this store.
    fn command(&self, name: &str) -> Output {
        let home = new_folder();
        let mut command = rollcall(home.path());
        command.env("ROLLCALL_STORE", self.store.address.to_string()).arg(name);
        run(command, "")
    }

    /// Runs `rollcall upgrade`. Returns what it prints; `Err` if it fails.
    fn upgrade(&self) -> Result<String, String> {
        let output = self.command("upgrade");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(text(&output.stderr))
        }
    }

    /// Returns what `rollcall doctor` says.
    fn doctor(&self) -> String {
        String::from_utf8_lossy(&self.command("doctor").stdout).into_owned()
    }
}

/// Creates a user with [`PASSWORD`]. Returns the id.
async fn create(admin: &Client, username: &str) -> String {
    let user = json!({
        "username": username, "name": username, "email": format!("{username}@example.com"), "password": PASSWORD,
    });
    let created = admin.post("users.create", &user).await.expect(200);
    created["user"]["_id"].as_str().expect("an id").to_owned()
}

async fn rename(admin: &Client, user: &str, name: &str) {
    let change = json!({"userId": user, "data": {"name": name}});
    admin.post("users.update", &change).await.expect(200);
}

async fn name_of(client: &Client, user: &str) -> String {
    let found = client.get(&format!("users.info?userId={user}")).await.expect(200);
    found["user"]["name"].as_str().expect("a name").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_older_format_is_written_until_the_command_raises_it() {
    let stored = Stored::with_format("1");
    // A version that announces nothing has only its marker.
    stored.put("w/p/older", "00000000");
    let (one, other) = (stored.store.process(), stored.store.process());
    let (admin, there) = (one.admin().await, other.admin().await);
    let ada = create(&admin, "ada").await;
    assert_eq!(stored.version_of(&ada), 5);
    other.anonymous().logged_in("ada", PASSWORD).await;
    rename(&there, &ada, "Ada Lovelace").await;
    assert_eq!(stored.version_of(&ada), 5);

    let refusal = stored.upgrade().expect_err("an older server");
    assert!(
        refusal.contains("servers of an older version use it (0.1.0 or older): upgrade them first"),
        "{refusal}"
    );
    assert_eq!(stored.format(), "1");
    let words = stored.doctor();
    assert!(words.contains("the store has format 1"), "{words}");
    assert!(words.contains("upgrade the other servers (0.1.0 or older)"), "{words}");

    stored.etcd.control(&["del", &stored.key("w/p/older")]);
    let words = stored.doctor();
    assert!(
        words.contains("all servers know the newer one: run `rollcall upgrade`"),
        "{words}"
    );
    let said = stored.upgrade().expect("all servers are new");
    assert!(
        said.contains("raised the format") && said.contains("from 1 to 2"),
        "{said}"
    );
    assert_eq!(stored.format(), "2");

    // A server has followed the raise when it has answered a write that came after it.
    for (server, name) in [(&admin, "Ada"), (&there, "Augusta")] {
        rename(server, &ada, "Countess").await;
        rename(server, &ada, name).await;
        assert_eq!(stored.version_of(&ada), 6, "{name}");
    }
    let grace = create(&admin, "grace").await;
    assert_eq!(stored.version_of(&grace), 6);
    other.anonymous().logged_in("grace", PASSWORD).await;
    one.anonymous().logged_in("ada", PASSWORD).await;
    assert_eq!(name_of(&admin, &ada).await, "Augusta");
    let said = stored.upgrade().expect("nothing to do");
    assert!(said.contains("has format 2 already"), "{said}");
    assert!(stored.doctor().contains("the store has format 2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_an_unknown_format_is_refused_with_what_to_do() {
    for (format, words) in [
        (
            "3",
            "has format 3, and this rollcall knows none after 2: run a newer version",
        ),
        (
            "0",
            "has format 0, and this rollcall writes none before 1: run the version between",
        ),
    ] {
        let stored = Stored::with_format(format);
        let refused = stored.store.try_process(|_| {}).err().expect("it does not start");
        assert!(refused.contains(words), "{refused}");
        let refused = stored.upgrade().expect_err("an unknown format");
        assert!(refused.contains(words), "{refused}");
        assert_eq!(stored.format(), format);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_ends_when_a_newer_version_raises_the_format() {
    let stored = Stored::with_format("2");
    let mut server = stored.store.process();
    stored.put("w/format", "3");
    let (status, log) = server.wait();
    assert!(!status.success(), "{log}");
    assert!(log.contains("run a newer version"), "{log}");
}

#[test]
fn the_command_is_only_for_a_store_in_a_cluster() {
    let home = new_folder();
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
    command.env_clear().current_dir(home.path()).arg("upgrade");
    let output = run(command, "");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && words.contains("is upgraded when a server starts"),
        "{words}"
    );
    let stored = Stored::new();
    let refused = stored.upgrade().expect_err("no store");
    assert!(refused.contains("there is no store of this name"), "{refused}");
}

/// Needs a binary of an older version that is built with etcd. With the one of commit 7fb2eed, format 1:
/// `ROLLCALL_TEST_OLDER_BINARY=… cargo test --features etcd --test suite -- --ignored a_released_version`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a binary of an older version"]
async fn a_released_version_and_this_one_share_a_store_while_one_is_upgraded() {
    let older_binary = std::env::var_os(OLDER_BINARY).expect("ROLLCALL_TEST_OLDER_BINARY names a binary");
    let stored = Stored::new();
    let older = || {
        stored
            .store
            .try_process(|command| replace_binary(command, &older_binary))
    };
    let first = older().expect("the older version starts");
    let second = older().expect("the older version starts");
    let admin = first.admin().await;
    let ada = create(&admin, "ada").await;
    // One is upgraded.
    stop(second);
    let upgraded = stored.store.process();
    let there = upgraded.admin().await;
    let grace = create(&there, "grace").await;
    for turn in 0..20 {
        let (older, newer) = (format!("older {turn}"), format!("newer {turn}"));
        rename(&admin, &grace, &older).await;
        eventually(async || name_of(&there, &grace).await == older).await;
        rename(&there, &ada, &newer).await;
        eventually(async || name_of(&admin, &ada).await == newer).await;
    }
    first.anonymous().logged_in("grace", PASSWORD).await;
    upgraded.anonymous().logged_in("ada", PASSWORD).await;
    let refusal = stored.upgrade().expect_err("an older server");
    assert!(refusal.contains("servers of an older version use it"), "{refusal}");
    // So is the other.
    stop(first);
    let other = stored.store.process();
    stored.upgrade().expect("all are upgraded");
    let refusal = older().err().expect("the older version does not start");
    assert!(refusal.contains("run a newer version"), "{refusal}");
    let admin = other.admin().await;
    assert_eq!(name_of(&admin, &ada).await, "newer 19");
    assert_eq!(name_of(&admin, &grace).await, "older 19");
}

/// Stops a server in good order.
fn stop(mut server: Process) {
    server.signal(libc::SIGTERM);
    let (status, log) = server.wait();
    assert!(status.success(), "{log}");
}

/// Lets a command run another binary, with the same arguments, variables and folder.
fn replace_binary(command: &mut Command, binary: &OsString) {
    let mut other = Command::new(binary);
    other.args(command.get_args()).env_clear();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            other.env(name, value);
        }
    }
    if let Some(folder) = command.get_current_dir() {
        other.current_dir(folder);
    }
    other.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    *command = other;
}
