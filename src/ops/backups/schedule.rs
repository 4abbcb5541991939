//! Scheduled backups: files in a folder, of which old ones are removed.
//!
//! A failure is logged and tried again, and never affects the server. The times between backups are counted by the steady
//! clock, so that a clock that jumps neither prevents a backup nor makes many.

use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;
use tracing::{info, warn};

use super::{BEGINNING, Backup, ENDING, hold, stream};
use crate::app::{App, ScheduledBackup};
use crate::config::BackupPlan;
use crate::domain::{Retention, Timestamp};
use crate::store::backup::{BackupFile, remove_unfinished, split_name, write_file};

/// Maximum minutes until a backup that failed is tried again.
const RETRY_MINUTES: u32 = 10;

/// The time after which a backup that does not end is given up, for example on a network disk that does not answer.
const BACKUP_TIMEOUT: Duration = Duration::from_hours(2);

const HOUR_MILLIS: i64 = 3_600_000;

/// Makes backups as the settings plan them, until the future is dropped. Returns at once if none are planned.
pub(crate) async fn make_in_time(app: App) {
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
            Ok((made, files)) => {
                app.backups.succeeded(Some(made), files);
                every_millis
            }
            Err(cause) => {
                app.backups.failed(app.clock.now());
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

/// Returns the milliseconds until the first backup of this process: the interval minus the age of the newest file. Files from
/// the future do not count, because the clock was wrong when they were made.
async fn first_pause(app: &App, plan: &BackupPlan, every_millis: i64) -> i64 {
    let folder = plan.folder.clone();
    let files = on_thread(move || found(&folder).unwrap_or_default());
    let Some(files) = timeout(BACKUP_TIMEOUT, files).await.ok().and_then(Result::ok) else {
        return 0;
    };
    let now = app.clock.now();
    let newest = files.iter().find(|file| file.taken_at <= now).cloned();
    let age = newest
        .as_ref()
        .map(|newest| now.as_millis() - newest.taken_at.as_millis());
    app.backups.succeeded(newest, files);
    age.map_or(0, |age| (every_millis - age).max(0))
}

/// Makes one backup, and removes old ones. Returns it, and all files that are left.
async fn make(app: &App, plan: &BackupPlan) -> Result<(ScheduledBackup, Vec<ScheduledBackup>), String> {
    let backup = Backup {
        encryption: app.fixed.backup_encryption.clone(),
        ..hold(app).await.map_err(|error| error.to_string())?
    };
    let abandoned = backup.held.abandon();
    let (folder, keep) = (plan.folder.clone(), plan.keep);
    let making = on_thread(move || -> Result<_, String> {
        let made = write(&folder, &backup)?;
        remove_outdated(&folder, keep, backup.taken_at);
        let made_file = ScheduledBackup {
            taken_at: backup.taken_at,
            name: backup.file_name(),
            file_bytes: made.file_bytes,
            is_encrypted: backup.encryption.is_on(),
        };
        Ok((made_file, made.summary.entries, found(&folder).unwrap_or_default()))
    });
    let made = timeout(BACKUP_TIMEOUT, making).await.unwrap_or_else(|_| {
        abandoned();
        Err(format!(
            "the disk did not answer for {} minutes",
            BACKUP_TIMEOUT.as_secs() / 60
        ))
    });
    let (made, entries, files) = made??;
    info!(
        folder = %plan.folder.display(),
        bytes = made.file_bytes,
        entries,
        "made a scheduled backup"
    );
    Ok((made, files))
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

/// Writes a backup, and removes the unfinished file of an earlier process that was killed.
fn write(folder: &Path, backup: &Backup) -> Result<BackupFile, String> {
    let removed = remove_unfinished(folder, BEGINNING);
    removed.map_err(|error| format!("{}: {error}", folder.display()))?;
    write_file(folder, &backup.file_name(), &backup.encryption, |out| {
        backup.write_to(out)
    })
}

/// Returns the backups in a folder, the newest first. The times are in their names.
fn found(folder: &Path) -> io::Result<Vec<ScheduledBackup>> {
    let mut files = Vec::new();
    for entry in folder.read_dir()? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let (plain, is_encrypted) = split_name(&name);
        let time = plain.strip_prefix(BEGINNING).and_then(|rest| rest.strip_suffix(ENDING));
        if let Some(taken_at) = time.and_then(Timestamp::of_file_name) {
            files.push(ScheduledBackup {
                taken_at,
                file_bytes: entry.metadata().map_or(0, |file| file.len()),
                is_encrypted,
                name,
            });
        }
    }
    files.sort_unstable_by(|one, other| {
        other
            .taken_at
            .cmp(&one.taken_at)
            .then_with(|| one.name.cmp(&other.name))
    });
    Ok(files)
}

/// Removes old backups. A backup that is newer than the one that was just made comes from a wrong clock: it does not
/// count and is not removed, until its time has come.
fn remove_outdated(folder: &Path, keep: Retention, just_made: Timestamp) {
    let removed = found(folder).and_then(|mut files| {
        // The time in a name has whole seconds.
        files.retain(|file| file.taken_at <= just_made);
        let times: Vec<_> = files.iter().map(|file| file.taken_at).collect();
        let outdated = keep.outdated(&times);
        for file in files.iter().filter(|file| outdated.contains(&file.taken_at)) {
            fs::remove_file(folder.join(&file.name))?;
            info!(made = %file.taken_at, "removed an old backup");
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
    fn only_old_backups_are_removed_and_those_of_a_future_clock_do_not_count() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let at = |text: &str| Timestamp::parse(text).expect("a time");
        let put = |name: &str| fs::write(home.path().join(name), "x").expect("a file");
        for day in 24..28 {
            put(&format!("rollcall-2026-11-{day}T05-00-00Z.backup"));
        }
        put("rollcall-2026-11-25T06-00-00Z.backup.age");
        put("rollcall-2099-01-01T00-00-00Z.backup");
        put("rollcall-2098-01-01T00-00-00Z.backup.age");
        let others = [
            "rollcall-.backup",
            "rollcall-2026.backup",
            "rollcall-.age",
            "notes",
            "before-upgrade-0.1.0-2020-01-01T00-00-00Z-commits-1.backup",
        ];
        for name in others {
            put(name);
        }
        put("rollcall-2020-01-01T00-00-00Z.backup.unfinished");
        put("rollcall-2020-01-01T00-00-00Z.backup.age.unfinished");
        remove_unfinished(home.path(), BEGINNING).expect("a folder");
        let keep = Retention {
            daily: 2,
            weekly: 0,
            monthly: 0,
        };
        // The one of 27 November has the future too, after the clock was set back.
        remove_outdated(home.path(), keep, at("2026-11-26T05:00:00.5Z"));
        let left = found(home.path()).expect("a folder");
        let names: Vec<_> = left.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "rollcall-2099-01-01T00-00-00Z.backup",
                "rollcall-2098-01-01T00-00-00Z.backup.age",
                "rollcall-2026-11-27T05-00-00Z.backup",
                "rollcall-2026-11-26T05-00-00Z.backup",
                "rollcall-2026-11-25T06-00-00Z.backup.age",
            ]
        );
        assert_eq!(left.iter().filter(|file| file.is_encrypted).count(), 2);
        let names = home.path().read_dir().expect("a folder").count();
        assert_eq!(names, 5 + others.len(), "other files stay");
    }
}
