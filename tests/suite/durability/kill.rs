//! `kill -9` of the real binary under load.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use crate::support::process::{rollcall, run};
use crate::support::{Client, Process};

const ROUNDS: usize = 20;
const CLIENTS: usize = 8;

/// What clients were told, and when enough of it.
#[derive(Default)]
struct Acknowledged {
    names: Mutex<BTreeSet<String>>,
    count: AtomicUsize,
    more: Notify,
}

/// Creates statuses until the server is gone.
async fn load(client: Client, round: usize, number: usize, acknowledged: Arc<Acknowledged>) {
    for serial in 0.. {
        let name = format!("round {round:02} client {number} serial {serial:05}");
        let creating = client.try_create_status(&name, "busy");
        if creating.await != Some(200) {
            return;
        }
        acknowledged.names.lock().expect("no client panics").insert(name);
        acknowledged.count.fetch_add(1, Ordering::AcqRel);
        acknowledged.more.notify_one();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_kills_lose_nothing_that_was_acknowledged() {
    let acknowledged = Arc::new(Acknowledged::default());
    let mut server = Process::start();
    let login = server.admin().await.login;
    for round in 0..ROUNDS {
        let client = Client {
            address: server.address,
            login: login.clone(),
        };
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| tokio::spawn(load(client.clone(), round, number, Arc::clone(&acknowledged))))
            .collect();
        // Each round is killed at another depth of the load.
        let enough = acknowledged.count.load(Ordering::Acquire) + 1 + round * 13;
        while acknowledged.count.load(Ordering::Acquire) < enough {
            acknowledged.more.notified().await;
        }
        let folder = server.kill();
        for client in clients {
            client.await.expect("the client ends");
        }

        let mut check = rollcall(folder.path());
        check.arg("check");
        let output = run(check, "");
        assert!(output.status.success(), "round {round}: {output:?}");

        server = Process::start_in(folder, |_| {});
        let client = Client {
            address: server.address,
            login: login.clone(),
        };
        let there: BTreeSet<_> = client.status_names().await.into_iter().collect();
        let names = acknowledged.names.lock().expect("no client panics").clone();
        let lost: Vec<_> = names.difference(&there).collect();
        assert!(lost.is_empty(), "round {round} lost {lost:?}");
        // One of each client may have been made without its answer having arrived.
        assert!(there.len() - names.len() <= CLIENTS * (round + 1), "round {round}");
    }
}
