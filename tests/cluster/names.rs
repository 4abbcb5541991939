//! Names that callers of all servers create and delete: each has one status at a time.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use serde_json::json;

use crate::caller::{HttpCaller, Reply};
use crate::dice::Dice;
use crate::history::Recording;
use crate::rotation::Wearing;
use crate::settled::ListedByName;
use crate::specification::{NameOperation, NameRules};

/// The calls after which a name is not used any more.
const MAX_CALLS: usize = 14;

/// A name, and the calls that created and deleted its statuses.
pub struct ContestedName {
    name: String,
    recording: Recording<NameOperation>,
    /// The number of the last creation. The statuses have it as their duration.
    last: AtomicU32,
    /// The number and id of the status that was created last.
    known: Mutex<Option<(u32, String)>>,
}

impl Wearing for ContestedName {
    fn is_worn(&self) -> bool {
        self.recording.is_worn(MAX_CALLS)
    }
}

impl ContestedName {
    /// Returns a name that has no status yet.
    pub fn new(name: String) -> Self {
        Self {
            name,
            recording: Recording::default(),
            last: AtomicU32::new(0),
            known: Mutex::new(None),
        }
    }

    /// Creates a status, or deletes the one that is known.
    pub async fn use_once(&self, caller: &HttpCaller, dice: &mut Dice) -> Reply {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some((number, id)) if dice.below(2) == 0 => self.delete(caller, number, &id).await,
            _ => self.create(caller).await,
        }
    }

    async fn create(&self, caller: &HttpCaller) -> Reply {
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let call = self.recording.begin(NameOperation::MaybeCreated(number));
        let body = json!({"name": self.name, "statusType": "busy", "durationMinutes": number});
        let reply = caller.post("custom-user-status.create", &body).await;
        if let Reply::Done(body) = &reply {
            let id = body["customUserStatus"]["_id"].as_str().expect("an id").to_owned();
            *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((number, id));
        }
        let refusal = Some("Custom_User_Status_Error_Name_Already_In_Use");
        self.recording
            .settle(call, &reply, NameOperation::Created(number), refusal);
        reply
    }

    async fn delete(&self, caller: &HttpCaller, number: u32, id: &str) -> Reply {
        let call = self.recording.begin(NameOperation::MaybeDeleted(number));
        let reply = caller
            .post("custom-user-status.delete", &json!({"customUserStatusId": id}))
            .await;
        let refusal = Some("Custom_User_Status_Error_Invalid_User_Status");
        self.recording
            .settle(call, &reply, NameOperation::Deleted(number), refusal);
        reply
    }

    /// Checks all calls, and what the servers list now.
    pub fn check(&self, board: &ListedByName) -> Result<(), String> {
        let listed = board.get(&self.name).map(|status| status.minutes);
        if self
            .recording
            .is_linearizable::<NameRules>(NameOperation::Listed(listed))
        {
            return Ok(());
        }
        Err(format!("{:?} lists {listed:?} after {:?}", self.name, self.recording))
    }

    /// Returns the number of calls whose outcome is unknown.
    pub fn unknown(&self) -> usize {
        self.recording.unknown()
    }
}
