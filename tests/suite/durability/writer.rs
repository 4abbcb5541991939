//! A writer that goes on: after a pause of the process, a panic in what follows a commit, a record that is too large, and
//! beside a verification.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rollcall::domain::{Avatar, ImageKind, UserId};
use rollcall::store::{Change, CommitError, Store, Table};

use crate::support::Process;

fn picture(user: &str, bytes: usize) -> Avatar {
    Avatar {
        user: UserId::new(user),
        etag: "etag".into(),
        kind: ImageKind::Png,
        bytes: vec![7; bytes],
        clean: true,
    }
}

#[tokio::test]
#[ignore = "takes 35 seconds; .ci/run runs it"]
async fn a_process_that_was_stopped_for_longer_than_a_flush_may_take_writes_on() {
    let mut server = Process::start();
    let admin = server.admin().await;
    let stopped = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..6)
        .map(|writer| {
            let (admin, stopped) = (admin.clone(), Arc::clone(&stopped));
            tokio::spawn(async move {
                for serial in 0.. {
                    if stopped.load(Ordering::Acquire) {
                        break;
                    }
                    admin
                        .create_status(&format!("{writer} {serial}"), "busy")
                        .await
                        .expect(200);
                }
            })
        })
        .collect();
    admin.create_status("before", "busy").await.expect(200);
    server.signal(libc::SIGSTOP);
    tokio::time::sleep(Duration::from_secs(33)).await;
    server.signal(libc::SIGCONT);
    admin.create_status("after", "busy").await.expect(200);
    stopped.store(true, Ordering::Release);
    for writer in writers {
        writer.await.expect("each write is answered");
    }
    assert_eq!(admin.send("GET", "/readyz", &[], "").await.status, 200);
    server.signal(libc::SIGTERM);
    assert!(server.wait().0.success());
}

#[tokio::test]
async fn a_panic_after_a_commit_ends_neither_the_commit_nor_the_writer() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(home.path()).expect("a store");
    store.watch(|_, _, _| panic!("a test of what follows commits"));
    for user in ["ada", "bob"] {
        let picture = picture(user, 10);
        store.commit(Change::new().insert(&picture)).await.expect("a commit");
        let stored = store.avatar(&picture.user).await.expect("a readable store");
        assert_eq!(stored, Some(picture));
    }
    assert!(store.is_writable());
    store.close().await;
}

#[tokio::test]
async fn a_record_that_is_too_large_is_refused_to_its_caller_alone() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(home.path()).expect("a store");
    let (large, small) = (picture("ada", 1 << 20), picture("bob", 1000));
    let refused = store.commit(Change::new().insert(&small).insert(&large)).await;
    assert_eq!(refused, Err(CommitError::TooLarge(Table::Avatars)));
    assert_eq!(store.avatar(&small.user).await.expect("a readable store"), None);
    store.commit(Change::new().insert(&small)).await.expect("a commit");
    let grown = picture("bob", 1 << 20);
    let refused = store.commit(Change::new().replace(&small, &grown)).await;
    assert_eq!(refused, Err(CommitError::TooLarge(Table::Avatars)));
    store.close().await;

    let store = Store::open(home.path()).expect("the store is sound");
    assert_eq!(store.avatar(&small.user).await.expect("a readable store"), Some(small));
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_is_verified_beside_its_writer_and_found_sound() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(home.path()).expect("a store");
    let verifying = {
        let store = store.clone();
        tokio::spawn(async move {
            for _ in 0..20 {
                assert_eq!(store.verify().await.expect("a readable store"), []);
            }
        })
    };
    // Values of several parts, so that a reading beside a commit sees parts that belong to no value.
    let (short, long) = (picture("ada", 10), picture("ada", 20_000));
    let mut commits = 0;
    store.commit(Change::new().insert(&short)).await.expect("a commit");
    while !verifying.is_finished() || commits < 20 {
        store
            .commit(Change::new().replace(&short, &long))
            .await
            .expect("a commit");
        store
            .commit(Change::new().replace(&long, &short))
            .await
            .expect("a commit");
        commits += 1;
    }
    verifying.await.expect("no reading found damage");
    store.close().await;
    assert!(store.verify().await.is_err(), "a closed store is not read");
}
