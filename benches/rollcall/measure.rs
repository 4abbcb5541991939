//! The closed loop that everything is measured with: so many callers, each waiting for its answer
//! before it asks again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::Outcome;
use crate::machine;

/// Longest time that is told apart from longer ones.
const LONGEST: Duration = Duration::from_mins(1);

/// Somebody who asks for one thing again and again.
pub trait Caller: Send + 'static {
    /// Asks once and waits for the answer.
    fn call(&mut self) -> impl Future<Output = Outcome> + Send;
}

/// How long callers go on.
#[derive(Debug, Clone, Copy)]
pub enum Extent {
    /// Through a warm-up, which is not counted, and then for this long.
    Time { warm_up: Duration, counted: Duration },
    /// Until each of them has asked this often; all is counted.
    Calls(u64),
}

/// Times, of which three digits are kept.
#[derive(Debug, Clone)]
pub struct Latencies(Histogram<u64>);

impl Latencies {
    /// None yet.
    pub fn new() -> Outcome<Self> {
        let longest = u64::try_from(LONGEST.as_nanos())?;
        Ok(Self(Histogram::new_with_bounds(100, longest, 3)?))
    }

    /// Counts one. What takes longer than can be told apart counts as the longest that can.
    pub fn record(&mut self, took: Duration) {
        self.0
            .saturating_record(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Counts what others have counted.
    pub fn add(&mut self, others: &Self) -> Outcome {
        Ok(self.0.add(&others.0)?)
    }

    /// The longest of this share of them.
    pub fn at(&self, share: f64) -> Duration {
        Duration::from_nanos(self.0.value_at_quantile(share))
    }
}

/// What was counted.
#[derive(Debug, Clone)]
pub struct Measured {
    latencies: Latencies,
    time: Duration,
    processor: Duration,
    driver: Duration,
}

impl Measured {
    /// Nothing counted yet.
    pub fn nothing() -> Outcome<Self> {
        Ok(Self {
            latencies: Latencies::new()?,
            time: Duration::ZERO,
            processor: Duration::ZERO,
            driver: Duration::ZERO,
        })
    }

    /// Counts another round of the same.
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

    /// What this share of the calls took at the most.
    pub fn latency(&self, share: f64) -> Duration {
        self.latencies.at(share)
    }

    /// Processor time of the measured process for one call.
    pub fn processor_per_call(&self) -> Duration {
        self.processor.div_f64(self.calls().max(1.0))
    }

    /// Processor time of the driver for one call, where the measured process is another.
    pub fn driver_per_call(&self) -> Option<Duration> {
        (!self.driver.is_zero()).then(|| self.driver.div_f64(self.calls().max(1.0)))
    }
}

/// Lets all callers ask at once, and counts. `process` is the one whose processor time counts.
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

/// The time whose calls are counted.
#[derive(Clone, Copy)]
struct Window {
    opens: Instant,
    /// Open where it ends with the last call.
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

/// Processor time of the measured process, and of the driver where that is another.
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
