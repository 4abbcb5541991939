//! The faults, and how each is made.

use std::path::Path;
use std::time::Duration;

use tokio::time::sleep;

use crate::full::fill_and_free;
use crate::namespaces::PACKET_FILTER;
use crate::servers::STORE;
use crate::trial::Trial;
use crate::waiting::{until, until_true};

/// The library that shows a process another time, as Debian's package `faketime` installs it.
const OTHER_CLOCK: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

/// The time for which the leader is stopped: longer than an election takes, and than a server waits for a silent node.
const LEADER_STOPPED: Duration = Duration::from_secs(5);

/// The time for which each node is stopped so that answers are lost: longer than a server waits for the answer to a
/// write.
const SHORTLY_SILENT: Duration = Duration::from_millis(1500);

/// The number of times that each node is stopped so that answers are lost.
const SILENCES: usize = 3;

/// The time for which a majority is stopped: longer than a lease of 10 s.
const MAJORITY_STOPPED: Duration = Duration::from_secs(12);

/// The time for which a server sleeps: longer than its lease of 10 s.
const SERVER_STOPPED: Duration = Duration::from_secs(14);

/// The time for which a server sleeps while the history is compacted: less than its lease.
const SHORTLY_STOPPED: Duration = Duration::from_secs(3);

/// The time for which a node is cut off: longer than an election takes, and than a server waits for a silent node.
const CUT: Duration = Duration::from_secs(8);

/// The time for which nodes lose packets: longer than several elections take.
const LOSSY: Duration = Duration::from_secs(12);

/// The packets of a hundred that a node loses of those that arrive.
const LOST_PERCENT: usize = 15;

/// A fault of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    LeaderKilled,
    FollowerKilled,
    LeaderStopped,
    AnswersLost,
    MajorityStopped,
    ServerKilled,
    ServerSleeps,
    Compaction,
    DatabaseFull,
    WrongClock,
    LeaderCut,
    FollowerCut,
    PacketsLost,
}

impl Fault {
    /// All faults that need no namespaces.
    pub const EVERYWHERE: [Self; 10] = [
        Self::LeaderKilled,
        Self::FollowerKilled,
        Self::LeaderStopped,
        Self::AnswersLost,
        Self::MajorityStopped,
        Self::ServerKilled,
        Self::ServerSleeps,
        Self::Compaction,
        Self::DatabaseFull,
        Self::WrongClock,
    ];

    /// The faults that need namespaces.
    pub const OF_NETWORK: [Self; 3] = [Self::LeaderCut, Self::FollowerCut, Self::PacketsLost];

    /// Makes the fault and undoes it. Returns what happened, in words.
    pub async fn inject(self, trial: &mut Trial) -> String {
        let leader = trial.nodes.leader().await;
        let follower = (leader + 1 + trial.dice.below(2)) % 3;
        let server = trial.dice.below(3);
        println!("{self:?}: leader {leader}, follower {follower}, server {server}");
        match self {
            Self::LeaderKilled => kill_node(trial, leader).await,
            Self::FollowerKilled => kill_node(trial, follower).await,
            Self::LeaderStopped => stop_nodes(trial, &[leader], LEADER_STOPPED).await,
            Self::AnswersLost => lose_answers(trial).await,
            Self::MajorityStopped => stop_nodes(trial, &[leader, follower], MAJORITY_STOPPED).await,
            Self::ServerKilled => kill_server(trial, server).await,
            Self::ServerSleeps => let_server_sleep(trial, server).await,
            Self::Compaction => compact(trial, server).await,
            Self::DatabaseFull => fill_and_free(trial).await,
            Self::WrongClock => set_clock(trial, server).await,
            Self::LeaderCut => cut(trial, leader).await,
            Self::FollowerCut => cut(trial, follower).await,
            Self::PacketsLost => lose_packets(trial).await,
        }
        self.words().to_owned()
    }

    /// Returns the Debian package that this machine lacks for the fault.
    pub fn lacks(self) -> Option<&'static str> {
        match self {
            Self::WrongClock if !Path::new(OTHER_CLOCK).exists() => Some("faketime"),
            Self::PacketsLost if !Path::new(PACKET_FILTER).exists() => Some("nftables"),
            _ => None,
        }
    }

    /// Returns whether a server may end and be started again. All other faults are ones that each server survives.
    pub const fn may_end_servers(self) -> bool {
        matches!(
            self,
            Self::MajorityStopped | Self::ServerKilled | Self::ServerSleeps | Self::WrongClock
        )
    }

    const fn words(self) -> &'static str {
        match self {
            Self::LeaderKilled => "leader killed, started again",
            Self::FollowerKilled => "follower killed, started again",
            Self::LeaderStopped => "leader stopped for 5 s",
            Self::AnswersLost => "each node stopped for 1.5 s in turn, three times",
            Self::MajorityStopped => "majority stopped for 12 s",
            Self::ServerKilled => "server killed, started again",
            Self::ServerSleeps => "server stopped for 14 s",
            Self::Compaction => "history compacted while a server is stopped for 3 s",
            Self::DatabaseFull => "database full, then freed",
            Self::WrongClock => "clock of a server an hour ahead, then right",
            Self::LeaderCut => "leader cut off from its peers for 8 s",
            Self::FollowerCut => "follower cut off from its peers for 8 s",
            Self::PacketsLost => "each node loses 15 of 100 packets for 12 s",
        }
    }
}

