//! Messages of the server to the service manager that started it (`sd_notify(3)`): its state, a sentence, and that it works.
//! Without the variable `NOTIFY_SOCKET`, the server sends none.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tracing::warn;

use crate::server::LivenessProbe;

/// The variable with the path of the service manager's socket.
const SOCKET: &str = "NOTIFY_SOCKET";

/// Maximum messages that wait for a service manager that does not read. Further ones are dropped.
const WAITING: usize = 16;

/// The pause between two messages about a start that goes on.
const START_PAUSE: Duration = Duration::from_secs(10);

/// The time that a start may take after each of these messages. A large store is read, upgraded or compacted for minutes.
const START_EXTENSION: Duration = Duration::from_mins(2);

/// The time that a stop may take beyond the one for requests in flight.
const STOP_EXTENSION: Duration = Duration::from_mins(1);

/// The maximum pause between two proofs.
const PROOF_PAUSE: Duration = Duration::from_secs(10);

/// The minimum pause between two proofs, whatever the service manager demands.
const MIN_PROOF_PAUSE: Duration = Duration::from_millis(10);

/// The time in which the last messages are sent before the process ends.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// One message to the service manager.
enum Message {
    /// The start goes on.
    Starting,
    /// The server takes requests, or has read its configuration again.
    Ready,
    /// The server works.
    Alive,
    /// A sentence for people.
    Status(String),
    /// The server reads its configuration again.
    Reloading,
    /// The server stops within this time.
    Stopping(Duration),
    /// All earlier messages were sent.
    Sent(SyncSender<()>),
}

/// A handle of the thread that sends the messages. A service manager that does not read must not delay the server.
#[derive(Clone)]
pub(super) struct ServiceManager {
    messages: Option<SyncSender<Message>>,
    /// The time after which the service manager restarts a server without a proof.
    watchdog: Option<Duration>,
}

impl ServiceManager {
    /// Starts the thread, if a service manager waits for messages.
    pub(super) fn connect() -> Self {
        let messages = std::env::var_os(SOCKET).and_then(|_| {
            let (messages, waiting) = sync_channel(WAITING);
            let thread = thread::Builder::new().name("service-manager".into());
            let started = thread.spawn(move || send_all(&waiting));
            let warned = started.inspect_err(|error| warn!(%error, "the service manager gets no messages"));
            warned.ok().map(|_| messages)
        });
        Self {
            messages,
            watchdog: sd_notify::watchdog_enabled().filter(|time| !time.is_zero()),
        }
    }

    /// Asks for more time again and again, for as long as the server starts.
    pub(super) async fn wait_for_start(&self) -> ! {
        loop {
            self.send(Message::Starting);
            tokio::time::sleep(START_PAUSE).await;
        }
    }

    /// Reports the server as ready with its first proof, and then each further proof and each change of its condition, until
    /// the server stops. `status` is the sentence while nothing is wrong.
    pub(super) fn attend(&self, probe: LivenessProbe, status: String) -> Option<JoinHandle<()>> {
        self.messages.as_ref()?;
        let manager = self.clone();
        Some(tokio::spawn(async move {
            if probe.prove().await {
                manager.send(Message::Ready);
                // A disk that answers slowly delays the condition, and must not delay a proof.
                tokio::join!(manager.report_proofs(&probe), manager.report_condition(&probe, &status));
            }
        }))
    }

    async fn report_proofs(&self, probe: &LivenessProbe) {
        if self.watchdog.is_none() {
            return;
        }
        while probe.prove().await {
            self.send(Message::Alive);
            if self.pause_or_stop(probe).await {
                return;
            }
        }
    }

    async fn report_condition(&self, probe: &LivenessProbe, status: &str) {
        let mut last = "";
        loop {
            let now = probe.complaint().await.unwrap_or(status);
            if now != last {
                self.send(Message::Status(now.to_owned()));
                last = now;
            }
            if self.pause_or_stop(probe).await {
                return;
            }
        }
    }

    /// Waits for the pause between two proofs. Returns `true` as soon as the server stops.
    async fn pause_or_stop(&self, probe: &LivenessProbe) -> bool {
        let half = self.watchdog.map_or(PROOF_PAUSE, |time| time / 2);
        let pause = half.clamp(MIN_PROOF_PAUSE, PROOF_PAUSE);
        timeout(pause, probe.stopping()).await.is_ok()
    }

    /// Reports that the server reads its configuration again. [`Self::reloaded`] must follow.
    pub(super) fn reloading(&self) {
        self.send(Message::Reloading);
    }

    /// Reports that the server has read its configuration again.
    pub(super) fn reloaded(&self) {
        self.send(Message::Ready);
    }

    /// Reports that the server stops, with `stop_time` for requests in flight.
    pub(super) fn stopping(&self, stop_time: Duration) {
        self.send(Message::Stopping(stop_time));
    }

    /// Waits until all messages are sent, for a second at most.
    pub(super) fn finish(&self) {
        let (sent, all_sent) = sync_channel(1);
        self.send(Message::Sent(sent));
        // If the messages cannot be sent in time, the process ends without them.
        let _ = all_sent.recv_timeout(LAST_WORDS);
    }

    fn send(&self, message: Message) {
        if let Some(messages) = &self.messages {
            // If the service manager does not read, further messages are of no use.
            let _ = messages.try_send(message);
        }
    }
}

/// Sends messages until all senders are gone.
fn send_all(waiting: &Receiver<Message>) {
    let mut has_warned = false;
    for message in waiting {
        match send(message) {
            Err(error) if !has_warned => {
                warn!(%error, "the service manager cannot be reached at $NOTIFY_SOCKET");
                has_warned = true;
            }
            Ok(()) | Err(_) => {}
        }
    }
}

/// Sends one message. Waits for as long as the service manager does not read.
fn send(message: Message) -> io::Result<()> {
    match message {
        Message::Starting => sd_notify::notify(&[
            NotifyState::Status("opens the store"),
            NotifyState::ExtendTimeoutUsec(micros(START_EXTENSION)),
        ]),
        Message::Ready => sd_notify::notify(&[NotifyState::Ready]),
        Message::Alive => sd_notify::notify(&[NotifyState::Watchdog]),
        Message::Status(sentence) => sd_notify::notify(&[NotifyState::Status(&sentence)]),
        Message::Reloading => sd_notify::notify(&[NotifyState::Reloading, NotifyState::monotonic_usec_now()?]),
        Message::Stopping(stop_time) => sd_notify::notify(&[
            NotifyState::Stopping,
            NotifyState::Status("stops: no new connections"),
            NotifyState::ExtendTimeoutUsec(micros(stop_time + STOP_EXTENSION)),
        ]),
        Message::Sent(sent) => {
            // `finish` may have given up.
            let _ = sent.send(());
            Ok(())
        }
    }
}

fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}
