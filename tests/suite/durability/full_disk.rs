//! A compaction for which the disk has too little space: the old store stays as it was, and is served.

use std::collections::BTreeSet;

use super::forgetful::{Disk, Place, Space};
use crate::support::Client;

const KIB: usize = 1024;

/// Statuses of the store: enough for several batches of a compaction.
const STATUSES: usize = 600;

async fn names(client: &Client) -> BTreeSet<String> {
    client.status_names().await.into_iter().collect()
}

/// Compacts by the command, then at a start of a server, on a disk that each time has so many bytes free, and expects
/// the old store to be served. `words` are what the command and the log say.
async fn old_store_stays(space: fn(usize) -> Space, free: [usize; 2], words: &[&str]) {
    let place = Place::new();
    let mounted = place.mount(Disk::new());
    let mut server = place.start_with(|command| {
        // Nobody reads its log before its end.
        command.args(["--log-level", "warn"]);
    });
    let admin = server.admin().await;
    for serial in 0..STATUSES {
        let name = format!("status {serial:03}");
        admin.create_status(&name, "busy").await.expect(200);
    }
    let expected = names(&admin).await;
    server.signal(libc::SIGTERM);
    server.wait();

    mounted.bound(space(mounted.used() + free[0]));
    let output = place.run("compact");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} in {said}");
    }
    mounted.bound(Space::Endless);
    place.assert_sound("after the command");
    for name in ["store.compacting", "store.compacted", "store.replaced"] {
        assert!(!place.data().join(name).exists(), "{name} is left");
    }

    mounted.bound(space(mounted.used() + free[1]));
    let mut server = place.start_with(|command| {
        command.args(["--compact-at-start", "always"]);
    });
    let admin = Client {
        address: server.address,
        login: admin.login.clone(),
    };
    assert_eq!(names(&admin).await, expected);
    // There is room for what a server writes.
    mounted.bound(Space::Endless);
    admin.create_status("tea", "away").await.expect(200);
    server.signal(libc::SIGTERM);
    let (status, log) = server.wait();
    assert!(status.success(), "{log}");
    for word in words.iter().chain(&["the store was not compacted"]) {
        assert!(log.contains(word), "{word:?} in {log}");
    }
    place.assert_sound("after the server");

    // With space enough it is compacted.
    let output = place.run("compact");
    assert!(output.status.success(), "{output:?}");
    let server = place.start();
    let admin = Client {
        address: server.address,
        login: admin.login.clone(),
    };
    let mut more = expected.clone();
    more.insert("tea".into());
    assert_eq!(names(&admin).await, more);
    server.kill();
    mounted.unmount();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and /dev/fuse; .ci/run runs it"]
async fn a_compaction_is_not_begun_on_a_disk_that_says_it_is_full() {
    old_store_stays(
        Space::Of,
        [4096 * KIB; 2],
        &["bytes of free space", "free some, then try again"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and /dev/fuse; .ci/run runs it"]
async fn a_compaction_is_given_up_on_a_disk_that_turns_out_to_be_full() {
    // sled takes 512 KiB for the first opening of a store, and the compacted one has as much.
    let free = [768 * KIB, 256 * KIB];
    old_store_stays(
        Space::SecretlyOf,
        free,
        &["could not be compacted and is used as it is"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and /dev/fuse; .ci/run runs it"]
async fn a_start_on_a_full_disk_says_so_and_is_not_called_damage() {
    let place = Place::new();
    let mounted = place.mount(Disk::new());
    let mut server = place.start();
    server.admin().await.create_status("tea", "away").await.expect(200);
    server.signal(libc::SIGTERM);
    server.wait();
    for space in [Space::Of, Space::SecretlyOf] {
        mounted.bound(space(0));
        let said = place.try_start_with(|_| {}).err().expect("it does not start");
        assert!(said.contains("is full") && said.contains("not damaged"), "{said}");
        mounted.bound(Space::Endless);
        place.assert_sound("after the refused start");
    }
    mounted.unmount();
}
