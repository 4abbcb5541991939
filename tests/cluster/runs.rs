//! The tests: which faults come after each other on one cluster.

use std::time::{Duration, Instant};

use crate::fault::Fault;
use crate::namespaces::Namespaces;
use crate::world::World;

async fn run(namespaces: Option<Namespaces>, faults: &[Fault]) {
    let mut world = World::start(namespaces).await;
    for fault in faults {
        world.suffer(*fault).await;
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn short() {
    run(None, &[Fault::LeaderKilled, Fault::ServerKilled, Fault::LeaderStopped]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes five minutes"]
async fn further() {
    let faults = [
        Fault::FollowerKilled,
        Fault::MajorityStopped,
        Fault::ServerSleeps,
        Fault::Compaction,
        Fault::DatabaseFull,
        Fault::WrongClock,
    ];
    run(None, &faults).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root, for network namespaces"]
async fn cuts() {
    let namespaces = Namespaces::new().expect("network namespaces: run as root");
    let faults = [
        Fault::LeaderCut,
        Fault::FollowerCut,
        Fault::LeaderCut,
        Fault::FollowerCut,
    ];
    run(Some(namespaces), &faults).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "for one fault again: ROLLCALL_FAULT names it, as in DatabaseFull"]
async fn one() {
    let wanted = std::env::var("ROLLCALL_FAULT").expect("ROLLCALL_FAULT");
    let mut faults = Fault::EVERYWHERE.iter().chain(&Fault::OF_NETWORK);
    let fault = *faults
        .find(|fault| format!("{fault:?}") == wanted)
        .expect("the name of a fault");
    let namespaces = Fault::OF_NETWORK.contains(&fault).then(Namespaces::new).flatten();
    run(namespaces, &[fault]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes an hour, or ROLLCALL_FAULT_MINUTES"]
async fn hour() {
    let minutes = std::env::var("ROLLCALL_FAULT_MINUTES").map_or(60, |text| text.parse().expect("a number of minutes"));
    let began = Instant::now();
    let namespaces = Namespaces::new();
    let mut faults = Fault::EVERYWHERE.to_vec();
    if namespaces.is_some() {
        faults.extend(Fault::OF_NETWORK);
    }
    let mut world = World::start(namespaces).await;
    while began.elapsed() < Duration::from_secs(60 * minutes) {
        let fault = faults[world.dice.below(faults.len())];
        world.suffer(fault).await;
    }
    world.end().await;
}
