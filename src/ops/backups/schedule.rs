//! Scheduled backups: files in a folder, of which old ones are removed.
//!
//! A failure is logged and tried again, and never affects the server. The times between backups are counted by the steady
//! clock, so that a clock that jumps neither prevents a backup nor makes many.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;
use tracing::{info, warn};

use super::{BEGINNING, Backup, ENDING, file_name, hold, stream};
use crate::app::App;
use crate::config::BackupPlan;
use crate::domain::{Retention, Timestamp};
use crate::store::backup::{BackupFile, UNFINISHED, write_file};

/// Maximum minutes until a backup that failed is tried again.
const RETRY_MINUTES: u32 = 10;

/// The time after which a backup that does not end is given up, for example on a network disk that does not answer.
const PATIENCE: Duration = Duration::from_hours(2);

const HOUR_MILLIS: i64 = 3_600_000;

/// Makes backups as the settings plan them, until the future is dropped. Returns at once if none are planned.
pub async fn make_in_time(app: App) {
    let Some(plan) = app.fixed.backups.clone() else {
        return;
    };
    let every_millis = i64::from(plan.every_hours) * HOUR_MILLIS;
    let began = app.clock.steady();
    let mut due = began.plus_millis(first_pause(&app, &plan, every_millis).await);
    loop {
        // The wait begins before the clock is read, so that no change of it is missed.
        let tick = app.clock.tick();
        let began = app.clock.steady();
        if began < due {
            tick.await;
            continue;
        }
        let pause = match make(&app, &plan).await {
            Ok(made) => {
                app.backups.succeeded(made.summary.taken_at, made.file_bytes);
                every_millis
            }
            Err(cause) => {
                app.backups.failed();
                app.metrics.readings.backup_failed(app.clock.wall());
                warn!(
                    cause,
                    folder = %plan.folder.display(),
                    "no scheduled backup was made: check the folder, its disk and its owner; it is tried again in \
                     {RETRY_MINUTES} minutes"
                );
                every_millis.min(i64::from(RETRY_MINUTES) * 60_000)
            }
        };
        due = began.plus_millis(pause);
    }
}

/// Returns the milliseconds until the first backup of this process: the interval minus the age of the newest file. A file
/// from the future counts as old, because the clock was wrong then or is wrong now.
async fn first_pause(app: &App, plan: &BackupPlan, every_millis: i64) -> i64 {
    let folder = plan.folder.clone();
    let newest = on_thread(move || {
        let made = found(&folder).unwrap_or_default();
        let newest = made.into_iter().max()?;
        let bytes = fs::metadata(path_of(&folder, newest)).map_or(0, |file| file.len());
        Some((newest, bytes))
    });
    let Some((newest, bytes)) = timeout(PATIENCE, newest).await.ok().and_then(Result::ok).flatten() else {
        return 0;
    };
    let age = app.clock.now().as_millis() - newest.as_millis();
    app.backups.succeeded(newest, bytes);
    if age < 0 { 0 } else { (every_millis - age).max(0) }
}

/// Makes one backup, and removes old ones.
async fn make(app: &App, plan: &BackupPlan) -> Result<BackupFile, String> {
    let backup = hold(app).await.map_err(|error| error.to_string())?;
    let abandoned = backup.held.abandon();
    let (folder, keep) = (plan.folder.clone(), plan.keep);
    let making = on_thread(move || -> Result<BackupFile, String> {
        let made = write(&folder, &backup)?;
        remove_outdated(&folder, keep, backup.taken_at);
        Ok(made)
    });
    let made = timeout(PATIENCE, making).await.unwrap_or_else(|_| {
        abandoned();
        Err(format!(
            "the disk did not answer for {} minutes",
            PATIENCE.as_secs() / 60
        ))
    });
    let made: BackupFile = made??;
    info!(
        folder = %plan.folder.display(),
        bytes = made.file_bytes,
        entries = made.summary.entries,
        "made a scheduled backup"
    );
    Ok(made)
}

/// Runs work that may wait for a disk for ever on a thread of its own, which the process does not wait for at its end.
async fn on_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
    let (done, waiting) = oneshot::channel();
    let run = move || {
        stream::step_back();
        drop(done.send(work()));
    };
    let begun = thread::Builder::new().name("scheduled-backup".into()).spawn(run);
    begun.map_err(|error| error.to_string())?;
    waiting.await.map_err(|_| "a defect: the thread ended".to_owned())
}

/// Writes a backup, and removes what an earlier process left that was killed.
fn write(folder: &Path, backup: &Backup) -> Result<BackupFile, String> {
    let removed = if folder.is_dir() {
        remove_unfinished(folder)
    } else {
        Ok(())
    };
    removed.map_err(|error| format!("{}: {error}", folder.display()))?;
    write_file(folder, &file_name(backup.taken_at), |out| backup.write_to(out))
}

fn path_of(folder: &Path, made: Timestamp) -> PathBuf {
    folder.join(file_name(made))
}

/// Returns the times of the backups in a folder, which are in their names.
fn found(folder: &Path) -> io::Result<Vec<Timestamp>> {
    let mut made = Vec::new();
    for entry in folder.read_dir()? {
        let name = entry?.file_name();
        let time = name
            .to_str()
            .and_then(|name| name.strip_prefix(BEGINNING)?.strip_suffix(ENDING));
        made.extend(time.and_then(Timestamp::of_file_name));
    }
    Ok(made)
}

/// Removes what an earlier process left that was killed during a backup.
fn remove_unfinished(folder: &Path) -> io::Result<()> {
    for entry in folder.read_dir()? {
        let entry = entry?;
        let name = entry.file_name();
        if name
            .to_str()
            .is_some_and(|name| name.starts_with(BEGINNING) && name.ends_with(UNFINISHED))
        {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Removes old backups. The one that was just made stays, whatever the clock says.
fn remove_outdated(folder: &Path, keep: Retention, just_made: Timestamp) {
    let just_made = just_made.file_name();
    let outdated = found(folder).map(|made| keep.outdated(&made));
    let removed = outdated.and_then(|outdated| {
        for made in outdated {
            if made.file_name() != just_made {
                fs::remove_file(path_of(folder, made))?;
                info!(made = %made, "removed an old backup");
            }
        }
        Ok(())
    });
    if let Err(cause) = removed {
        warn!(%cause, folder = %folder.display(), "old backups are not removed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_backups_are_removed() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let at = |text: &str| Timestamp::parse(text).expect("a time");
        let times = ["2026-11-25T05:00:00Z", "2026-11-26T05:00:00Z", "2026-11-27T05:00:00Z"].map(at);
        for time in times {
            fs::write(path_of(home.path(), time), "x").expect("a file");
        }
        for name in [
            "rollcall-.backup",
            "rollcall-2026.backup",
            "notes",
            "rollcall-2020-01-01T00-00-00Z.backup.age",
        ] {
            fs::write(home.path().join(name), "x").expect("a file");
        }
        fs::write(home.path().join("rollcall-2020-01-01T00-00-00Z.backup.unfinished"), "x").expect("a file");
        remove_unfinished(home.path()).expect("a folder");
        let keep = Retention {
            daily: 1,
            weekly: 0,
            monthly: 0,
        };
        // The clock was set back: the newest is not the one that was just made.
        remove_outdated(home.path(), keep, times[0]);
        let mut left = found(home.path()).expect("a folder");
        left.sort_unstable();
        assert_eq!(left, [times[0], times[2]]);
        let names = home.path().read_dir().expect("a folder").count();
        assert_eq!(names, 2 + 4, "other files stay");
    }
}