async fn kill_node(trial: &mut Trial, node: usize) {
    trial.nodes.nodes[node].kill().await;
    trial.load.until_written_at(&[0, 1, 2]).await;
    trial.nodes.nodes[node].start_again().await;
    trial.nodes.until_healthy().await;
}

async fn stop_nodes(trial: &Trial, nodes: &[usize], time: Duration) {
    for node in nodes {
        trial.nodes.nodes[*node].stop();
    }
    sleep(time).await;
    for node in nodes {
        trial.nodes.nodes[*node].go_on();
    }
    trial.nodes.until_healthy().await;
}

/// Stops each node in turn, while it has taken writes that it has not answered. Some of them were made: the servers send them
/// to another node, and have to notice that.
async fn lose_answers(trial: &Trial) {
    for _ in 0..SILENCES {
        for node in 0..trial.nodes.nodes.len() {
            stop_nodes(trial, &[node], SHORTLY_SILENT).await;
            trial.load.until_written_at(&[0, 1, 2]).await;
        }
    }
}

async fn kill_server(trial: &Trial, server: usize) {
    trial.servers.services[server].kill();
    let others: Vec<_> = (0..3).filter(|other| *other != server).collect();
    trial.load.until_written_at(&others).await;
}

/// Stops a server for longer than its lease. Then it may write nothing more under the name that the others count as gone.
async fn let_server_sleep(trial: &Trial, server: usize) {
    let markers = format!("/rollcall/{STORE}/w/p/");
    let list = async || {
        let keys = trial.nodes.control(&["get", "--prefix", &markers, "--keys-only"]).await;
        let keys = keys.lines().filter(|line| !line.is_empty());
        keys.map(str::to_owned).collect::<Vec<_>>()
    };
    let before = until("the leases of servers that were killed before have ended", async || {
        let found = list().await;
        (found.len() <= trial.servers.services.len()).then_some(found)
    })
    .await;
    trial.servers.services[server].stop();
    sleep(SERVER_STOPPED).await;
    let during = list().await;
    let gone: Vec<_> = before.iter().filter(|key| !during.contains(key)).collect();
    assert_eq!(gone.len(), 1, "one server is counted as gone: {before:?} {during:?}");
    let since = trial.nodes.revision().await + 1;
    trial.servers.services[server].go_on();
    trial.servers.until_ready().await;
    trial.load.until_written_at(&[0, 1, 2]).await;
    // Each write rewrites the marker of its process, so that the history of this key has all of them.
    let changed = trial.nodes.changes(&markers, since, trial.nodes.revision().await).await;
    assert!(
        !changed.contains(gone[0]),
        "a server wrote under the name that had ended"
    );
}

/// Stops a server for less than its lease, and compacts the history meanwhile.
async fn compact(trial: &Trial, server: usize) {
    trial.servers.services[server].stop();
    let others: Vec<_> = (0..3).filter(|other| *other != server).collect();
    sleep(SHORTLY_STOPPED).await;
    trial.load.until_written_at(&others).await;
    let revision = trial.nodes.revision().await.to_string();
    trial.nodes.control(&["compact", &revision]).await;
    trial.servers.services[server].go_on();
}

/// Starts a server with a clock that is an hour ahead, and later with the right one.
async fn set_clock(trial: &Trial, server: usize) {
    let ahead = [
        ("LD_PRELOAD", OTHER_CLOCK),
        ("FAKETIME", "+3600s"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ("DONT_FAKE_MONOTONIC", "1"),
    ];
    let ahead: Vec<_> = ahead.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    for variables in [ahead, Vec::new()] {
        let service = &trial.servers.services[server];
        service.set_variables(variables);
        let starts = service.starts();
        service.kill();
        until_true("a start", async || service.starts() > starts).await;
        trial.servers.until_ready().await;
        trial.load.until_written_at(&[0, 1, 2]).await;
    }
}

/// Cuts a node off from its peers. The servers still reach it.
async fn cut(trial: &Trial, node: usize) {
    let namespaces = trial.nodes.namespaces.as_ref().expect("nodes in namespaces");
    namespaces.cut(node);
    sleep(CUT).await;
    namespaces.heal(node);
    trial.nodes.until_healthy().await;
}

/// Lets each node lose packets that its peers and the servers send.
async fn lose_packets(trial: &Trial) {
    let namespaces = trial.nodes.namespaces.as_ref().expect("nodes in namespaces");
    namespaces.lose(LOST_PERCENT);
    sleep(LOSSY).await;
    namespaces.lose_no_more();
    trial.nodes.until_healthy().await;
}
