//! Backups that a start makes before it upgrades the store of an older version.
//!
//! They are in a folder of the data folder, or in another folder with a symbolic link there. So the older version finds
//! them, and names one if it is started again and cannot read the upgraded store.

use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf, absolute};

use tracing::{info, warn};

use super::file::{remove_unfinished, write_file};
use super::{BackupError, ENCRYPTED, Encryption, MakeError, make, read, split_name};
use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::store::OpenError;
use crate::store::folder::{self, create_private};
use crate::store::held::Held;
use crate::store::sync::sync_names;

/// The folder of these backups in a data folder.
const FOLDER: &str = "upgrade-backups";

/// The number of these backups that are kept.
const KEPT_BACKUPS: usize = 3;

/// The beginning, a mark inside, and the ending of their names.
const BEGINNING: &str = "before-upgrade-";
const COMMITS: &str = "-commits-";
const ENDING: &str = ".backup";

/// The version in the name if it is unknown which version used the store.
const UNKNOWN: &str = "unknown";

/// The version of this program.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The rule for backups before an upgrade.
#[derive(Debug, Default, Clone)]
pub struct UpgradeBackups {
    /// The folder in which they are made; `None` is a folder of the data folder.
    pub folder: Option<PathBuf>,
    /// `true` to upgrade without a backup.
    pub are_skipped: bool,
    /// The encryption of these backups.
    pub encryption: Encryption,
}

/// The parts of the name of a backup before an upgrade.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Name {
    /// The version that used the store.
    version: String,
    made: Timestamp,
    /// The number of commits of the store.
    commits: u64,
    is_encrypted: bool,
}

impl Name {
    fn text(&self) -> String {
        let (version, made, commits) = (&self.version, self.made.file_name(), self.commits);
        let encrypted = if self.is_encrypted { ENCRYPTED } else { "" };
        format!("{BEGINNING}{version}-{made}{COMMITS}{commits}{ENDING}{encrypted}")
    }

    fn of(text: &str) -> Option<Self> {
        let (plain, is_encrypted) = split_name(text);
        let rest = plain.strip_prefix(BEGINNING)?.strip_suffix(ENDING)?;
        let (rest, commits) = rest.rsplit_once(COMMITS)?;
        let length = Timestamp::from_millis(0).file_name().len();
        let (version, made) = rest.split_at_checked(rest.len().checked_sub(length)?)?;
        let found = Self {
            version: version.strip_suffix('-')?.to_owned(),
            made: Timestamp::of_file_name(made)?,
            commits: commits.parse().ok()?,
            is_encrypted,
        };
        (found.text() == text).then_some(found)
    }
}

/// Returns the version of a data folder in the form that a name may have.
fn version_of(folder: &Path) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-+".contains(&byte);
    let version = folder::written_by(folder).filter(|version| version.bytes().all(is_plain));
    version.unwrap_or_else(|| UNKNOWN.to_owned())
}

/// Makes a durable backup of the store in the data folder `data`, which is about to be upgraded, and removes old ones.
/// `live_bytes` are the bytes of its records.
///
/// # Errors
/// [`OpenError::NotBackedUp`] if the backup could not be made or checked. The caller must then not upgrade the store.
pub(in crate::store) fn back_up(
    data: &Path,
    moment: Result<Held, String>,
    live_bytes: u64,
    rule: &UpgradeBackups,
) -> Result<(), OpenError> {
    if rule.are_skipped {
        warn!("the store of an older version is upgraded without a backup, because of --upgrade-without-backup");
        return Ok(());
    }
    let written = moment.and_then(|moment| write(data, &moment, rule));
    let (path, file_bytes) = written.map_err(|cause| OpenError::NotBackedUp {
        folder: data.to_owned(),
        cause,
        bytes: live_bytes,
    })?;
    info!(
        path = %path.display(),
        bytes = file_bytes,
        "backed up the store of an older version before its upgrade"
    );
    Ok(())
}

fn write(data: &Path, moment: &Held, rule: &UpgradeBackups) -> Result<(PathBuf, u64), String> {
    let commits = moment.commits();
    let own = data.join(FOLDER);
    let place = rule.folder.as_deref().unwrap_or(&own);
    let earlier = found(&own);
    // A start that failed after its backup has made one of the same store.
    let same: Vec<_> = earlier.into_iter().filter(|name| name.commits == commits).collect();
    let name = Name {
        version: same
            .first()
            .map_or_else(|| version_of(data), |name| name.version.clone()),
        made: Clock::system().now(),
        commits,
        is_encrypted: rule.encryption.is_on(),
    };
    let at = |cause: &dyn std::fmt::Display| format!("{}: {cause}", place.display());
    remove_unfinished(place, BEGINNING).map_err(|error| at(&error))?;
    let text = name.text();
    let make = |out: &mut dyn Write| -> Result<_, MakeError> { make(moment, name.made, None, out) };
    let file = write_file(place, &text, &rule.encryption, make)?;
    if !is_same(place, &own)
        && let Err(cause) = link(&own, place, &text)
    {
        // The earlier backups stay, because the older version finds only those.
        warn!(%cause, "an older version will not find the backup from before the upgrade: there is no link to it");
    } else if let Err(cause) = remove_old(&own, &name, &same) {
        warn!(%cause, folder = %own.display(), "old backups from before an upgrade are not removed");
    }
    Ok((place.join(text), file.file_bytes))
}

