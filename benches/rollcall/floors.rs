//! Floors: the same work without the measured part. No measured figure can be better than its floor.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use rollcall::auth::random;
use rollcall::domain::{CustomStatus, CustomStatusId, StatusName, StatusType, Timestamp};
use rollcall::store::{Change, Store};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};
use warp::{Filter, Reply};

use crate::measure::{self, Caller, Extent, Measured};
use crate::{Outcome, print};

/// Bytes of a record in the file: about the size of a status with its index entry and sled's headers.
const RECORD: usize = 200;

/// Maximum records in a batch, as in the store's writer.
const BATCH: usize = 512;

/// Measures one thread that appends all waiting records to a file, makes them durable with one `fdatasync`, and
/// answers them.
pub fn append(folder: &Path, callers: usize, extent: Extent) -> Outcome<Measured> {
    type Job = ([u8; RECORD], oneshot::Sender<()>);

    struct Appender(mpsc::Sender<Job>);
    impl Caller for Appender {
        async fn call(&mut self) -> Outcome {
            let (answer, answered) = oneshot::channel();
            self.0.send(([b'#'; RECORD], answer)).await?;
            Ok(answered.await?)
        }
    }

    fn run(mut file: File, mut waiting: mpsc::Receiver<Job>) -> std::io::Result<()> {
        let mut jobs: Vec<Job> = Vec::with_capacity(BATCH);
        let mut bytes = Vec::with_capacity(BATCH * RECORD);
        while waiting.blocking_recv_many(&mut jobs, BATCH) > 0 {
            bytes.clear();
            for (record, _) in &jobs {
                bytes.extend_from_slice(record);
            }
            file.write_all(&bytes)?;
            file.sync_data()?;
            for (_, answer) in jobs.drain(..) {
                let _ = answer.send(());
            }
        }
        Ok(())
    }

    let file = File::create(folder.join("appended"))?;
    let (jobs, waiting) = mpsc::channel(BATCH);
    let appending = thread::spawn(move || run(file, waiting));
    let all = (0..callers).map(|_| Appender(jobs.clone())).collect();
    drop(jobs);
    let measured = Runtime::new()?.block_on(measure::measure(all, extent, std::process::id()))?;
    appending.join().map_err(|_| "the appending thread panicked")??;
    Ok(measured)
}

/// Measures the store's writer with this many tasks of this process, without HTTP.
pub fn writer(folder: &Path, callers: usize, extent: Extent) -> Outcome<Measured> {
    struct Creator {
        store: Store,
        numbers: Arc<AtomicU64>,
    }
    impl Caller for Creator {
        async fn call(&mut self) -> Outcome {
            let number = self.numbers.fetch_add(1, Ordering::Relaxed);
            Ok(self.store.commit(Change::new().insert(&status(number)?)).await?)
        }
    }

    let runtime = Runtime::new()?;
    let store = Store::open(folder)?;
    let numbers = Arc::default();
    let creator = |_| Creator {
        store: store.clone(),
        numbers: Arc::clone(&numbers),
    };
    let all = (0..callers).map(creator).collect();
    let measured = runtime.block_on(measure::measure(all, extent, std::process::id()))?;
    runtime.block_on(store.close());
    Ok(measured)
}

/// Creates this many statuses in the store of a data folder.
pub fn fill(folder: &Path, statuses: u64) -> Outcome {
    const AT_ONCE: usize = 1000;
    let runtime = Runtime::new()?;
    let store = Store::open(folder)?;
    for begin in (0..statuses).step_by(AT_ONCE) {
        let end = statuses.min(begin + AT_ONCE as u64);
        let mut change = Change::new();
        for number in begin..end {
            change = change.insert(&status(number)?);
        }
        runtime.block_on(store.commit(change))?;
    }
    runtime.block_on(store.close());
    Ok(())
}

fn status(number: u64) -> Outcome<CustomStatus> {
    let now = Timestamp::from_millis(1_699_098_263_366);
    Ok(CustomStatus {
        id: CustomStatusId::from_parts(now.object_id_seconds(), random::bytes()),
        name: StatusName::parse(&format!("caught up {number:012}"))?,
        status_type: StatusType::Busy,
        emoji: None,
        duration: None,
        updated_at: now,
    })
}

/// Serves the same response for ever, through the accept loop of the real server.
pub fn serve_static(length: usize) -> Outcome {
    Runtime::new()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        print(&format!("listening on http://{}", listener.local_addr()?));
        let body: &'static [u8] = vec![b'#'; length].leak();
        let filter = warp::path("static").map(move || body.into_response());
        let service = TowerToHyperService::new(warp::service(filter));
        let answer = move |request| {
            let answer = service.call(request);
            async move { answer.await.unwrap_or_else(|infallible| match infallible {}) }
        };
        let limits = rollcall::http::Limits::default();
        rollcall::server::serve(listener, None, answer, limits, |_| None, std::future::pending()).await;
        Ok(())
    })
}
