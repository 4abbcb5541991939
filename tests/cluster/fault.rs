//! The faults, and how each is made.

use std::path::Path;
use std::time::Duration;

use tokio::time::sleep;

use crate::full::fill_and_free;
use crate::servers::STORE;
use crate::waiting::until_true;
use crate::world::World;

/// The library that shows a process another time, as Debian's package `faketime` installs it.
const OTHER_CLOCK: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

/// How long the leader is stopped: longer than an election takes, and than a server waits for a silent node.
const LEADER_STOPPED: Duration = Duration::from_secs(5);

/// How long each node is stopped so that answers are lost: longer than a server waits for the answer to a write.
const SHORTLY_SILENT: Duration = Duration::from_millis(1500);

/// How often each node is stopped so that answers are lost.
const SILENCES: usize = 3;

/// How long a majority is stopped: longer than a lease of 10 s.
const MAJORITY_STOPPED: Duration = Duration::from_secs(12);

/// How long a server sleeps: longer than its lease of 10 s.
const SERVER_STOPPED: Duration = Duration::from_secs(14);

/// How long a server sleeps while the history is compacted: less than its lease.
const SHORTLY_STOPPED: Duration = Duration::from_secs(3);

/// How long a node is cut off: longer than an election takes, and than a server waits for a silent node.
const CUT: Duration = Duration::from_secs(8);

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
    pub const OF_NETWORK: [Self; 2] = [Self::LeaderCut, Self::FollowerCut];

    /// Makes the fault and undoes it. Returns what happened, in words.
    pub async fn inject(self, world: &mut World) -> String {
        let leader = world.nodes.leader().await;
        let follower = (leader + 1 + world.dice.below(2)) % 3;
        let server = world.dice.below(3);
        println!("{self:?}: leader {leader}, follower {follower}, server {server}");
        match self {
            Self::LeaderKilled => kill_node(world, leader).await,
            Self::FollowerKilled => kill_node(world, follower).await,
            Self::LeaderStopped => stop_nodes(world, &[leader], LEADER_STOPPED).await,
            Self::AnswersLost => lose_answers(world).await,
            Self::MajorityStopped => stop_nodes(world, &[leader, follower], MAJORITY_STOPPED).await,
            Self::ServerKilled => kill_server(world, server).await,
            Self::ServerSleeps => let_server_sleep(world, server).await,
            Self::Compaction => compact(world, server).await,
            Self::DatabaseFull => fill_and_free(world).await,
            Self::WrongClock => set_clock(world, server).await,
            Self::LeaderCut => cut(world, leader).await,
            Self::FollowerCut => cut(world, follower).await,
        }
        self.words().to_owned()
    }

    /// Returns whether this machine has what the fault needs.
    pub fn is_possible(self) -> bool {
        self != Self::WrongClock || Path::new(OTHER_CLOCK).exists()
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
        }
    }
}

async fn kill_node(world: &mut World, node: usize) {
    world.nodes.nodes[node].kill().await;
    world.load.until_written_at(&[0, 1, 2]).await;
    world.nodes.nodes[node].start_again().await;
    world.nodes.until_healthy().await;
}

async fn stop_nodes(world: &World, nodes: &[usize], time: Duration) {
    for node in nodes {
        world.nodes.nodes[*node].stop();
    }
    sleep(time).await;
    for node in nodes {
        world.nodes.nodes[*node].go_on();
    }
    world.nodes.until_healthy().await;
}

/// Stops each node in turn, while it has taken writes that it has not answered. Some of them were made: the servers send them
/// to another node, and have to notice that.
async fn lose_answers(world: &World) {
    for _ in 0..SILENCES {
        for node in 0..world.nodes.nodes.len() {
            stop_nodes(world, &[node], SHORTLY_SILENT).await;
            world.load.until_written_at(&[0, 1, 2]).await;
        }
    }
}

async fn kill_server(world: &World, server: usize) {
    world.servers.services[server].kill();
    let others: Vec<_> = (0..3).filter(|other| *other != server).collect();
    world.load.until_written_at(&others).await;
}

/// Stops a server for longer than its lease. Then it may write nothing more under the name that the others count as gone.
async fn let_server_sleep(world: &World, server: usize) {
    let markers = format!("/rollcall/{STORE}/w/p/");
    let list = async || {
        let keys = world.nodes.control(&["get", "--prefix", &markers, "--keys-only"]).await;
        let keys = keys.lines().filter(|line| !line.is_empty());
        keys.map(str::to_owned).collect::<Vec<_>>()
    };
    let before = list().await;
    world.servers.services[server].stop();
    sleep(SERVER_STOPPED).await;
    let during = list().await;
    let gone: Vec<_> = before.iter().filter(|key| !during.contains(key)).collect();
    assert_eq!(gone.len(), 1, "one server is counted as gone: {before:?} {during:?}");
    let since = world.nodes.revision().await + 1;
    world.servers.services[server].go_on();
    world.servers.until_ready().await;
    world.load.until_written_at(&[0, 1, 2]).await;
    // Each write rewrites the marker of its process, so that the history of this key has all of them.
    let changed = world.nodes.changes(&markers, since, world.nodes.revision().await).await;
    assert!(
        !changed.contains(gone[0]),
        "a server wrote under the name that had ended"
    );
}

/// Stops a server for less than its lease, and compacts the history meanwhile.
async fn compact(world: &World, server: usize) {
    world.servers.services[server].stop();
    let others: Vec<_> = (0..3).filter(|other| *other != server).collect();
    sleep(SHORTLY_STOPPED).await;
    world.load.until_written_at(&others).await;
    let revision = world.nodes.revision().await.to_string();
    world.nodes.control(&["compact", &revision]).await;
    world.servers.services[server].go_on();
}

/// Starts a server with a clock that is an hour ahead, and later with the right one.
async fn set_clock(world: &World, server: usize) {
    let ahead = [
        ("LD_PRELOAD", OTHER_CLOCK),
        ("FAKETIME", "+3600s"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ("DONT_FAKE_MONOTONIC", "1"),
    ];
    let ahead: Vec<_> = ahead.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    for variables in [ahead, Vec::new()] {
        let service = &world.servers.services[server];
        service.set_variables(variables);
        let starts = service.starts();
        service.kill();
        until_true("a start", async || service.starts() > starts).await;
        world.servers.until_ready().await;
        world.load.until_written_at(&[0, 1, 2]).await;
    }
}

/// Cuts a node off from its peers. The servers still reach it.
async fn cut(world: &World, node: usize) {
    let namespaces = world.nodes.namespaces.as_ref().expect("nodes in namespaces");
    namespaces.cut(node);
    sleep(CUT).await;
    namespaces.heal(node);
    world.nodes.until_healthy().await;
}
