//! `/metrics`: who may read it, what it has, and that its size does not depend on clients.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use regex::Regex;
use rollcall::auth::TokenSecret;
use rollcall::domain::SettingId;
use rollcall::server::Options;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::server::{UNLIMITED, USER, fix, new_folder};
use crate::support::store::{is_in_cluster, skipped_in_cluster};
use crate::support::{Client, EventStream, Process, Socket, TestServer, eventually};

const TOKEN: &str = "a token that no one guesses";

/// The labels that metrics may have. None has text of a client.
const LABELS: [&str; 10] = [
    "node", "method", "endpoint", "status", "reader", "state", "result", "check", "peer", "version",
];

/// The metrics as a reader has them.
struct Scraped {
    types: BTreeMap<String, String>,
    helps: BTreeSet<String>,
    /// The names of the labels of each metric, without those of buckets.
    labels: BTreeMap<String, BTreeSet<String>>,
    samples: BTreeMap<String, f64>,
}

impl Scraped {
    fn parse(text: &str) -> Self {
        let label = Regex::new(r#"(\w+)="((?:[^"\\]|\\.)*)""#).expect("a pattern");
        let mut found = Self {
            types: BTreeMap::new(),
            helps: BTreeSet::new(),
            labels: BTreeMap::new(),
            samples: BTreeMap::new(),
        };
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').expect("a help");
                assert!(help.ends_with('.'), "{line}");
                assert!(found.helps.insert(name.to_owned()), "{name} twice");
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').expect("a type");
                found.types.insert(name.to_owned(), kind.to_owned());
            } else {
                let (series, value) = line.rsplit_once(' ').expect("a sample");
                let name = series.split('{').next().expect("a name");
                let family = found.family(name);
                let names = label.captures_iter(series).map(|pair| pair[1].to_owned());
                let names = names.filter(|name| name != "le");
                found.labels.entry(family).or_default().extend(names);
                let value = value.parse().expect("a number");
                assert!(
                    found.samples.insert(series.to_owned(), value).is_none(),
                    "{series} twice"
                );
            }
        }
        found
    }

    /// Returns the metric of a sample: a histogram has samples with other names.
    fn family(&self, sample: &str) -> String {
        let is_histogram = |name: &&str| self.types.get(*name).is_some_and(|kind| kind == "histogram");
        let endings = ["_bucket", "_sum", "_count"];
        let cut = endings
            .iter()
            .find_map(|ending| sample.strip_suffix(ending).filter(is_histogram));
        cut.unwrap_or(sample).to_owned()
    }

    #[track_caller]
    fn value(&self, series: &str) -> f64 {
        let known = || panic!("no {series} in {:?}", self.samples.keys());
        self.samples.get(series).copied().unwrap_or_else(known)
    }
}

fn own_address(options: &mut Options) {
    options.metrics_listen = vec!["127.0.0.1:0".parse().expect("an address")];
    fix(options, &[UNLIMITED]);
}

/// Starts a server whose metrics have an address of their own.
async fn start() -> (TestServer, Client) {
    let server = TestServer::start_with(own_address).await;
    let reader = Client::new(server.metrics_address.expect("an address"));
    (server, reader)
}

async fn scrape(reader: &Client) -> Scraped {
    let answer = reader.send("GET", "/metrics", &[], "").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    Scraped::parse(&String::from_utf8_lossy(&answer.body))
}

/// Scrapes until a series has this value.
async fn until(reader: &Client, series: &str, value: f64) {
    eventually(async || {
        let found = scrape(reader).await.samples.get(series).copied().unwrap_or_default();
        (found - value).abs() < f64::EPSILON
    })
    .await;
}

#[tokio::test]
async fn the_main_address_gives_them_only_to_the_permission_or_to_the_token() {
    let server =
        TestServer::start_with(|options| options.fixed.metrics_token = Some(TokenSecret::presented(TOKEN))).await;
    let (admin, user, anonymous) = (server.admin().await, server.user().await, server.anonymous());
    let ask = async |client: &Client, token: Option<&str>| {
        let header = token.map(|token| ("authorization", token));
        client.send("GET", "/metrics", header.as_slice(), "").await.status
    };
    assert_eq!(ask(&admin, None).await, 200);
    assert_eq!(ask(&user, None).await, 403);
    assert_eq!(ask(&anonymous, None).await, 401);
    for (token, status) in [
        (format!("Bearer {TOKEN}"), 200),
        (format!("bearer {TOKEN}"), 200),
        (format!("Bearer {TOKEN}x"), 401),
        (format!("Bearer {}", &TOKEN[..TOKEN.len() - 1]), 401),
        ("Bearer ".to_owned(), 401),
        (format!("Basic {TOKEN}"), 401),
        (TOKEN.to_owned(), 401),
    ] {
        assert_eq!(ask(&anonymous, Some(&token)).await, status, "{token}");
    }
    let head = admin.send("HEAD", "/metrics", &[], "").await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert!((400..500).contains(&admin.send("POST", "/metrics", &[], "").await.status));
    // A token with few scopes reads less than its user.
    let body = json!({"tokenName": "reader", "scopes": ["presence:read"], "bypassTwoFactor": true});
    let made = admin
        .post_proved("users.generatePersonalAccessToken", &body)
        .await
        .expect(200);
    let narrow = admin.with_login(admin.id(), made["token"].as_str().expect("a token"));
    assert_eq!(ask(&narrow, None).await, 403);

    let without = TestServer::start().await;
    let empty = without.anonymous();
    assert_eq!(ask(&empty, Some("Bearer ")).await, 401, "no token is set");
}

