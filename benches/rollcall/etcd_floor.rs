//! The floor of writes in a cluster: the same transactions of etcd by as many writers, without Rollcall.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use etcd_client::{Client, Compare, CompareOp, PutOptions, ResponseHeader, Txn, TxnOp};
use rollcall::auth::random;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::Outcome;
use crate::measure::{self, Caller, Extent, Measured};

/// Maximum keys in one transaction, as in the store's writer: etcd takes 128 operations.
const KEYS: usize = 126;

/// Seconds until the lease ends on which the marker is.
const LEASE_SECONDS: i64 = 60;

/// The keys that a call writes, each of which it also compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// A new record, its index entry, and an entry of the audit log.
    Create,
    /// The record of the caller, again.
    Replace,
}

impl Call {
    /// Returns the lengths of the values that a call writes, as Rollcall's are.
    const fn values(self) -> &'static [usize] {
        match self {
            Self::Create => &[60, 24, 170],
            Self::Replace => &[170],
        }
    }
}

type Job = (u64, oneshot::Sender<()>);

/// Measures writers, each of which puts all waiting calls into one transaction and answers them. Like Rollcall, a writer
/// compares and rewrites a marker on a lease, and writes the time.
pub fn merged(endpoints: &str, writers: usize, call: Call, callers: usize, extent: Extent) -> Outcome<Measured> {
    struct Writing {
        call: Call,
        number: u64,
        numbers: Arc<AtomicU64>,
        jobs: mpsc::Sender<Job>,
    }
    impl Caller for Writing {
        async fn call(&mut self) -> Outcome {
            let (answer, answered) = oneshot::channel();
            if self.call == Call::Create {
                self.number = self.numbers.fetch_add(1, Ordering::Relaxed);
            }
            self.jobs.send((self.number, answer)).await?;
            Ok(answered.await?)
        }
    }

    Runtime::new()?.block_on(async {
        let endpoint = endpoints.split(',').next().ok_or("no endpoint")?;
        let (mut queues, mut running) = (Vec::new(), JoinSet::new());
        for _ in 0..writers {
            let client = Client::connect([endpoint], None).await?;
            let (jobs, waiting) = mpsc::channel(KEYS);
            running.spawn(write(client, call, waiting));
            queues.push(jobs);
        }
        let numbers = Arc::default();
        let caller = |(number, jobs): (u64, &mpsc::Sender<Job>)| Writing {
            call,
            number,
            numbers: Arc::clone(&numbers),
            jobs: jobs.clone(),
        };
        let all = (0..callers as u64).zip(queues.iter().cycle()).map(caller).collect();
        drop(queues);
        let measured = measure::measure(all, extent, std::process::id()).await?;
        while let Some(ended) = running.join_next().await {
            ended??;
        }
        Ok(measured)
    })
}

async fn write(client: Client, call: Call, mut waiting: mpsc::Receiver<Job>) -> Outcome {
    let prefix = format!("/bench/{:016x}", u64::from_be_bytes(random::bytes()));
    let (marker, time) = (format!("{prefix}/marker"), format!("{prefix}/time"));
    let lease = client.lease_client().grant(LEASE_SECONDS, None).await?.id();
    let mut revisions: HashMap<String, i64> = HashMap::new();
    let most = KEYS / call.values().len();
    let mut jobs = Vec::with_capacity(most);
    while waiting.recv_many(&mut jobs, most).await > 0 {
        let (mut compares, mut puts, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        for (number, _) in &jobs {
            for (part, length) in call.values().iter().enumerate() {
                let key = format!("{prefix}/{part}/{number}");
                puts.push(TxnOp::put(key.clone(), vec![b'#'; *length], None));
                keys.push(key);
            }
        }
        keys.push(marker.clone());
        for key in &keys {
            let revision = revisions.get(key).copied().unwrap_or_default();
            compares.push(Compare::mod_revision(key.clone(), CompareOp::Equal, revision));
        }
        puts.push(TxnOp::put(
            marker.clone(),
            [0; 8],
            Some(PutOptions::new().with_lease(lease)),
        ));
        puts.push(TxnOp::put(time.clone(), [0; 20], None));
        let made = client.kv_client().txn(Txn::new().when(compares).and_then(puts)).await?;
        if !made.succeeded() {
            return Err("another writer has changed a key".into());
        }
        let revision = made.header().map_or(0, ResponseHeader::revision);
        let rewritten = keys.into_iter().filter(|key| call == Call::Replace || *key == marker);
        revisions.extend(rewritten.map(|key| (key, revision)));
        for (_, answer) in jobs.drain(..) {
            let _ = answer.send(());
        }
    }
    Ok(())
}
