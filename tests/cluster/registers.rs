//! Registers that the callers of one server write and read: there, a read returns what was written last.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::caller::{HttpCaller, Reply};
use crate::dice::Dice;
use crate::history::Recording;
use crate::rotation::Wearing;
use crate::settled::ListedByName;
use crate::specification::{INITIAL, RegisterOperation, RegisterRules};

/// The calls after which a register is not used any more.
const MAX_CALLS: usize = 24;

/// A status whose duration is the value, and the calls that wrote and read it.
pub struct HomeRegister {
    name: String,
    /// The id and name of the status, once created.
    status: OnceCell<(String, String)>,
    recording: Recording<RegisterOperation>,
    last: AtomicU32,
}

impl Wearing for HomeRegister {
    fn is_worn(&self) -> bool {
        self.recording.is_worn(MAX_CALLS)
    }
}

impl HomeRegister {
    /// Returns a register with this unique name.
    pub fn new(name: String) -> Self {
        Self {
            name,
            status: OnceCell::new(),
            recording: Recording::default(),
            last: AtomicU32::new(INITIAL),
        }
    }

    /// Writes or reads once. A read returns no reply.
    pub async fn use_once(&self, caller: &HttpCaller, dice: &mut Dice) -> Option<Reply> {
        let (id, name) = match self.status.get_or_try_init(|| self.create(caller)).await {
            Ok(status) => status,
            Err(reply) => return Some(reply),
        };
        if dice.below(2) == 0 {
            self.read(caller, id).await;
            return None;
        }
        Some(self.write(caller, id, name).await)
    }

    async fn create(&self, caller: &HttpCaller) -> Result<(String, String), Reply> {
        // After a try of unknown outcome, its name may be taken.
        let try_number = self.last.fetch_add(1, Ordering::Relaxed);
        let name = format!("{} try {try_number}", self.name);
        let body = json!({"name": name, "statusType": "busy", "durationMinutes": INITIAL});
        match caller.post("custom-user-status.create", &body).await {
            Reply::Done(body) => Ok((
                body["customUserStatus"]["_id"].as_str().expect("an id").to_owned(),
                name,
            )),
            other => Err(other),
        }
    }

    async fn read(&self, caller: &HttpCaller, id: &str) {
        let call = self.recording.begin(RegisterOperation::Read(0));
        let path = format!("custom-user-status.list?_id={id}");
        let value = |body: &Value| body["statuses"][0]["durationMinutes"].as_u64();
        match caller.get(&path).await {
            Some(body) => {
                // A status that is missing has no value that was written.
                let value = value(&body).unwrap_or_default();
                let value = u32::try_from(value).expect("a small number");
                self.recording.done(call, RegisterOperation::Read(value));
            }
            None => self.recording.refused(call),
        }
    }

    async fn write(&self, caller: &HttpCaller, id: &str, name: &str) -> Reply {
        let value = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let call = self.recording.begin(RegisterOperation::Wrote(value));
        let body = json!({"_id": id, "name": name, "statusType": "busy", "durationMinutes": value});
        let reply = caller.post("custom-user-status.update", &body).await;
        // A register is there to be written, so no refusal is right.
        self.recording
            .settle(call, &reply, RegisterOperation::Wrote(value), None);
        reply
    }

    /// Checks all calls, and what the servers list now.
    pub fn check(&self, board: &ListedByName) -> Result<(), String> {
        let Some((_, name)) = self.status.get() else {
            return Ok(());
        };
        let value = board.get(name).map_or(0, |status| status.minutes);
        if self
            .recording
            .is_linearizable::<RegisterRules>(RegisterOperation::Read(value))
        {
            return Ok(());
        }
        Err(format!("{name:?} is {value} after {:?}", self.recording))
    }

    /// Returns the number of calls whose outcome is unknown.
    pub fn unknown(&self) -> usize {
        self.recording.unknown()
    }
}