#[tokio::test]
async fn an_address_of_their_own_has_nothing_else_and_the_main_one_has_them_no_more() {
    let (server, reader) = start().await;
    for (method, path, status) in [
        ("GET", "/metrics", 200),
        ("GET", "/metrics?a=b", 200),
        ("HEAD", "/metrics", 200),
        ("POST", "/metrics", 405),
        ("GET", "/", 404),
        ("GET", "/livez", 404),
        ("GET", "/api/v1/me", 404),
        ("GET", "/metrics/", 404),
    ] {
        let answer = reader.send(method, path, &[], "").await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert!(answer.header("x-request-id").is_some(), "{method} {path}");
    }
    assert_eq!(server.admin().await.send("GET", "/metrics", &[], "").await.status, 404);
}

#[tokio::test]
async fn a_reader_without_a_login_is_bounded_as_on_other_addresses() {
    let calls = rollcall::domain::SettingValue::Number(3);
    let server = TestServer::start_with(|options| {
        options.metrics_listen = vec!["127.0.0.1:0".parse().expect("an address")];
        fix(options, &[(SettingId::RateLimiterAnonymousAll, calls)]);
    })
    .await;
    let reader = Client::new(server.metrics_address.expect("an address"));
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(reader.send("GET", "/metrics", &[], "").await.status);
    }
    assert_eq!(statuses, [200, 200, 200, 429]);
    // A client has at most 16 connections; one more gets an answer at once and is closed.
    let mut open = Vec::new();
    for _ in 0..16 {
        let mut stream = TcpStream::connect(reader.address).await.expect("a connection");
        stream.write_all(b"GET /").await.expect("the server reads");
        open.push(stream);
    }
    loop {
        // The connections from before may not have ended yet, and these may not be accepted yet.
        let mut surplus = TcpStream::connect(reader.address).await.expect("a connection");
        let mut answer = [0; 12];
        let read = tokio::time::timeout(std::time::Duration::from_secs(5), surplus.read_exact(&mut answer)).await;
        if matches!(read, Ok(Ok(_))) {
            assert_eq!(&answer, b"HTTP/1.1 429");
            break;
        }
        open.push(surplus);
    }
}

#[tokio::test]
async fn what_happens_is_counted() {
    if skipped_in_cluster("a cluster does not tell how much space is free") {
        return;
    }
    let (server, reader) = start().await;
    let (admin, user) = (server.admin().await, server.user().await);
    let before = scrape(&reader).await;
    admin.get("me").await.expect(200);
    admin.get("me").await.expect(200);
    server.anonymous().get("me").await.expect(401);
    let wrong = json!({"user": USER, "password": "wrong password"});
    server.anonymous().post("login", &wrong).await.expect(401);
    admin.create_status("tea", "away").await.expect(200);
    let socket = Socket::of(&user).await;
    let headers = [("x-user-id", admin.id()), ("x-auth-token", admin.token())];
    let stream = EventStream::open(server.address, "/events?here=0", &headers).await;
    let stream = stream.expect("a stream");
    let after = scrape(&reader).await;
    let grown = |series: &str| after.value(series) - before.samples.get(series).copied().unwrap_or_default();
    for (series, by) in [
        (
            "rollcall_http_requests_total{endpoint=\"me\",method=\"GET\",status=\"200\"}",
            2.0,
        ),
        (
            "rollcall_http_requests_total{endpoint=\"me\",method=\"GET\",status=\"401\"}",
            1.0,
        ),
        (
            "rollcall_http_requests_total{endpoint=\"login\",method=\"POST\",status=\"401\"}",
            1.0,
        ),
        (
            "rollcall_http_requests_total{endpoint=\"/events\",method=\"GET\",status=\"200\"}",
            1.0,
        ),
        (
            "rollcall_http_requests_total{endpoint=\"/websocket\",method=\"GET\",status=\"101\"}",
            1.0,
        ),
        (
            "rollcall_http_request_seconds_count{endpoint=\"me\",method=\"GET\"}",
            3.0,
        ),
        ("rollcall_logins_total{result=\"failed\"}", 1.0),
        ("rollcall_logins_total{result=\"succeeded\"}", 1.0),
        ("rollcall_sockets", 1.0),
        ("rollcall_event_streams", 1.0),
        ("rollcall_presence_connections", 1.0),
    ] {
        assert!((grown(series) - by).abs() < f64::EPSILON, "{series}: {}", grown(series));
    }
    for series in [
        "rollcall_presence_changes_total",
        "rollcall_store_commits_total",
        "rollcall_store_batches_total",
        "rollcall_store_flush_seconds_count",
    ] {
        assert!(grown(series) >= 1.0, "{series}");
    }
    for series in [
        "rollcall_store_file_bytes",
        "rollcall_disk_free_bytes",
        "process_open_fds",
        "process_max_fds",
        "process_resident_memory_bytes",
        "process_start_time_seconds",
    ] {
        assert!(after.value(series) > 0.0, "{series}");
    }
    assert!((after.value("rollcall_users{state=\"active\"}") - 2.0).abs() < f64::EPSILON);
    drop(socket);
    drop(stream);
    until(&reader, "rollcall_sockets", 0.0).await;
    until(&reader, "rollcall_event_streams", 0.0).await;
    let fanned = scrape(&reader).await;
    assert!(fanned.value("rollcall_fanout_delay_seconds_count{reader=\"sockets\"}") >= 1.0);
    assert!(fanned.value("rollcall_fanout_delay_seconds_count{reader=\"streams\"}") >= 1.0);
}

