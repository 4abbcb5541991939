//! The connections to the nodes of a cluster.
//!
//! There is one client for each node, because a client over several nodes hands calls to dead ones for seconds. Calls go to
//! one node until it fails, and then to the next one.

use std::fs;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use etcd_client::{
    Certificate, Client, ConnectOptions, Error, GetOptions, GetResponse, Identity, KvClient, TlsOptions, Txn,
    TxnResponse, WatchClient,
};
use secrecy::ExposeSecret;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep, timeout};

use super::failure::ClusterFailure;
use super::keyspace::Keyspace;
use crate::config::{ClusterAddress, ClusterSecurity};

/// The largest answer of a node that is read. The default of the client is 4 MiB, which is less than a page of records.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// The time between two pings of a connection. Nodes close connections that ping more often than every five seconds.
const PING: Duration = Duration::from_secs(6);

/// The time to connect to a node, and for the answer to a ping.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// The pause after all nodes have failed.
const PAUSE: Duration = Duration::from_millis(100);

/// The time that a call may take.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    /// The time for the answer of one node.
    pub(super) node: Duration,
    /// The time after which no further node is asked.
    pub(super) all: Duration,
}

impl Patience {
    /// The time for a small call.
    pub(super) const SHORT: Self = Self {
        node: Duration::from_secs(1),
        all: Duration::from_secs(5),
    };

    /// The time for a page of many records.
    pub(super) const LONG: Self = Self {
        node: Duration::from_secs(10),
        all: Duration::from_mins(1),
    };
}

/// The nodes of a cluster, and the keys of one Rollcall there.
pub(in crate::store) struct Cluster {
    address: ClusterAddress,
    nodes: Vec<Node>,
    options: ConnectOptions,
    scheme: &'static str,
    /// The number of the node to which calls go.
    current: AtomicUsize,
    pub(super) keys: Keyspace,
    handle: Handle,
    /// True once the store shall be closed, so that nothing waits for a cluster that does not answer.
    is_closing: AtomicBool,
    /// The runtime of all calls. `None` once the store is closed.
    runtime: Mutex<Option<Runtime>>,
}

struct Node {
    endpoint: String,
    client: OnceCell<Client>,
}

impl Cluster {
    /// Returns the cluster at this address. It is reached with the first call.
    ///
    /// # Errors
    /// The error of the operating system, if no thread can be started or a file cannot be read.
    pub(super) fn new(address: &ClusterAddress) -> io::Result<Self> {
        // A runtime must not be dropped where the server's own one runs, so what may fail comes before it.
        let options = options(&address.security)?;
        let runtime = Builder::new_multi_thread()
            // With a second thread, each answer would wake both.
            .worker_threads(1)
            .thread_name("store-cluster")
            .enable_all()
            .build()?;
        let node = |endpoint: &String| Node {
            endpoint: endpoint.clone(),
            client: OnceCell::new(),
        };
        Ok(Self {
            options,
            scheme: if address.security.ca.is_some() { "https" } else { "http" },
            nodes: address.endpoints.iter().map(node).collect(),
            keys: Keyspace::new(&address.name),
            address: address.clone(),
            current: AtomicUsize::new(0),
            handle: runtime.handle().clone(),
            is_closing: AtomicBool::new(false),
            runtime: Mutex::new(Some(runtime)),
        })
    }

    /// Returns the address of the cluster.
    pub(super) const fn address(&self) -> &ClusterAddress {
        &self.address
    }