/// Returns whether two paths name the same folder, also if one of them is relative or has a symbolic link.
fn is_same(one: &Path, other: &Path) -> bool {
    one == other || matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// Links to a backup in another folder. Replaces an older link, but never a file, which may be the backup itself.
fn link(own: &Path, place: &Path, name: &str) -> io::Result<()> {
    create_private(own)?;
    let path = own.join(name);
    if path.is_symlink() {
        fs::remove_file(&path)?;
    }
    symlink(absolute(place)?.join(name), path)?;
    sync_names(own)
}

fn remove_if_present(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Returns the names of the backups in a folder; none if it cannot be read.
fn found(own: &Path) -> Vec<Name> {
    let entries = own.read_dir().into_iter().flatten().flatten();
    entries
        .filter_map(|entry| Name::of(entry.file_name().to_str()?))
        .collect()
}

/// Removes earlier backups of the same store, and all but the newest [`KEPT_BACKUPS`]. Keeps the backup that was just made, even if
/// the clock went back.
///
/// A start that is killed during its upgrade leaves a store that is partly of this version. The older version cannot
/// read it, nor a backup of it. So the backups of such stores replace each other, and never the backup from before the
/// first of these starts.
fn remove_old(own: &Path, just_made: &Name, same: &[Name]) -> io::Result<()> {
    let mut others = found(own);
    // The time in a name has whole seconds.
    others.retain(|name| name.text() != just_made.text());
    let is_half_upgraded = |name: &Name| name.version == VERSION;
    let is_replaced = |name: &Name| same.contains(name) || (is_half_upgraded(just_made) && is_half_upgraded(name));
    let (outdated, mut others): (Vec<_>, Vec<_>) = others.into_iter().partition(is_replaced);
    others.sort_unstable_by_key(|name| std::cmp::Reverse((name.made, name.commits)));
    for name in outdated.iter().chain(others.iter().skip(KEPT_BACKUPS - 1)) {
        let path = own.join(name.text());
        // A link names a file of the same name in another folder.
        if let Ok(linked) = fs::read_link(&path)
            && linked.file_name() == path.file_name()
        {
            remove_if_present(&linked)?;
        }
        fs::remove_file(path)?;
    }
    Ok(())
}

/// Adds to the refusal of a store of a newer version the newest backup that this version can read.
pub(in crate::store) fn with_way_back(error: OpenError) -> OpenError {
    match error {
        OpenError::Newer {
            folder, writer, what, ..
        } => OpenError::Newer {
            way_back: way_back(&folder),
            folder,
            writer,
            what,
        },
        other => other,
    }
}

/// Returns the command that restores the newest backup from before an upgrade that this version can read.
fn way_back(folder: &Path) -> Option<String> {
    let own = folder.join(FOLDER);
    let mut names = found(&own);
    names.sort_unstable_by_key(|name| std::cmp::Reverse((name.made, name.commits)));
    let command = |name: &Name| {
        let path = own.join(name.text());
        let path = fs::read_link(&path).unwrap_or(path);
        let key = if name.is_encrypted { " --identity FILE" } else { "" };
        let command = format!(
            "`rollcall restore {}{key} --replace --data-dir {}`",
            path.display(),
            folder.display()
        );
        is_readable(name, &path).then_some(command)
    };
    names.iter().find_map(command)
}

/// Returns whether this version can restore a file. Checks the whole file; of an encrypted file, only the version in its
/// name.
fn is_readable(name: &Name, path: &Path) -> bool {
    if name.is_encrypted {
        return path.is_file() && numbers(&name.version).is_some_and(|version| Some(version) <= numbers(VERSION));
    }
    let file = File::open(path).map_err(BackupError::Read);
    file.and_then(|file| read::check(BufReader::new(file))).is_ok()
}

/// Returns the numbers of a version, which are in the order of the versions.
fn numbers(version: &str) -> Option<Vec<u64>> {
    let release = version.split(['-', '+']).next()?;
    release.split('.').map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: u32) -> Timestamp {
        Timestamp::from_millis(1_795_000_000_123).plus_days(day)
    }

    fn name(version: &str, day: u32, commits: u64) -> Name {
        Name {
            version: version.to_owned(),
            made: at(day),
            commits,
            is_encrypted: false,
        }
    }

    /// Returns a name as it is read from a folder.
    fn stored(name: &Name) -> Name {
        Name::of(&name.text()).expect("a name")
    }

    #[test]
    fn a_name_is_found_again_and_no_other_is_taken_for_one() {
        for version in ["0.1.0", "1.0.0-rc.1", UNKNOWN] {
            let text = name(version, 1, 42).text();
            // A name has whole seconds.
            assert_eq!(Name::of(&text).map(|found| found.text()), Some(text.clone()));
            let text = format!("{text}.age");
            assert_eq!(Name::of(&text).map(|found| found.text()), Some(text));
        }
        for text in [
            "",
            "before-upgrade-.backup",
            "before-upgrade-0.1.0-2026-11-27T05-00-00Z.backup",
            "before-upgrade-0.1.0-2026-11-27T05-00-00Z-commits-.backup",
            "before-upgrade-0.1.0-2026-11-27T05-00-00Z-commits-1.backup.unfinished",
            "before-upgrade-2026-11-27T05-00-00Z-commits-1.backup",
            "before-upgrade-é-2026-11-27T05-00-00Z-commits-01.backup",
            "rollcall-2026-11-27T05-00-00Z.backup",
        ] {
            assert_eq!(Name::of(text), None, "{text}");
        }
    }

    #[test]
    fn an_encrypted_backup_is_readable_by_its_version() {
        let home = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(home.path().join(FOLDER)).expect("a folder");
        let encrypted = |version: &str, day: u32| Name {
            is_encrypted: true,
            ..name(version, day, u64::from(day))
        };
        assert_eq!(way_back(home.path()), None);
        for name in [
            encrypted(UNKNOWN, 5),
            encrypted("99.0.0", 4),
            encrypted(VERSION, 3),
            encrypted("0.0.1", 2),
        ] {
            fs::write(home.path().join(FOLDER).join(name.text()), "x").expect("a file");
        }
        let command = way_back(home.path()).expect("a command");
        assert!(
            command.contains(&encrypted(VERSION, 3).text()) && command.contains(".age --identity FILE --replace"),
            "{command}"
        );
        assert!(numbers("0.10.0") > numbers("0.9.9") && numbers("1.0.0-rc.1") > numbers("0.9"));
    }

    #[test]
    fn the_newest_three_are_kept_and_one_of_each_store() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let (own, place) = (home.path().join("own"), home.path().join("place"));
        fs::create_dir(&own).expect("a folder");
        fs::create_dir(&place).expect("a folder");
        let here = |name: &Name| fs::write(own.join(name.text()), "x").expect("a file");
        let [oldest, linked, same, future] = [name("1", 0, 1), name("1", 1, 2), name("1", 2, 3), name("1", 99, 4)];
        here(&oldest);
        here(&future);
        here(&same);
        fs::write(place.join(linked.text()), "x").expect("a file");
        link(&own, &place, &linked.text()).expect("a link");
        fs::write(own.join("notes"), "x").expect("a file");
        let just_made = name("1", 3, 3);
        here(&just_made);
        remove_old(&own, &just_made, &[stored(&same)]).expect("a folder");
        let left = || {
            let mut left: Vec<_> = found(&own).iter().map(|name| name.commits).collect();
            left.sort_unstable();
            left
        };
        assert_eq!(left(), [2, 3, 4]);
        // The clock was set back: the one that was just made stays.
        let just_made = name("1", 0, 5);
        here(&just_made);
        remove_old(&own, &just_made, &[]).expect("a folder");
        assert_eq!(left(), [3, 4, 5]);
        assert!(
            !place.join(linked.text()).exists(),
            "the file behind the link is removed too"
        );
        assert!(own.join("notes").exists());
    }

    #[test]
    fn backups_of_half_upgraded_stores_replace_each_other_and_not_that_of_the_older_version() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let own = home.path();
        let put = |name: &Name| fs::write(own.join(name.text()), "x").expect("a file");
        put(&name("0.0.1", 0, 1));
        for commits in 2..7 {
            let just_made = name(VERSION, 1, commits);
            put(&just_made);
            remove_old(own, &just_made, &[]).expect("a folder");
            let mut left: Vec<_> = found(own).iter().map(|name| name.commits).collect();
            left.sort_unstable();
            assert_eq!(left, [1, commits]);
        }
    }

    #[test]
    fn a_link_never_replaces_a_backup() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let (own, alias) = (home.path().join("own"), home.path().join("alias"));
        fs::create_dir(&own).expect("a folder");
        symlink(&own, &alias).expect("a link");
        assert!(is_same(&alias, &own) && is_same(&home.path().join("own/../own"), &own));
        assert!(!is_same(home.path(), &own) && !is_same(&home.path().join("none"), &own));
        let text = name("1", 0, 1).text();
        fs::write(own.join(&text), "x").expect("a file");
        link(&own, &alias, &text).expect_err("a file is there");
        assert_eq!(fs::read_to_string(own.join(&text)).ok().as_deref(), Some("x"));
        link(&own, home.path(), "other").expect("a link");
        link(&own, &alias, "other").expect("another link");
        assert_eq!(fs::read_link(own.join("other")).ok(), Some(alias.join("other")));
    }

    #[test]
    fn a_link_to_a_file_that_is_gone_is_removed() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let (own, place) = (home.path().join("own"), home.path().join("place"));
        let (gone, just_made) = (name("1", 0, 1), name("1", 1, 1));
        link(&own, &place, &gone.text()).expect("a link");
        fs::write(own.join(just_made.text()), "x").expect("a file");
        remove_old(&own, &just_made, &[stored(&gone)]).expect("a folder");
        assert_eq!(found(&own), [stored(&just_made)]);
    }
}