#[tokio::test]
async fn blocked_logins_and_headers_of_proxies_are_counted() {
    let (server, reader) = start().await;
    let admin = server.admin().await;
    let wrong = json!({"user": "admin", "password": "wrong password"});
    loop {
        let refused = server.anonymous().post("login", &wrong).await;
        if refused.json()["error"] != "Unauthorized" {
            break;
        }
    }
    let forwarded = [("x-forwarded-for", "192.0.2.1")];
    admin.send("GET", "/api/v1/me", &forwarded, "").await.expect(200);
    let found = scrape(&reader).await;
    assert!(found.value("rollcall_logins_total{result=\"blocked\"}") >= 1.0);
    assert!(found.value("rollcall_logins_total{result=\"failed\"}") >= 2.0);
    assert!((found.value("rollcall_forwarded_requests_total{peer=\"other\"}") - 1.0).abs() < f64::EPSILON);
}

#[tokio::test]
async fn ten_thousand_paths_make_no_series() {
    let (server, reader) = start().await;
    let warm = async |path: &str| server.anonymous().send("GET", path, &[], "").await.status;
    let begin = [
        "/",
        "/api/v1/",
        "/people/",
        "/avatar/",
        "/api/v1/method.call/",
        "/assets/",
        "/join/",
    ];
    for begin in begin {
        warm(&format!("{begin}warm")).await;
    }
    warm("/livez").await;
    // The statuses are bounded too, and a guess gets another one when too many were wrong.
    let names = |found: &Scraped| -> BTreeSet<String> {
        let name = |series: &String| series.split(",status=").next().unwrap_or_default().to_owned();
        found.samples.keys().map(name).collect()
    };
    let before = names(&scrape(&reader).await);
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    let requests: Vec<_> = (0..10_000)
        .map(|number| {
            let begin = begin[number % begin.len()];
            format!("GET {begin}x{number} HTTP/1.1\r\nhost: h{number}\r\nuser-agent: u{number}\r\n\r\n")
        })
        .collect();
    // The server closes the connection after the last answer.
    let last = "GET /livez HTTP/1.1\r\nhost: last\r\nconnection: close\r\n\r\n";
    let (mut reading, mut writing) = stream.split();
    let requests = requests.concat() + last;
    let mut answers = Vec::new();
    let (asked, read) = tokio::join!(
        writing.write_all(requests.as_bytes()),
        reading.read_to_end(&mut answers)
    );
    asked.expect("the server reads");
    read.expect("answers");
    let answers = String::from_utf8_lossy(&answers);
    assert_eq!(answers.matches("HTTP/1.1 ").count(), 10_001);
    let found = scrape(&reader).await;
    let after = names(&found);
    let new: Vec<_> = after.difference(&before).collect();
    assert!(new.is_empty(), "{new:?}");
    let requests = found
        .samples
        .iter()
        .filter(|(series, _)| series.starts_with("rollcall_http_requests_total"));
    let counted: f64 = requests.map(|(_, count)| count).sum();
    assert!(counted >= 10_000.0, "{counted}");
}

