//! Durable creates beside a backup of many users with pictures.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rollcall::auth::random;
use rollcall::domain::{Avatar, ImageKind, User};
use rollcall::store::Change;

use crate::figure::Figure;
use crate::measure::{Extent, Measured};
use crate::plan::Plan;
use crate::server::Server;
use crate::table;
use crate::{Outcome, creates, driver, population};

/// Users of the store, and in a short run.
const USERS: u64 = 10_000;
const FEW_USERS: u64 = 300;

/// Bytes of each picture, about as many as a picture of 256 × 256 pixels has.
const PICTURE_BYTES: usize = 16 * 1024;

/// Number of clients that create statuses without a pause.
const AT_ONCE: usize = 64;

/// The factor by which a backup may make the slowest hundredth of the creates slower.
const MOST_TIMES: f64 = 2.0;

pub fn run(plan: &Plan) -> Outcome {
    let folder = plan.temporary()?;
    let users = if plan.quick { FEW_USERS } else { USERS };
    let picture = picture();
    let named = |_, user: User| {
        Ok(User {
            avatar: Some("bench".to_owned()),
            ..user
        })
    };
    population::fill_with(folder.path(), users, named, |change: Change, user| {
        change.insert(&Avatar {
            user: user.id.clone(),
            etag: "bench".to_owned(),
            kind: ImageKind::Jpeg,
            bytes: picture.clone(),
            clean: true,
        })
    })?;
    let server = Server::rollcall(folder.path())?;
    let request = creates::request(&server.credentials()?);
    let numbers = Arc::default();
    let mut backups = Vec::new();
    let drive = |extent| driver::drive_with(&server, vec![request.clone(); AT_ONCE], extent, &numbers);
    let [alone, beside] = rounds(plan, drive, || back_up(folder.path()), &mut backups)?;
    let (row, times) = rows(&alone, &beside);
    table::table(
        &format!(
            "Creates with {AT_ONCE} clients, beside a backup of {} users with pictures",
            table::count(users)
        ),
        ["", "a second", "p50", "p99", "p99 of alone"],
        row,
    );
    let slowest = backups.iter().max().copied().unwrap_or_default();
    crate::print(&format!(
        "{} backups were made meanwhile, the slowest in {}. The p99 may be {MOST_TIMES} times that of alone, and is {times:.2} \
         times.",
        backups.len(),
        table::time(slowest)
    ));
    Ok(())
}

/// Measures in turn without and beside backups that follow each other without a pause.
fn rounds(
    plan: &Plan,
    mut drive: impl FnMut(Extent) -> Outcome<Measured>,
    back_up: impl Fn() -> Outcome<Duration> + Sync,
    backups: &mut Vec<Duration>,
) -> Outcome<[Measured; 2]> {
    let (mut alone, mut beside) = (Measured::nothing()?, Measured::nothing()?);
    for _ in 0..plan.rounds() {
        alone.add(&drive(plan.round())?)?;
        let is_over = AtomicBool::new(false);
        let round = thread::scope(|scope| -> Outcome<_> {
            let making = scope.spawn(|| -> Outcome<Vec<Duration>> {
                let mut made = Vec::new();
                while !is_over.load(Ordering::Relaxed) {
                    made.push(back_up()?);
                }
                Ok(made)
            });
            let measured = drive(plan.round());
            is_over.store(true, Ordering::Relaxed);
            let made = making.join().map_err(|_| "the thread of the backups ended")??;
            backups.extend(made);
            measured
        })?;
        beside.add(&round)?;
    }
    Ok([alone, beside])
}

fn rows(alone: &Measured, beside: &Measured) -> (Vec<[Figure; 5]>, f64) {
    let times = beside.latency(0.99).div_duration_f64(alone.latency(0.99));
    let row = |name: &str, measured: &Measured, times: Figure| {
        [
            name.into(),
            table::grouped(measured.per_second()),
            table::time(measured.latency(0.5)),
            table::time(measured.latency(0.99)),
            times,
        ]
    };
    let rows = vec![
        row("alone", alone, Figure::none()),
        row("beside a backup", beside, table::times(times)),
    ];
    (rows, times)
}

/// Makes a backup of the running server. Returns its time.
pub fn back_up(data: &Path) -> Outcome<Duration> {
    let began = Instant::now();
    let mut child = Command::new(Server::binary())
        .args(["backup", "-", "--data-dir"])
        .arg(data)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut out = child.stdout.take().ok_or("a process without standard output")?;
    io::copy(&mut out, &mut io::sink())?;
    if child.wait()?.success() {
        Ok(began.elapsed())
    } else {
        Err("a backup failed".into())
    }
}

/// Returns bytes that do not become smaller, like those of a picture.
fn picture() -> Vec<u8> {
    (0..PICTURE_BYTES / 32).flat_map(|_| random::bytes::<32>()).collect()
}
