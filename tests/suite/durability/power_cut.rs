//! Power cuts under load, on a file system that forgets what was not synced.
//!
//! `ROLLCALL_ROUNDS` sets how many, `ROLLCALL_SEED` repeats a run.

#![allow(clippy::print_stderr, reason = "a run names its seed, so that it can be repeated")]

use std::process::Command;
use std::sync::Arc;

use super::forgetful::{Disk, Place};
use super::ledger::Ledger;
use super::load::{self, shown};
use super::random::{Random, rounds, seed};
use crate::support::Process;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and /dev/fuse; .ci/run runs it"]
async fn a_power_cut_under_load_takes_nothing_that_was_acknowledged() {
    let seed = seed();
    let rounds = rounds(40);
    let mut random = Random::new(seed);
    let place = Place::new();

    let mut mounted = place.mount(Disk::new());
    let mut server = place.start();
    let admin = server.admin().await;
    let ledger = Arc::new(Ledger::default());
    for round in 0..rounds {
        let client = admin.at(server.address);
        let clients = load::begin(&client, round, &mut random, &ledger);
        ledger.reaches(ledger.answers() + 1 + random.below(300), &clients).await;
        mounted.cut(&mut random);
        server.kill();
        for client in clients {
            client.await.expect("the client ends");
        }
        let mut disk = mounted.unmount();

        // Now and then the power goes again while the store is being opened.
        while random.chance(30) {
            let opening = place.mount(disk);
            opening.cut_after(random.below(30), Random::new(random.next()));
            place.run("check");
            opening.cut(&mut random);
            disk = opening.unmount();
        }

        mounted = place.mount(disk);
        place.assert_sound(&format!("seed {seed}"));
        server = place.start();
        let client = admin.at(server.address);
        client.get("me").await.expect(200);
        ledger.settle(&shown(&client).await, &format!("seed {seed}, round {round}"));
    }
    eprintln!(
        "{rounds} power cuts, {} acknowledged writes, none lost",
        ledger.answers()
    );
    server.kill();
    mounted.unmount();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and /dev/fuse; .ci/run runs it"]
async fn a_power_cut_while_a_store_begins_leaves_one_that_opens() {
    let seed = seed();
    let mut began = 0;
    for round in 0..rounds(40) {
        let mut random = Random::new(seed.wrapping_add(round as u64));
        let place = Place::new();
        let mounted = place.mount(Disk::new());
        mounted.cut_after(random.below(80), random.clone());
        let first = place.try_start_with(|_| {});
        mounted.cut(&mut random);
        let listened = first.map(Process::kill).is_ok();
        began += usize::from(listened);

        let mounted = place.mount_again(mounted);
        if place.data().join("store").is_dir() {
            place.assert_sound(&format!("seed {seed}"));
        }
        let server = place.start_with(|command| {
            // Once it had said that it listens, its administrator is there for good.
            if listened {
                command
                    .env_remove("ROLLCALL_ADMIN_USERNAME")
                    .env_remove("ROLLCALL_ADMIN_PASSWORD");
            }
        });
        server.admin().await;
        server.kill();
        mounted.unmount();
    }
    eprintln!("{began} stores had begun");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and /dev/fuse; .ci/run runs it"]
async fn a_power_cut_during_a_compaction_leaves_the_old_store_or_the_new_one() {
    let seed = seed();
    let mut random = Random::new(seed);
    let place = Place::new();
    let mut mounted = place.mount(Disk::new());
    let mut server = place.start();
    let admin = server.admin().await;
    admin.create_statuses(300).await;
    let expected = shown(&admin).await;
    server.signal(libc::SIGTERM);
    server.wait();

    let (mut cut, mut done) = (0, 0);
    for round in 0..rounds(40) {
        mounted = place.mount_again(mounted);
        mounted.cut_after(random.below(120), random.clone());
        let whole = place.run("compact").status.success();
        (cut, done) = (cut + u32::from(!whole), done + u32::from(whole));
        mounted.cut(&mut random);
        mounted = place.mount_again(mounted);
        place.assert_sound(&format!("seed {seed}"));
        let server = place.start();
        let client = admin.at(server.address);
        assert_eq!(shown(&client).await, expected, "seed {seed}, round {round}");
        server.kill();
    }
    mounted.unmount();
    eprintln!("{cut} compactions were cut, {done} were not");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and /dev/fuse; .ci/run runs it"]
async fn a_power_cut_during_a_restoration_leaves_the_old_store_or_the_restored_one() {
    let seed = seed();
    let mut random = Random::new(seed);
    let place = Place::new();
    let mut mounted = place.mount(Disk::new());
    let mut server = place.start();
    let admin = server.admin().await;
    admin.create_statuses(300).await;
    assert!(place.run_with(&["backup", "x.backup"]).status.success());
    let new = shown(&admin).await;
    admin.create_status("after the backup", "busy").await.expect(200);
    let mut old = shown(&admin).await;
    server.signal(libc::SIGTERM);
    server.wait();

    let (mut olds, mut news) = (0, 0);
    for round in 0..rounds(40) {
        mounted = place.mount_again(mounted);
        mounted.cut_after(random.below(120), random.clone());
        let whole = place.run_with(&["restore", "x.backup", "--replace"]).status.success();
        mounted.cut(&mut random);
        mounted = place.mount_again(mounted);
        place.assert_sound(&format!("seed {seed}"));
        let mut server = place.start();
        let client = admin.at(server.address);
        let found = shown(&client).await;
        assert!(found == new || (found == old && !whole), "seed {seed}, round {round}");
        (olds, news) = (olds + u32::from(found == old), news + u32::from(found == new));
        // The next round begins with the old store again.
        if found == new {
            client.create_status("after the backup", "busy").await.expect(200);
            old = shown(&client).await;
        }
        server.signal(libc::SIGTERM);
        server.wait();
        // By another process: a child that another test begins at this moment would have a copy of a folder that is open
        // here, and keep the mount busy.
        let removed = Command::new("find")
            .arg(place.data())
            .args(["-mindepth", "1", "-maxdepth", "1", "-type", "d", "!", "-name", "store"])
            .args(["-exec", "rm", "-r", "{}", "+"])
            .status();
        assert!(removed.expect("find runs").success());
    }
    mounted.unmount();
    eprintln!("{olds} times the old store, {news} times the restored one");
}
