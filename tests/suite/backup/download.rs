//! `GET /api/v1/backup`: who gets a backup, and what a client costs.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rollcall::domain::{Avatar, ImageKind, UserId};
use rollcall::store::{Change, backup};
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpSocket;

use crate::attacks::administrators::give;
use crate::support::backup::{BACKUP, PROOF, done, download, names_in};
use crate::support::server::{UNLIMITED, USER, fix};
use crate::support::store::open_store;
use crate::support::{Client, Process, TestServer};

/// Pictures that make a backup larger than what a connection holds in its buffers.
const PICTURES: u32 = 40;
const PICTURE_BYTES: usize = 250_000;

/// Adds pictures to a store, before those of all users.
pub(super) async fn fill(folder: &TempDir) {
    let store = open_store(&folder.path().join("data")).expect("the store");
    for number in 0..PICTURES {
        let mut state = number + 1;
        let words = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()
        });
        let picture = Avatar {
            user: UserId::new(&format!("!{number:016}")),
            etag: "etag".into(),
            kind: ImageKind::Png,
            bytes: words.take(PICTURE_BYTES / 4).flatten().collect(),
            clean: true,
        };
        store.commit(Change::new().insert(&picture)).await.expect("a commit");
    }
    store.close().await;
}

/// A download whose client has read only the head of the response.
pub(super) struct Stalled {
    response: Response<Incoming>,
    connection: tokio::task::JoinHandle<hyper::Result<()>>,
}

impl Stalled {
    pub(super) async fn begin(client: &Client) -> Self {
        let address: SocketAddr = client.address;
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(8192).expect("a small buffer");
        let stream = socket.connect(address).await.expect("a connection");
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("a connection");
        let connection = tokio::spawn(connection);
        let mut request = Request::get(BACKUP)
            .header("host", address.to_string())
            .header("x-user-id", client.id())
            .header("x-auth-token", client.token());
        for (name, value) in PROOF {
            request = request.header(name, value);
        }
        let request = request.body(Empty::<Bytes>::new()).expect("a request");
        let response = sender.send_request(request).await.expect("a response");
        assert_eq!(response.status(), 200);
        Self { response, connection }
    }

    /// Reads the rest; `None` if the server ended the transfer before its end.
    pub(super) async fn rest(self) -> Option<Bytes> {
        let body = self.response.into_body().collect().await.ok()?;
        Some(body.to_bytes())
    }

    /// Ends the connection.
    fn end(self) {
        self.connection.abort();
    }
}

/// A server with a store that no connection takes at once.
pub(super) async fn large() -> TestServer {
    let folder = TestServer::start().await.stop().await;
    fill(&folder).await;
    TestServer::open(folder, |options| fix(options, &[UNLIMITED])).await
}

#[tokio::test]
async fn a_backup_needs_its_permission_and_a_fresh_proof() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let unproved = admin.get("backup").await.expect(400);
    assert_eq!(unproved["errorType"], "totp-required");
    let wrong = [("x-2fa-method", "password"), ("x-2fa-code", "0")];
    let wrong = admin.send("GET", BACKUP, &wrong, "").await.expect(400);
    assert_eq!(wrong["errorType"], "totp-invalid");
    let user = server.user().await;
    assert_eq!(download(&user).await.status, 403);
    let token = json!({"tokenName": "backups", "scopes": ["admin"]});
    let token = admin
        .post_proved("users.generatePersonalAccessToken", &token)
        .await
        .expect(200);
    let scoped = admin.with_login(admin.id(), token["token"].as_str().expect("a token"));
    assert_eq!(
        download(&scoped).await.expect(403)["errorType"],
        "error-full-token-needed"
    );
    let none = admin.get("audit.list?action=backup-made").await.expect(200);
    assert_eq!(none["total"], 0, "nobody has a backup yet");

    give(&admin, USER, &["manage-backup"]).await;
    let answer = download(&user).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(
        answer.header("content-disposition"),
        Some("attachment; filename=\"rollcall-2023-11-04T11-44-23Z.backup\"")
    );
    let found = backup::check(&answer.body[..]).expect("a sound backup");
    assert_eq!((found.users, found.has_key), (2, false));
    let entries = admin.get("audit.list?action=backup-made").await.expect(200);
    assert_eq!(
        (&entries["total"], &entries["entries"][0]["actor"]["name"]),
        (&json!(1), &json!(USER))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_backup_at_a_time_and_writes_go_on_beside_a_client_that_does_not_read() {
    let server = large().await;
    let admin = server.admin().await;
    let stalled = Stalled::begin(&admin).await;
    let second = download(&admin).await.expect(503);
    assert_eq!(second["errorType"], "error-backup-running");
    assert!(
        second["error"]
            .as_str()
            .is_some_and(|words| words.contains("try again")),
        "{second}"
    );
    for number in 0..20 {
        admin
            .create_status(&format!("status {number}"), "busy")
            .await
            .expect(200);
    }
    // A client that goes away ends its backup.
    stalled.end();
    loop {
        let answer = download(&admin).await;
        if answer.status == 200 {
            backup::check(&answer.body[..]).expect("a sound backup");
            break;
        }
        assert_eq!(answer.status, 503);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_cuts_a_download_and_stops() {
    let server = large().await;
    let stalled = Stalled::begin(&server.admin().await).await;
    server.stop().await;
    assert!(stalled.rest().await.is_none(), "the client learns that it has not all");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_needs_little_memory() {
    let folder = Process::start().kill();
    fill(&folder).await;
    let server = Process::start_in(Arc::clone(&folder), |_| {});
    let admin = server.admin().await;
    // The first ones fill sled's cache.
    for _ in 0..2 {
        assert_eq!(download(&admin).await.status, 200);
    }
    let before = server.resident_kib();
    let bytes = download(&admin).await.body.len();
    assert!(bytes > PICTURES as usize * PICTURE_BYTES);
    let grown = server.resident_kib().saturating_sub(before);
    assert!(grown < 5 * 1024, "{grown} KiB more for a backup of {bytes} bytes");
    let home = folder.path();
    done(home, &["backup", "mine.backup"]);
    assert!(names_in(home).contains(&"mine.backup".to_owned()));
}
