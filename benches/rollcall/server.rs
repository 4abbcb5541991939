//! Servers in their own processes: the real binary, and the floor.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Outcome;
use crate::driver::{self, Request};
use crate::machine::{self, Memory};
use crate::small_machine;

/// The administrator of every store in the bench.
pub const USERNAME: &str = "admin";
pub const PASSWORD: &str = "correct horse";

/// The password of the users whose logins are measured. It satisfies the password policy.
const USERS_PASSWORD: &str = "correct horse battery staple";

/// The time limit for a server to become idle.
const SETTLED: Duration = Duration::from_mins(1);

/// The time limit for a server to stop.
const ENDED: Duration = Duration::from_mins(1);

/// The variable that selects another binary, to compare two versions.
const BINARY: &str = "ROLLCALL_BENCH_BINARY";

/// The argument that starts the floor's server; see [`crate::floors::serve_static`].
pub const STATIC: &str = "--serve-static";

/// The argument that starts the server of [`crate::broadcast`].
pub const BROADCAST: &str = "--serve-broadcast";

/// Settings that limit the sockets of one address. In the bench, all clients are on this machine.
const FROM_ONE_ADDRESS: [&str; 3] = [
    "Max_Connections_Per_Address",
    "Presence_Max_Connections_Per_Address",
    "Presence_Max_Anonymous_Connections_Per_Address",
];

/// A running server. Dropping this ends it.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    /// The time from its start until it printed its address.
    pub started_in: Duration,
}

impl Server {
    /// Starts the real binary on this data folder, with its defaults. Its log goes to `/dev/null`.
    pub fn rollcall(data: &Path) -> Outcome<Self> {
        Self::rollcall_with(data, &[])
    }

    /// Starts the real binary without limits on the rate of calls.
    pub fn unlimited(data: &Path) -> Outcome<Self> {
        Self::rollcall_with(data, &["--set", "API_Enable_Rate_Limiter=false"])
    }

    /// Starts the real binary without limits on the rate of calls, with its store in a cluster.
    #[cfg(feature = "etcd")]
    pub fn in_cluster(data: &Path, store: &str, key: &Path) -> Outcome<Self> {
        let key = key.to_str().ok_or("a path in UTF-8")?;
        let arguments = [
            "--set",
            "API_Enable_Rate_Limiter=false",
            "--store",
            store,
            "--secret-key-file",
            key,
        ];
        Self::rollcall_with(data, &arguments)
    }

    /// Returns the path of the real binary.
    pub fn binary() -> OsString {
        std::env::var_os(BINARY).unwrap_or_else(|| env!("CARGO_BIN_EXE_rollcall").into())
    }

    fn rollcall_with(data: &Path, arguments: &[&str]) -> Outcome<Self> {
        let mut command = small_machine::command(&Self::binary());
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(data)
            .args(FROM_ONE_ADDRESS.map(|setting| format!("--set={setting}=1000000")))
            .args(arguments)
            .env_clear()
            .env("ROLLCALL_TRUSTED_PROXIES", "127.0.0.0/8")
            // A store that was just filled is due for a compaction, which takes several times as long as the start.
            .env("ROLLCALL_COMPACT_AT_START", "never")
            .env("ROLLCALL_ADMIN_USERNAME", USERNAME)
            .env("ROLLCALL_ADMIN_PASSWORD", PASSWORD);
        Self::start(command)
    }

