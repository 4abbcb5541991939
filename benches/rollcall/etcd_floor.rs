//! The floor of creates in a cluster: the same transactions of etcd, without Rollcall.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use etcd_client::{Client, Compare, CompareOp, Txn, TxnOp};
use rollcall::auth::random;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};

use crate::Outcome;
use crate::measure::{self, Caller, Extent, Measured};

/// Maximum creates in one transaction, as in the store's writer: two comparisons for each.
const AT_ONCE: usize = 50;

/// Bytes of a record and of an index entry.
const RECORD: usize = 120;

/// Measures one writer that puts all waiting creates into one transaction and answers them. Each create compares and
/// writes a record and an index entry.
pub fn merged(endpoints: &str, callers: usize, extent: Extent) -> Outcome<Measured> {
    struct Creator {
        numbers: Arc<AtomicU64>,
        jobs: mpsc::Sender<(u64, oneshot::Sender<()>)>,
    }
    impl Caller for Creator {
        async fn call(&mut self) -> Outcome {
            let (answer, answered) = oneshot::channel();
            let number = self.numbers.fetch_add(1, Ordering::Relaxed);
            self.jobs.send((number, answer)).await?;
            Ok(answered.await?)
        }
    }

    Runtime::new()?.block_on(async {
        let (jobs, waiting) = mpsc::channel(AT_ONCE);
        let leader = endpoints.split(',').next().ok_or("no endpoint")?;
        let client = Client::connect([leader], None).await?;
        let writer = tokio::spawn(write(client, waiting));
        let numbers = Arc::default();
        let creator = |_| Creator {
            numbers: Arc::clone(&numbers),
            jobs: jobs.clone(),
        };
        let all = (0..callers).map(creator).collect();
        drop(jobs);
        let measured = measure::measure(all, extent, std::process::id()).await?;
        writer.await??;
        Ok(measured)
    })
}

async fn write(client: Client, mut waiting: mpsc::Receiver<(u64, oneshot::Sender<()>)>) -> Outcome {
    let prefix = format!("/bench/{:016x}", u64::from_be_bytes(random::bytes()));
    let mut jobs = Vec::with_capacity(AT_ONCE);
    while waiting.recv_many(&mut jobs, AT_ONCE).await > 0 {
        let keys = jobs
            .iter()
            .flat_map(|(number, _)| [format!("{prefix}/r/{number}"), format!("{prefix}/i/{number}")]);
        let (mut compares, mut puts) = (Vec::new(), Vec::new());
        for key in keys {
            compares.push(Compare::mod_revision(key.clone(), CompareOp::Equal, 0));
            puts.push(TxnOp::put(key, vec![b'#'; RECORD], None));
        }
        let made = client.kv_client().txn(Txn::new().when(compares).and_then(puts)).await?;
        if !made.succeeded() {
            return Err("a key was there".into());
        }
        for (_, answer) in jobs.drain(..) {
            let _ = answer.send(());
        }
    }
    Ok(())
}
