//! The JSON of the presence list. It is made once for each state of the presence table.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use imbl::OrdMap;
use serde_json::value::{RawValue, to_raw_value};

use crate::domain::UserId;
use crate::hub::VisiblePresence;

type Shown = OrdMap<UserId, Arc<VisiblePresence>>;

/// The last presence list that was made. It takes as much memory as one response with all users who are not offline.
#[derive(Default)]
pub(crate) struct PresenceListCache(ArcSwapOption<PresenceList>);

/// The list of all users who are not offline, as JSON.
struct PresenceList {
    shown: Shown,
    /// `None` if one of the users hides from some viewers, so that the list depends on the viewer.
    json: Option<Arc<RawValue>>,
}

impl PresenceListCache {
    /// Returns the list of all users who are not offline; `None` if it depends on the viewer.
    pub(crate) fn json_of(&self, shown: &Shown) -> Option<Arc<RawValue>> {
        if let Some(last) = self.0.load().as_ref().filter(|last| last.shown.ptr_eq(shown)) {
            return last.json.clone();
        }
        let json = json_of(shown);
        self.0.store(Some(Arc::new(PresenceList {
            shown: shown.clone(),
            json: json.clone(),
        })));
        json
    }
}

fn json_of(shown: &Shown) -> Option<Arc<RawValue>> {
    let here: Vec<_> = shown.values().filter(|shown| shown.is_here()).collect();
    if here.iter().any(|shown| shown.hides()) {
        return None;
    }
    to_raw_value(&here).ok().map(Arc::from)
}
