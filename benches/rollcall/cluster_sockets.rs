//! Thousands of sockets at two servers of a cluster: their cost, and the time until a change at one server has reached all.

use std::time::Instant;

use tokio::task::LocalSet;
use tokio::time::sleep;

use crate::cluster::Servers;
use crate::crowd::{Counts, Crowd, Interface};
use crate::etcd_nodes::EtcdNodes;
use crate::fan_out::FanOut;
use crate::figure::Figure;
use crate::plan::Plan;
use crate::sockets::{PATIENCE, QUIET, SIZES, check_descriptors};
use crate::{Outcome, table};

/// The number of sockets, each of a user of its own, and the time limits for a change to reach all of them: those of one
/// server.
const SIZE: (u64, [u64; 2]) = SIZES[1];

/// The number of servers, each of which has half of them.
const SERVERS: usize = 2;

pub fn run(plan: &Plan) -> Outcome {
    let (sockets, _) = SIZE;
    check_descriptors(sockets)?;
    let folder = plan.temporary()?;
    let nodes = EtcdNodes::start(folder.path())?;
    let servers = Servers::start(plan, &nodes, SERVERS, sockets)?;
    let credentials = servers.all[0].credentials()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, measure(&servers, &credentials, plan.quick))
}

async fn measure(servers: &Servers, credentials: &str, quick: bool) -> Outcome {
    let (sockets, aims) = SIZE;
    let [here, there] = &servers.all[..] else {
        return Err("two servers".into());
    };
    let resident = || -> Outcome<u64> { Ok(here.memory()?.resident + there.memory()?.resident) };
    let before = resident()?;
    let mut crowd = Crowd::new(
        Interface::Sockets,
        servers.logins.iter().map(|login| login.token.clone()).collect(),
    );
    let began = Instant::now();
    crowd.set_servers(&[here.address, there.address]);
    crowd.gather();
    let all = |counts: &Counts| counts.logged_in == servers.logins.len();
    let logged_in = crowd.until("all are logged in", PATIENCE, all).await?;
    let logged_in_after = logged_in.last_step - began;
    crowd.subscribe();
    crowd.until_ready(PATIENCE).await?;
    // Each login is shown at the other server too, which may take longer than the logins.
    sleep(QUIET).await;
    let is_quiet = |counts: &Counts| counts.last_change.is_none_or(|last| last.elapsed() >= QUIET);
    crowd.until("the servers are quiet", PATIENCE, is_quiet).await?;
    let (one, other) = (here.settled().await?.resident, there.settled().await?.resident);
    let each = (one + other).saturating_sub(before) / sockets;
    let row = |what: &str, figure: Figure| [what.into(), figure];
    let title = format!(
        "{} sockets at two servers, each of a user of its own",
        table::count(sockets)
    );
    let rows = vec![
        row("until all are logged in", table::time(logged_in_after)),
        row("resident at both before", table::megabytes(before)),
        row("resident at both when all are idle", table::megabytes(one + other)),
        row("of that for each socket", table::kibibytes(each)),
    ];
    table::table(&title, ["", ""], rows);
    let fan_out = FanOut::measure(&crowd, here, credentials, quick).await?;
    fan_out.show(&title, aims);
    Ok(())
}