/// Scrapes a server that does everything which makes a metric appear, but for TLS.
async fn everything() -> Scraped {
    let folder = new_folder();
    // A file in the place of the folder makes each backup fail.
    fs::write(folder.path().join("file"), "").expect("a file");
    let address = |server: &mut Process| {
        let line = server.line();
        let address = line.trim().strip_prefix("metrics on http://").expect("an address");
        Client::new(address.parse().expect("an address"))
    };
    let with = |backups: &'static str| {
        Process::start_in(folder.clone(), move |command| {
            command.args([
                "--metrics-listen",
                "127.0.0.1:0",
                "--backup-dir",
                backups,
                "--log-level",
                "error",
            ]);
        })
    };
    let mut failing = with("file");
    let reader = address(&mut failing);
    until(&reader, "rollcall_backup_failures_total", 1.0).await;
    let failed = scrape(&reader).await;
    failing.signal(libc::SIGTERM);
    failing.wait();
    let mut server = with("backups");
    let reader = address(&mut server);
    server.anonymous().get("me").await.expect(401);
    loop {
        let mut found = scrape(&reader).await;
        if found
            .samples
            .contains_key("rollcall_backup_last_success_timestamp_seconds")
        {
            assert!(found.value("rollcall_backup_last_bytes") > 0.0);
            found.samples.extend(failed.samples);
            found.types.extend(failed.types);
            found.helps.extend(failed.helps);
            found.labels.extend(failed.labels);
            return found;
        }
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("a file")
}

/// Returns whether the servers of this run serve a metric with this description.
fn is_always_served(description: &str) -> bool {
    let needs = description.rsplit_once("(only with ").map(|(_, needs)| needs);
    match needs {
        Some("a cluster)") => is_in_cluster(),
        Some(_) => false,
        None => true,
    }
}

#[tokio::test]
async fn every_metric_has_help_type_and_bounded_labels_and_is_documented() {
    let found = everything().await;
    let names: BTreeSet<_> = found.types.keys().cloned().collect();
    assert_eq!(names, found.helps);
    let mut served = BTreeMap::new();
    for (name, labels) in &found.labels {
        for label in labels {
            assert!(LABELS.contains(&label.as_str()), "{name} has the label {label}");
        }
        served.insert(name.clone(), (found.types[name].clone(), labels.clone()));
    }
    let row = Regex::new(r"(?m)^\| `((?:rollcall|process)_\w+)` \| (\w+) \| (.*?) \| (.*) \|$").expect("a pattern");
    let label = Regex::new(r"`(\w+)`").expect("a pattern");
    let mut documented = BTreeMap::new();
    for row in row.captures_iter(&read("docs/monitoring.md")) {
        let labels = label.captures_iter(&row[3]).map(|label| label[1].to_owned()).collect();
        if is_always_served(&row[4]) {
            documented.insert(row[1].to_owned(), (row[2].to_owned(), labels));
        }
    }
    assert_eq!(documented, served);
}

#[tokio::test]
async fn the_dashboard_asks_only_for_metrics_that_are_served() {
    let dashboard: Value = serde_json::from_str(&read("packaging/grafana/rollcall.json")).expect("JSON");
    let found = everything().await;
    let metric = Regex::new(r"\b(?:rollcall|process)_\w+").expect("a pattern");
    let documentation = read("docs/monitoring.md");
    let mut asked = BTreeSet::new();
    for panel in dashboard["panels"].as_array().expect("panels") {
        let targets = panel["targets"].as_array().expect("targets");
        assert!(!targets.is_empty(), "{panel}");
        for target in targets {
            let expression = target["expr"].as_str().expect("an expression");
            let names = metric.find_iter(expression).map(|name| found.family(name.as_str()));
            asked.extend(names);
        }
    }
    assert!(asked.len() > 30, "{asked:?}");
    for name in &asked {
        let row = documentation.lines().find(|line| line.contains(&format!("`{name}`")));
        let may_be_absent = row.is_some_and(|row| !is_always_served(row.trim_end_matches(" |")));
        assert!(found.types.contains_key(name) || may_be_absent, "{name} is not served");
    }
    let unused: Vec<_> = found.types.keys().filter(|name| !asked.contains(*name)).collect();
    assert!(unused.is_empty(), "not in the dashboard: {unused:?}");
}

#[test]
fn a_token_for_metrics_that_could_be_guessed_is_refused_and_never_shown() {
    let folder = new_folder();
    let config = |token: &str| {
        let mut command = crate::support::process::rollcall(folder.path());
        command.args(["config", "--json"]).env("ROLLCALL_METRICS_TOKEN", token);
        crate::support::process::run(command, "")
    };
    let short = config("short");
    assert_eq!(short.status.code(), Some(78));
    let said = String::from_utf8_lossy(&short.stderr);
    assert!(
        said.contains("metrics_token") && said.contains("fewer than 16") && !said.contains("short"),
        "{said}"
    );
    let long = config(TOKEN);
    assert!(long.status.success());
    assert!(!String::from_utf8_lossy(&long.stdout).contains(TOKEN));
}
