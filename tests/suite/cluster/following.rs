//! The commits of several processes have one order, and each of them follows it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use rollcall::domain::{CustomStatus, CustomStatusId, StatusName, StatusType, Timestamp};
use rollcall::store::{Change, CommitError, Store};

use super::SharedStore;
use crate::support::etcd::Etcd;
use crate::support::eventually;
use crate::support::server::new_folder;

/// The record with a number, which is its time.
fn record(number: i64) -> CustomStatus {
    CustomStatus {
        id: CustomStatusId::new("the number"),
        name: StatusName::parse("the number").expect("a name"),
        status_type: StatusType::Busy,
        emoji: None,
        duration: None,
        updated_at: Timestamp::from_millis(number),
    }
}

/// Returns the number in the store: 0 before the first increment.
fn number(store: &Store) -> i64 {
    let snapshot = store.read();
    let stored = snapshot.custom_status(&CustomStatusId::new("the number"));
    stored.map_or(0, |stored| stored.updated_at.as_millis())
}

/// Adds one to the number in the store, as an operation does: decides on the snapshot, and again after a conflict.
async fn increment(store: &Store) -> Result<i64, CommitError> {
    loop {
        let before = number(store);
        let after = record(before + 1);
        let change = match before {
            0 => Change::new().insert(&after),
            _ => Change::new().replace(&record(before), &after),
        };
        match store.commit(change).await {
            Ok(()) => return Ok(before + 1),
            Err(CommitError::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Increments by several callers of each process, `times` each. Returns all results in the order of each caller.
async fn race(stores: &[Store], callers: usize, times: usize) -> Vec<Vec<i64>> {
    let callers: Vec<_> = (0..stores.len() * callers)
        .map(|caller| {
            let store = stores[caller % stores.len()].clone();
            tokio::spawn(async move {
                let mut results = Vec::new();
                for _ in 0..times {
                    results.push(increment(&store).await.expect("a commit"));
                }
                results
            })
        })
        .collect();
    let mut results = Vec::new();
    for caller in callers {
        results.push(caller.await.expect("a caller"));
    }
    results
}

#[tokio::test(flavor = "multi_thread")]
async fn increments_at_two_processes_lose_no_number_and_give_none_twice() {
    const CALLERS: usize = 8;
    const TIMES: usize = 25;
    let shared = SharedStore::new();
    let folders = [new_folder(), new_folder()];
    let stores = [shared.open(&folders[0]), shared.open(&folders[1])];
    let results = race(&stores, CALLERS, TIMES).await;
    for one in &results {
        assert!(
            one.is_sorted(),
            "a later call of a caller has the greater number: {one:?}"
        );
    }
    let all: BTreeSet<_> = results.iter().flatten().copied().collect();
    let total = i64::try_from(2 * CALLERS * TIMES).expect("a number");
    assert_eq!(all, (1..=total).collect());
    for store in &stores {
        eventually(async || number(store) == total).await;
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_watcher_of_each_process_gets_the_commits_of_both_in_one_order() {
    let shared = SharedStore::new();
    let folders = [new_folder(), new_folder()];
    let stores = [shared.open(&folders[0]), shared.open(&folders[1])];
    let seen: [Arc<Mutex<Vec<i64>>>; 2] = Default::default();
    for (store, seen) in stores.iter().zip(&seen) {
        let seen = Arc::clone(seen);
        store.watch(move |before, after, _| {
            let id = CustomStatusId::new("the number");
            let [before, after] =
                [before, after].map(|snapshot| snapshot.custom_status(&id).map(|found| found.updated_at));
            assert!(before <= after);
            let after = after.expect("the number").as_millis();
            seen.lock().expect("a lock").push(after);
        });
    }
    race(&stores, 4, 10).await;
    let ends = |seen: &Arc<Mutex<Vec<i64>>>| seen.lock().expect("a lock").last() == Some(&80);
    for (store, seen) in stores.iter().zip(&seen) {
        eventually(async || ends(seen)).await;
        let numbers = seen.lock().expect("a lock").clone();
        assert!(numbers.is_sorted(), "{numbers:?}");
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_loads_anew_what_was_compacted_before_it_was_followed() {
    let mut etcd = Etcd::start();
    let shared = SharedStore::in_etcd(&etcd);
    let folders = [new_folder(), new_folder()];
    let (paused, busy) = (shared.open(&folders[0]), shared.open(&folders[1]));
    increment(&paused).await.expect("a commit");
    // The watch of each process ends with the etcd. What is written while it is away is compacted at once.
    etcd.kill();
    etcd.start_again();
    for _ in 0..5 {
        increment(&busy).await.expect("a commit");
    }
    let revision = etcd.control(&["get", "x", "-w", "json"]);
    let revision: serde_json::Value = serde_json::from_str(&revision).expect("JSON");
    etcd.control(&["compact", &revision["header"]["revision"].to_string()]);
    eventually(async || number(&paused) == 6).await;
    increment(&paused).await.expect("a commit");
    eventually(async || number(&busy) == 7).await;
    paused.close().await;
    busy.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_records_are_removed_in_one_transaction() {
    const RECORDS: usize = 100;
    let shared = SharedStore::new();
    let folder = new_folder();
    let store = shared.open(&folder);
    let all: Vec<_> = (0..RECORDS)
        .map(|number| CustomStatus {
            id: CustomStatusId::new(&format!("status {number}")),
            name: StatusName::parse(&format!("status {number}")).expect("a name"),
            ..record(1)
        })
        .collect();
    // They all wait at once, so that the writer has to split them into several transactions.
    let inserted = all.iter().map(|one| store.commit(Change::new().insert(one)));
    for outcome in futures_util::future::join_all(inserted).await {
        outcome.expect("a commit");
    }
    assert_eq!(store.read().custom_statuses().len(), RECORDS);
    let removal = all.iter().fold(Change::new(), Change::remove);
    store.commit(removal).await.expect("one transaction");
    assert_eq!(store.read().custom_statuses().len(), 0);
    store.close().await;
}
