//! The tests: which faults come after each other on one cluster.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::fault::Fault;
use crate::namespaces::Namespaces;
use crate::trial::Trial;

/// Held by the test that runs: two clusters at once would share the processors, and the names of namespaces.
static TURN: Mutex<()> = Mutex::const_new(());

async fn run(namespaces: Option<Namespaces>, faults: &[Fault]) {
    let mut trial = Trial::start(namespaces).await;
    for fault in faults {
        match fault.lacks() {
            None => trial.suffer(*fault).await,
            Some(package) => println!("{fault:?} is left out: install the package {package}"),
        }
    }
    trial.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn short() {
    let _turn = TURN.lock().await;
    let faults = [
        Fault::LeaderKilled,
        Fault::ServerKilled,
        Fault::LeaderStopped,
        Fault::AnswersLost,
    ];
    run(None, &faults).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes two minutes"]
async fn further() {
    let _turn = TURN.lock().await;
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
    let _turn = TURN.lock().await;
    let namespaces = Namespaces::new().expect("network namespaces: run as root");
    let faults = [
        Fault::LeaderCut,
        Fault::FollowerCut,
        Fault::PacketsLost,
        Fault::LeaderCut,
        Fault::FollowerCut,
        Fault::PacketsLost,
    ];
    run(Some(namespaces), &faults).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "for one fault again: ROLLCALL_FAULT names it, as in DatabaseFull"]
async fn one() {
    let _turn = TURN.lock().await;
    let Ok(wanted) = std::env::var("ROLLCALL_FAULT") else {
        println!("ROLLCALL_FAULT names no fault");
        return;
    };
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
    let _turn = TURN.lock().await;
    let minutes = std::env::var("ROLLCALL_FAULT_MINUTES").map_or(60, |text| text.parse().expect("a number of minutes"));
    let began = Instant::now();
    let namespaces = Namespaces::new();
    let mut faults = Fault::EVERYWHERE.to_vec();
    if namespaces.is_some() {
        faults.extend(Fault::OF_NETWORK);
    }
    faults.retain(|fault| fault.lacks().is_none());
    let mut trial = Trial::start(namespaces).await;
    while began.elapsed() < Duration::from_secs(60 * minutes) {
        let fault = faults[trial.dice.below(faults.len())];
        trial.suffer(fault).await;
    }
    trial.end().await;
}
