//! Information of the kernel about processes and the machine.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::Outcome;

/// Ticks per second in `/proc`, which is always 100 on Linux.
const TICKS: f64 = 100.0;

/// Returns the processor time that a process has used.
pub fn processor_time(process: u32) -> Outcome<Duration> {
    Ok(ticks(&stat(process)?[11..13]))
}

/// Returns the fields of `/proc/PID/stat` after the name; the first one is field 3.
fn stat(process: u32) -> Outcome<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name may contain blanks and brackets.
    let (_, fields) = text.rsplit_once(") ").ok_or("/proc/PID/stat without a name")?;
    Ok(fields.split(' ').map(str::to_owned).collect())
}

fn ticks(fields: &[String]) -> Duration {
    let ticks: f64 = fields.iter().filter_map(|field| field.parse::<f64>().ok()).sum();
    Duration::from_secs_f64(ticks / TICKS)
}

/// The memory of a process, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// The resident memory now.
    pub resident: u64,
    /// The maximum of the resident memory.
    pub peak: u64,
    /// The part of the resident memory that the program made itself. The rest is pages of its file, which the system can
    /// drop and read again.
    pub own: u64,
}

/// Returns the memory that a process uses now.
pub fn memory(process: u32) -> Outcome<Memory> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let kibibytes = |name: &str| -> Outcome<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().next());
        Ok(number.ok_or("/proc/PID/status without memory")?.parse::<u64>()? * 1024)
    };
    Ok(Memory {
        resident: kibibytes("VmRSS:")?,
        peak: kibibytes("VmHWM:")?,
        own: kibibytes("RssAnon:")?,
    })
}

/// Returns how many files and sockets this process, and each process that it starts, may have open.
pub fn descriptors() -> Outcome<u64> {
    let limits = fs::read_to_string("/proc/self/limits")?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next());
    match soft.ok_or("/proc/self/limits without open files")? {
        "unlimited" => Ok(u64::MAX),
        number => Ok(number.parse()?),
    }
}

/// Describes the cores, processor, kernel and the file system under a folder.
pub fn describe(folder: &Path) -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let processor = read("/proc/cpuinfo");
    let processor = processor.lines().find_map(|line| line.strip_prefix("model name"));
    let processor = processor.map_or("unknown processor", |name| name.trim_start_matches(['\t', ' ', ':']));
    let kernel = read("/proc/sys/kernel/osrelease");
    let mounts = read("/proc/mounts");
    let mounts = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((fields.next()?, fields.next()?))
    });
    let mount = mounts
        .filter(|(mount, _)| folder.starts_with(mount))
        .max_by_key(|(mount, _)| mount.len());
    let (_, system) = mount.unwrap_or(("", "unknown file system"));
    format!(
        "{} cores of {processor}, Linux {}, data on {system}",
        cores(),
        kernel.trim()
    )
}

pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Measures the load of other processes, because figures that were taken beside a compiler are useless.
pub struct Witness {
    since: Instant,
    busy: Duration,
    own: Duration,
}

impl Witness {
    pub fn begin() -> Outcome<Self> {
        Ok(Self {
            since: Instant::now(),
            busy: busy()?,
            own: own()?,
        })
    }

    /// Returns the share of the machine's processor time that other processes used since the start.
    pub fn others(&self) -> Outcome<f64> {
        let busy = busy()?.saturating_sub(self.busy);
        let others = busy.saturating_sub(own()?.saturating_sub(self.own));
        #[allow(clippy::cast_precision_loss)]
        let capacity = self.since.elapsed().as_secs_f64() * cores() as f64;
        Ok(others.as_secs_f64() / capacity)
    }
}

/// Returns the time during which cores were not idle, including time stolen by other guests.
fn busy() -> Outcome<Duration> {
    let text = fs::read_to_string("/proc/stat")?;
    let line = text.lines().next().unwrap_or_default();
    let fields: Vec<_> = line.split_whitespace().skip(1).take(8).map(str::to_owned).collect();
    // Fields 4 and 5 are the time idle and the time waiting for the disk.
    Ok(ticks(&fields[..3]) + ticks(&fields[5..]))
}

/// Returns the processor time of this process and of its children that have ended.
fn own() -> Outcome<Duration> {
    Ok(ticks(&stat(std::process::id())?[11..15]))
}
