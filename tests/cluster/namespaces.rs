//! Network namespaces for the nodes, so that each of them can be cut off from the others. They need root.

use std::process::Command;

use crate::etcd_node::NodePlace;

/// The name of the bridge between the namespaces, and the beginning of their names.
const NAME: &str = "rcfault";

/// The program that loses packets, as Debian's package `nftables` installs it.
pub const PACKET_FILTER: &str = "/usr/sbin/nft";

/// Three namespaces on one bridge. Dropping them removes them.
pub struct Namespaces {
    /// The numbers of the nodes, which are those of their addresses.
    numbers: [usize; 3],
}

impl Namespaces {
    /// Makes the namespaces, if this process may do so.
    pub fn new() -> Option<Self> {
        // What a killed run has left.
        remove();
        if !ip(&format!("link add {NAME} type bridge")) {
            return None;
        }
        let namespaces = Self { numbers: [1, 2, 3] };
        must(&format!("addr add 10.77.0.254/24 dev {NAME}"));
        must(&format!("link set {NAME} up"));
        for n in namespaces.numbers {
            must(&format!("netns add {NAME}{n}"));
            must(&format!("link add {NAME}v{n} type veth peer name eth0 netns {NAME}{n}"));
            must(&format!("link set {NAME}v{n} master {NAME} up"));
            must(&format!("-n {NAME}{n} addr add 10.77.0.{n}/24 dev eth0"));
            must(&format!("-n {NAME}{n} link set eth0 up"));
            must(&format!("-n {NAME}{n} link set lo up"));
        }
        Some(namespaces)
    }

    /// Returns where the nodes listen.
    pub fn places(&self) -> Vec<NodePlace> {
        let place = |n: usize| NodePlace {
            enter: ["ip", "netns", "exec", &format!("{NAME}{n}")].map(str::to_owned).into(),
            clients: format!("10.77.0.{n}:2379"),
            peers: format!("10.77.0.{n}:2380"),
        };
        self.numbers.map(place).into()
    }

    /// Cuts a node, counted from 0, off from the others. The servers still reach it.
    pub fn cut(&self, node: usize) {
        self.routes(node, "add");
    }

    /// Undoes a cut.
    pub fn heal(&self, node: usize) {
        self.routes(node, "del");
    }

    /// Lets each node lose this many of a hundred packets that arrive there, chosen at random.
    pub fn lose(&self, percent: usize) {
        for n in self.numbers {
            let filter = format!("netns exec {NAME}{n} {PACKET_FILTER}");
            must(&format!("{filter} add table ip loss"));
            must(&format!(
                "{filter} add chain ip loss arriving {{ type filter hook input priority 0 ; }}"
            ));
            must(&format!(
                "{filter} add rule ip loss arriving iif eth0 numgen random mod 100 < {percent} drop"
            ));
        }
    }

    /// Undoes a loss of packets.
    pub fn lose_no_more(&self) {
        for n in self.numbers {
            must(&format!("netns exec {NAME}{n} {PACKET_FILTER} delete table ip loss"));
        }
    }

    fn routes(&self, node: usize, verb: &str) {
        let own = self.numbers[node];
        for other in self.numbers.iter().filter(|other| **other != own) {
            must(&format!("-n {NAME}{own} route {verb} blackhole 10.77.0.{other}/32"));
        }
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        remove();
    }
}

fn remove() {
    for n in 1..=3 {
        // A namespace goes when its last connection has ended, which takes minutes after a cut. Its link would stay as long.
        ip(&format!("link del {NAME}v{n}"));
        ip(&format!("netns del {NAME}{n}"));
    }
    ip(&format!("link del {NAME}"));
}

/// Runs `ip` with these words, and returns whether it succeeded.
fn ip(words: &str) -> bool {
    let output = Command::new("ip").args(words.split(' ')).output();
    output.is_ok_and(|output| output.status.success())
}

fn must(words: &str) {
    assert!(ip(words), "ip {words} fails");
}
