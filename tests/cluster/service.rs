//! One server, and the manager that starts it again whenever it has ended.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::etcd_node::{signal, spawn};

/// Runs a command until it ends or until standard input ends, which is when the process of the test ends. Prints the id of
/// its process.
const SCRIPT: &str = r#"exec 3<&0
"$@" </dev/null 3<&- >>"$LOG" 2>&1 &
process=$!
echo $process
( read -r _ <&3; kill -9 $process ) >/dev/null 2>&1 &
reader=$!
wait $process
status=$?
kill $reader 2>/dev/null
exit $status"#;

/// The pause of the manager before it starts a server again.
const PAUSE: Duration = Duration::from_millis(200);

/// A server that is started again whenever it has ended. Dropping it kills it.
pub struct Service {
    pub address: SocketAddr,
    state: Arc<ServiceState>,
    manager: JoinHandle<()>,
}

struct ServiceState {
    words: Vec<String>,
    variables: Vec<(String, String)>,
    /// The variables from the next start on, beside the others.
    further: Mutex<Vec<(String, String)>>,
    folder: TempDir,
    process: AtomicU32,
    starts: AtomicUsize,
}

impl ServiceState {
    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

impl Service {
    /// Starts the server with these variables.
    pub fn start(address: SocketAddr, variables: Vec<(String, String)>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let binary = env!("CARGO_BIN_EXE_rollcall");
        let (listen, data) = (address.to_string(), folder.path().join("data"));
        let words = [binary, "serve", "--listen", &listen, "--data-dir"].map(str::to_owned);
        let state = Arc::new(ServiceState {
            words: words.into_iter().chain([data.display().to_string()]).collect(),
            variables,
            further: Mutex::default(),
            folder,
            process: AtomicU32::new(0),
            starts: AtomicUsize::new(0),
        });
        Self {
            address,
            manager: tokio::spawn(manage(Arc::clone(&state))),
            state,
        }
    }

    /// Kills the process by SIGKILL. The manager starts it again.
    pub fn kill(&self) {
        self.signal(libc::SIGKILL);
    }

    /// Stops the process by SIGSTOP.
    pub fn stop(&self) {
        self.signal(libc::SIGSTOP);
    }

    /// Lets a stopped process go on.
    pub fn go_on(&self) {
        self.signal(libc::SIGCONT);
    }

    /// Sets variables from the next start on.
    pub fn set_variables(&self, variables: Vec<(String, String)>) {
        *self.state.further.lock().unwrap_or_else(PoisonError::into_inner) = variables;
    }

    /// Returns how often the process was started.
    pub fn starts(&self) -> usize {
        self.state.starts.load(Ordering::Acquire)
    }

    /// Returns the last lines of the log that are not about requests.
    fn log_tail(&self) -> String {
        let log = fs::read_to_string(self.state.log()).unwrap_or_default();
        let is_news = |line: &&str| !line.contains(" INFO request ");
        let lines: Vec<_> = log.lines().rev().filter(is_news).take(30).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    /// Returns the lines of the log with an error that is not of a request.
    pub fn errors(&self) -> Vec<String> {
        let log = fs::read_to_string(self.state.log()).unwrap_or_default();
        let is_of_request = |line: &str| line.contains("a request failed");
        let is_error = |line: &&str| (line.contains("ERROR") && !is_of_request(line)) || line.contains("panicked");
        log.lines().filter(is_error).map(str::to_owned).collect()
    }

    fn signal(&self, number: i32) {
        let process = self.state.process.load(Ordering::Acquire);
        assert_ne!(process, 0, "the server was started");
        signal(process, number);
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // The reason for an end may be older than the last lines.
            let errors = self.errors().join("\n");
            println!("server {}:\n{}\nits errors:\n{errors}", self.address, self.log_tail());
        }
        // The script kills the server when its standard input ends.
        self.manager.abort();
    }
}

async fn manage(state: Arc<ServiceState>) {
    loop {
        let mut variables = state.variables.clone();
        let further = state.further.lock().unwrap_or_else(PoisonError::into_inner).clone();
        variables.extend(further);
        let (mut script, process) = spawn(SCRIPT, &state.log(), &state.words, &variables).await;
        state.process.store(process, Ordering::Release);
        state.starts.fetch_add(1, Ordering::AcqRel);
        // Standard input stays open while the process is waited for.
        let input = script.stdin.take();
        script.wait().await.expect("the script ends");
        drop(input);
        sleep(PAUSE).await;
    }
}