    /// Runs a task until the store is closed.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.handle.spawn(task);
    }

    /// Waits on this thread for a call.
    ///
    /// # Errors
    /// Those of the call; [`ClusterFailure::Unreached`] if the store is closed meanwhile.
    pub(super) fn wait<T: Send + 'static>(
        &self,
        call: impl Future<Output = Result<T, ClusterFailure>> + Send + 'static,
    ) -> Result<T, ClusterFailure> {
        let (answer, answered) = mpsc::sync_channel(1);
        self.handle.spawn(async move {
            // The thread waits until it has the answer.
            let _ = answer.send(call.await);
        });
        let closed = |_| ClusterFailure::Unreached("the store is closed".into());
        answered.recv().map_err(closed)?
    }

    /// Lets calls end that would wait until the cluster answers.
    pub(super) fn prepare_to_close(&self) {
        self.is_closing.store(true, Ordering::Release);
    }

    /// Returns whether the store shall be closed.
    pub(super) fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Acquire)
    }

    /// Ends all calls and tasks.
    pub(super) fn stop(&self) {
        let runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(runtime) = runtime {
            runtime.shutdown_background();
        }
    }

    /// Returns the number and the client of the node to which calls go.
    ///
    /// # Errors
    /// [`ClusterFailure`] if the node cannot be reached.
    pub(super) async fn node(&self) -> (usize, Result<Client, ClusterFailure>) {
        let number = self.current.load(Ordering::Acquire);
        let (_, client) = self.node_at(number).await;
        (number, client)
    }

    /// Returns the number of nodes.
    pub(super) const fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// Returns the address and the client of the node with this number. Numbers begin again after the last node.
    pub(super) async fn node_at(&self, number: usize) -> (String, Result<Client, ClusterFailure>) {
        let node = &self.nodes[number % self.nodes.len()];
        let connect = timeout(
            CONNECT_TIMEOUT,
            node.client.get_or_try_init(|| self.connect(&node.endpoint)),
        );
        let client = match connect.await {
            Ok(Ok(client)) => Ok(client.clone()),
            Ok(Err(failure)) => Err(failure),
            Err(_) => Err(ClusterFailure::Unreached(format!("{} does not answer", node.endpoint))),
        };
        (node.endpoint.clone(), client)
    }

    async fn connect(&self, endpoint: &str) -> Result<Client, ClusterFailure> {
        let url = format!("{}://{endpoint}", self.scheme);
        let connected = Client::connect([url], Some(self.options.clone())).await;
        connected.map_err(|error| ClusterFailure::of(&error))
    }

    /// Returns whether calls go to this node.
    pub(super) fn calls_go_to(&self, number: usize) -> bool {
        self.current.load(Ordering::Acquire) == number
    }

    /// Lets calls go to another node, if they still go to this one. Returns whether all nodes have had their turn.
    pub(super) fn leave(&self, number: usize) -> bool {
        let next = number.wrapping_add(1);
        // If another call has left the node already, that counts.
        let _ = self
            .current
            .compare_exchange(number, next, Ordering::AcqRel, Ordering::Acquire);
        next.is_multiple_of(self.nodes.len())
    }

    /// Reads keys as they are now, or as the options say.
    ///
    /// # Errors
    /// Those of [`Self::ask`].
    pub(super) async fn get(
        &self,
        patience: Patience,
        key: Vec<u8>,
        options: Option<GetOptions>,
    ) -> Result<GetResponse, ClusterFailure> {
        let call = |client: Client| {
            let (key, options) = (key.clone(), options.clone());
            async move { kv(&client).get(key, options).await }
        };
        self.ask(patience, call).await
    }

    /// Reads keys as [`Self::get`] does, and waits for them on this thread.
    ///
    /// # Errors
    /// Those of [`Self::ask`] and [`Self::wait`].
    pub(super) fn get_now(
        self: &Arc<Self>,
        patience: Patience,
        key: Vec<u8>,
        options: Option<GetOptions>,
    ) -> Result<GetResponse, ClusterFailure> {
        let cluster = Arc::clone(self);
        self.wait(async move { cluster.get(patience, key, options).await })
    }

    /// Returns the number of keys with this prefix.
    ///
    /// # Errors
    /// Those of [`Self::ask`].
    pub(super) async fn count(&self, prefix: Vec<u8>) -> Result<u64, ClusterFailure> {
        let options = GetOptions::new().with_prefix().with_count_only();
        let found = self.get(Patience::SHORT, prefix, Some(options)).await?;
        Ok(found.count().unsigned_abs())
    }

    /// Makes a transaction that may be made twice.
    ///
    /// # Errors
    /// Those of [`Self::ask`].
    pub(super) async fn repeat(&self, transaction: Txn) -> Result<TxnResponse, ClusterFailure> {
        let call = |client: Client| {
            let transaction = transaction.clone();
            async move { kv(&client).txn(transaction).await }
        };
        self.ask(Patience::SHORT, call).await
    }

    /// Makes a call that may be made twice, at one node after the other until one of them answers.
    ///
    /// # Errors
    /// [`ClusterFailure`], if it is not one of a node, or if no node answers in time.
    pub(super) async fn ask<T, Call>(
        &self,
        patience: Patience,
        call: impl Fn(Client) -> Call,
    ) -> Result<T, ClusterFailure>
    where
        Call: Future<Output = Result<T, Error>>,
    {
        let began = Instant::now();
        loop {
            let (number, client) = self.node().await;
            let failure = match client {
                Ok(client) => match timeout(patience.node, call(client)).await {
                    Ok(Ok(answer)) => return Ok(answer),
                    Ok(Err(error)) => ClusterFailure::of(&error),
                    Err(_) => ClusterFailure::Unreached(format!("no answer in {} s", patience.node.as_secs())),
                },
                Err(failure) => failure,
            };
            if !failure.is_of_node() || began.elapsed() >= patience.all {
                return Err(failure);
            }
            if self.leave(number) {
                sleep(PAUSE).await;
            }
        }
    }
}

impl Drop for Cluster {
    /// A runtime that is dropped on a thread of another one would panic.
    fn drop(&mut self) {
        self.stop();
    }
}

/// Returns how the nodes are connected to.
fn options(security: &ClusterSecurity) -> io::Result<ConnectOptions> {
    let read = |path: &PathBuf| {
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        fs::read(path).map_err(named)
    };
    let mut options = ConnectOptions::new()
        .with_connect_timeout(CONNECT_TIMEOUT)
        .with_keep_alive(PING, CONNECT_TIMEOUT)
        .with_keep_alive_while_idle(true)
        .with_require_leader(true);
    if let Some(ca) = &security.ca {
        let mut tls = TlsOptions::new().ca_certificate(Certificate::from_pem(read(ca)?));
        if let Some((certificate, key)) = &security.identity {
            tls = tls.identity(Identity::from_pem(read(certificate)?, read(key)?));
        }
        options = options.with_tls(tls);
    }
    if let Some((user, password)) = &security.user {
        options = options
            .with_user(user, password.expose_secret())
            .with_auto_token_refresh(true);
    }
    Ok(options)
}

/// Returns the client for keys and values.
pub(super) fn kv(client: &Client) -> KvClient {
    client.kv_client().max_decoding_message_size(MAX_ANSWER_BYTES)
}

/// Returns the client that follows changes.
pub(super) fn watch(client: &Client) -> WatchClient {
    client.watch_client().max_decoding_message_size(MAX_ANSWER_BYTES)
}
