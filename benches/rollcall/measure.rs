//! The closed loop of all measurements: a number of callers, each of which waits for its response before it sends the
//! next request.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::Outcome;
use crate::machine;

/// The longest time that is recorded exactly.
const LONGEST: Duration = Duration::from_mins(1);

/// A caller that repeats one request.
pub trait Caller: Send + 'static {
    /// Sends the request and waits for the response.
    fn call(&mut self) -> impl Future<Output = Outcome> + Send;
}

/// The length of a measurement.
#[derive(Debug, Clone, Copy)]
pub enum Extent {
    /// A warm-up that is not counted, then this time.
    Time { warm_up: Duration, counted: Duration },
    /// This number of calls per caller, all of which are counted.
    Calls(u64),
}

/// A histogram of times, with three significant digits.
#[derive(Debug, Clone)]
pub struct Latencies(Histogram<u64>);

impl Latencies {
    /// Returns an empty histogram.
    pub fn new() -> Outcome<Self> {
        let longest = u64::try_from(LONGEST.as_nanos())?;
        Ok(Self(Histogram::new_with_bounds(100, longest, 3)?))
    }

    /// Counts a time. A time above [`LONGEST`] is counted as [`LONGEST`].
    pub fn record(&mut self, took: Duration) {
        self.0
            .saturating_record(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Adds the counts of another histogram.
    pub fn add(&mut self, others: &Self) -> Outcome {
        Ok(self.0.add(&others.0)?)
    }

    /// Returns the time that this share of the calls did not exceed.
    pub fn at(&self, share: f64) -> Duration {
        Duration::from_nanos(self.0.value_at_quantile(share))
    }
}

/// The result of a measurement.
#[derive(Debug, Clone)]
pub struct Measured {
    latencies: Latencies,
    time: Duration,
    processor: Duration,
    driver: Duration,
}

impl Measured {
    /// Returns an empty result.
    pub fn nothing() -> Outcome<Self> {
        Ok(Self {
            latencies: Latencies::new()?,
            time: Duration::ZERO,
            processor: Duration::ZERO,
            driver: Duration::ZERO,
        })
    }

    /// Adds another round of the same measurement.
    pub fn add(&mut self, round: &Self) -> Outcome {
        self.latencies.add(&round.latencies)?;
        self.time += round.time;
        self.processor += round.processor;
        self.driver += round.driver;
        Ok(())
    }

    #[allow(clippy::cast_precision_loss)]
    pub fn calls(&self) -> f64 {
        self.latencies.0.len() as f64
    }

    pub fn per_second(&self) -> f64 {
        self.calls() / self.time.as_secs_f64()
    }

    /// Returns the time that this share of the calls did not exceed.
    pub fn latency(&self, share: f64) -> Duration {
        self.latencies.at(share)
    }

    /// Returns the processor time of the measured process per call.
    pub fn processor_per_call(&self) -> Duration {
        self.processor.div_f64(self.calls().max(1.0))
    }

    /// Returns the processor time of the driver per call, if the measured process is another one.
    pub fn driver_per_call(&self) -> Option<Duration> {
        (!self.driver.is_zero()).then(|| self.driver.div_f64(self.calls().max(1.0)))
    }
}

/// Runs all callers concurrently and measures them. `process` is the process whose processor time is measured.
pub async fn measure<C: Caller>(callers: Vec<C>, extent: Extent, process: u32) -> Outcome<Measured> {
    let counted = Arc::new(Mutex::new(Measured::nothing()?));
    let mut window = Window::from(extent);
    let mut spent = Spent::until_now(process)?;
    let mut running = Vec::with_capacity(callers.len());
    for caller in callers {
        running.push(tokio::spawn(ask(caller, extent, window, Arc::clone(&counted))));
    }
    if let Some(closes) = window.closes {
        tokio::time::sleep_until(window.opens.into()).await;
        spent = Spent::until_now(process)?;
        tokio::time::sleep_until(closes.into()).await;
        spent = Spent::until_now(process)?.since(spent);
    }
    for caller in running {
        caller.await??;
    }
    if window.closes.is_none() {
        spent = Spent::until_now(process)?.since(spent);
        window.closes = Some(Instant::now());
    }
    let mut counted = counted.lock().unwrap_or_else(PoisonError::into_inner).clone();
    counted.time = window.closes.map_or(Duration::ZERO, |closes| closes - window.opens);
    counted.processor = spent.process;
    counted.driver = spent.driver;
    Ok(counted)
}

async fn ask<C: Caller>(mut caller: C, extent: Extent, window: Window, counted: Arc<Mutex<Measured>>) -> Outcome {
    let mut calls = 0;
    let mut began = Instant::now();
    loop {
        match extent {
            Extent::Calls(wanted) if calls == wanted => return Ok(()),
            Extent::Time { .. } if !window.is_before_end(began) => return Ok(()),
            _ => {}
        }
        caller.call().await?;
        calls += 1;
        let ended = Instant::now();
        if ended >= window.opens && window.is_before_end(ended) {
            let mut counted = counted.lock().unwrap_or_else(PoisonError::into_inner);
            counted.latencies.record(ended - began);
        }
        began = ended;
    }
}

/// The window in which calls are counted.
#[derive(Clone, Copy)]
struct Window {
    opens: Instant,
    /// `None` if the window ends with the last call.
    closes: Option<Instant>,
}

impl Window {
    fn from(extent: Extent) -> Self {
        let now = Instant::now();
        match extent {
            Extent::Time { warm_up, counted } => Self {
                opens: now + warm_up,
                closes: Some(now + warm_up + counted),
            },
            Extent::Calls(_) => Self {
                opens: now,
                closes: None,
            },
        }
    }

    fn is_before_end(&self, moment: Instant) -> bool {
        self.closes.is_none_or(|closes| moment < closes)
    }
}

/// The processor time of the measured process, and of the driver if that is another process.
#[derive(Clone, Copy)]
struct Spent {
    process: Duration,
    driver: Duration,
}

impl Spent {
    fn until_now(process: u32) -> Outcome<Self> {
        let own = std::process::id();
        Ok(Self {
            process: machine::processor_time(process)?,
            driver: if process == own {
                Duration::ZERO
            } else {
                machine::processor_time(own)?
            },
        })
    }

    fn since(self, before: Self) -> Self {
        Self {
            process: self.process.saturating_sub(before.process),
            driver: self.driver.saturating_sub(before.driver),
        }
    }
}