    /// Starts a server that always sends the same response with a body of this length.
    pub fn fixed(length: usize) -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args([STATIC, &length.to_string()]);
        Self::start(command)
    }

    /// Starts a server that writes each change to all its sockets, and does nothing else.
    pub fn broadcast() -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(BROADCAST);
        Self::start(command)
    }

    fn start(mut command: Command) -> Outcome<Self> {
        let began = Instant::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut stdout = BufReader::new(child.stdout.take().ok_or("a process without standard output")?);
        let mut line = String::new();
        stdout.read_line(&mut line)?;
        let started_in = began.elapsed();
        let Some(address) = line.trim().strip_prefix("listening on http://") else {
            let _ = child.kill();
            return Err(format!("the server does not start: {line:?}, {}", child.wait()?).into());
        };
        Ok(Self {
            address: address.parse()?,
            child,
            started_in,
        })
    }

    pub fn process(&self) -> u32 {
        self.child.id()
    }

    pub fn memory(&self) -> Outcome<Memory> {
        machine::memory(self.process())
    }

    /// Returns its memory, once its memory and processor time have not changed for two seconds.
    pub async fn settled(&self) -> Outcome<Memory> {
        const LOOK: Duration = Duration::from_millis(500);
        const LOOKS: u32 = 4;
        let look = || -> Outcome<_> { Ok((self.memory()?, machine::processor_time(self.process())?)) };
        let (began, mut last, mut alike) = (Instant::now(), look()?, 0);
        while alike < LOOKS {
            if began.elapsed() > SETTLED {
                return Err(format!("the server has not settled after {} s", SETTLED.as_secs()).into());
            }
            tokio::time::sleep(LOOK).await;
            let now = look()?;
            let memory = now.0.resident.abs_diff(last.0.resident);
            let is_alike = memory < last.0.resident / 200 && now.1.saturating_sub(last.1) < LOOK / 20;
            alike = if is_alike { alike + 1 } else { 0 };
            last = now;
        }
        Ok(last.0)
    }

    fn login_of(username: &str) -> Request {
        let body = format!(r#"{{"user":"{username}","password":"{PASSWORD}"}}"#);
        Request::post("/api/v1/login", "", &body)
    }

    /// Creates this many users, and returns a login request of each one, with its own address, because one user and
    /// one address may only have few logins at a time.
    pub fn logins(&self, users: usize) -> Outcome<Vec<Request>> {
        let credentials = self.credentials()?;
        let login = |number: usize| {
            let username = format!("login{number}");
            let user = format!(
                r#"{{"username":"{username}","name":"{username}","email":"{username}@example.com","password":"{USERS_PASSWORD}"}}"#
            );
            driver::ask(self, &Request::post("/api/v1/users.create", &credentials, &user))?;
            let address = format!("X-Forwarded-For: 198.51.100.{}\r\n", number + 1);
            let body = format!(r#"{{"user":"{username}","password":"{USERS_PASSWORD}"}}"#);
            Ok(Request::post("/api/v1/login", &address, &body))
        };
        (0..users).map(login).collect()
    }

    /// Logs the administrator in, and returns the headers.
    pub fn credentials(&self) -> Outcome<String> {
        self.credentials_of(USERNAME)
    }

    /// Logs in a user with the administrator's password, and returns the headers.
    pub fn credentials_of(&self, username: &str) -> Outcome<String> {
        let login = Self::login_of(username);
        let answer: Value = serde_json::from_slice(&driver::ask(self, &login)?)?;
        let text = |name: &str| {
            let value = answer["data"][name].as_str();
            value.ok_or_else(|| format!("a login without {name}"))
        };
        let (user, token) = (text("userId")?, text("authToken")?);
        Ok(format!("X-User-Id: {user}\r\nX-Auth-Token: {token}\r\n"))
    }

    /// Kills the server with SIGKILL.
    pub fn kill(mut self) -> Outcome {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Stops the server with SIGTERM and waits for its end.
    pub fn stop(mut self) -> Outcome {
        let id = self.process().to_string();
        Command::new("kill").args(["-TERM", &id]).status()?;
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            if began.elapsed() > ENDED {
                return Err(format!("the server has not ended after {} s", ENDED.as_secs()).into());
            }
            thread::sleep(Duration::from_millis(1));
        };
        if status.success() {
            Ok(())
        } else {
            Err(format!("the server ended with {status}").into())
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
