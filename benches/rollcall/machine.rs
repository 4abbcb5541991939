//! What the kernel tells of processes and of the machine.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::Outcome;

/// Ticks of a second in `/proc`; Linux shows 100 to every program.
const TICKS: f64 = 100.0;

/// Processor time that a process has taken.
pub fn processor_time(process: u32) -> Outcome<Duration> {
    Ok(ticks(&stat(process)?[11..13]))
}

/// The fields of `/proc/PID/stat` that stand behind the name, the third being the first.
fn stat(process: u32) -> Outcome<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name may have blanks and brackets of its own.
    let (_, fields) = text.rsplit_once(") ").ok_or("/proc/PID/stat without a name")?;
    Ok(fields.split(' ').map(str::to_owned).collect())
}

fn ticks(fields: &[String]) -> Duration {
    let ticks: f64 = fields.iter().filter_map(|field| field.parse::<f64>().ok()).sum();
    Duration::from_secs_f64(ticks / TICKS)
}

/// Memory of a process, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// Resident now.
    pub resident: u64,
    /// The most that ever was.
    pub peak: u64,
}

/// Memory that a process has now.
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
    })
}

/// How many files and sockets this process, and one that it starts, may have open.
pub fn descriptors() -> Outcome<u64> {
    let limits = fs::read_to_string("/proc/self/limits")?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next());
    match soft.ok_or("/proc/self/limits without open files")? {
        "unlimited" => Ok(u64::MAX),
        number => Ok(number.parse()?),
    }
}

/// Cores, processor, kernel and the file system under a folder.
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

/// Watches what else runs meanwhile: a figure taken beside a compiler means nothing.
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

    /// The share of the machine that others have taken since.
    pub fn others(&self) -> Outcome<f64> {
        let busy = busy()?.saturating_sub(self.busy);
        let others = busy.saturating_sub(own()?.saturating_sub(self.own));
        #[allow(clippy::cast_precision_loss)]
        let capacity = self.since.elapsed().as_secs_f64() * cores() as f64;
        Ok(others.as_secs_f64() / capacity)
    }
}

/// Time that all cores have not been idle, that stolen by other guests included.
fn busy() -> Outcome<Duration> {
    let text = fs::read_to_string("/proc/stat")?;
    let line = text.lines().next().unwrap_or_default();
    let fields: Vec<_> = line.split_whitespace().skip(1).take(8).map(str::to_owned).collect();
    // Fourth and fifth stand idle and waiting for the disk.
    Ok(ticks(&fields[..3]) + ticks(&fields[5..]))
}

/// Time of this process and of its children that have ended.
fn own() -> Outcome<Duration> {
    Ok(ticks(&stat(std::process::id())?[11..15]))
}
