//! Disks that refuse a write or a sync with EIO.

#![allow(clippy::print_stderr, reason = "a run says how much it tried")]

use std::sync::Arc;

use futures_util::future::join_all;

use super::forgetful::{Disk, Place};
use super::ledger::Ledger;
use super::load::{self, shown};
use super::random::{Random, rounds, seed};

/// The changes of a disk before the one that fails: from the first write of a round to the middle of its load.
const CHANGES: usize = 80;

/// The acknowledgements after which a round ends although no client met an error.
const ENOUGH: usize = 400;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and /dev/fuse; .ci/run runs it"]
async fn an_error_at_any_write_or_sync_takes_nothing_that_was_acknowledged() {
    let seed = seed();
    let rounds = rounds(12);
    let mut random = Random::new(seed);
    let place = Place::new();
    let mut mounted = place.mount(Disk::new());
    let mut server = place.start();
    let admin = server.admin().await;
    let ledger = Arc::new(Ledger::default());
    let mut stopped = 0;
    for round in 0..rounds {
        let case = format!("seed {seed}, round {round}");
        let client = admin.at(server.address);
        mounted.fail_once_after(random.below(CHANGES));
        let mut clients = join_all(load::begin(&client, round, &mut random, &ledger));
        let ended = tokio::select! {
            ended = &mut clients => {
                stopped += 1;
                // Reads go on without the disk.
                client.get("me").await.expect(200);
                ended
            }
            () = ledger.reaches(ledger.answers() + ENOUGH, &[]) => {
                server.signal(libc::SIGKILL);
                clients.await
            }
        };
        for client in ended {
            client.expect("the client ends");
        }
        server.kill();
        // A disk that refuses a sync may also lose what was written before it.
        mounted.cut(&mut random);
        mounted = place.mount_again(mounted);
        place.assert_sound(&case);
        server = place.start();
        let client = admin.at(server.address);
        ledger.settle(&shown(&client).await, &case);
    }
    eprintln!(
        "{rounds} errors, {stopped} of them stopped the writer; {} acknowledged writes, none lost",
        ledger.answers()
    );
    assert!(stopped > 0, "seed {seed}: no error reached the store");
    server.kill();
    mounted.unmount();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and /dev/fuse; .ci/run runs it"]
async fn a_disk_that_fails_is_told_as_503_and_reads_go_on() {
    let place = Place::new();
    let mounted = place.mount(Disk::new());
    let server = place.start();
    let admin = server.admin().await;
    admin.create_status("lunch", "away").await.expect(200);
    mounted.fail();
    for name in ["tea", "dinner"] {
        let refused = admin.create_status(name, "away").await.expect(503);
        assert_eq!(refused["errorType"], "error-store-unavailable");
    }
    assert_eq!(admin.status_names().await, ["lunch"]);
    let ready = admin.send("GET", "/readyz", &[], "").await;
    assert_eq!(ready.expect(503)["status"], "unavailable");
    server.kill();
    mounted.unmount();
}
