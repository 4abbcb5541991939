//! What strangers and users write, as it reaches an administrator's terminal and other users' screens.

use std::path::Path;

use rollcall::admin_socket::Command;
use rollcall::domain::token::Session;
use rollcall::domain::{AuditAction, AuditEntry, AuditParty, Timestamp, Token, TokenKind};
use rollcall::store::Change;
use serde_json::{Value, json};

use crate::support::process::{rollcall, run};
use crate::support::server::{PASSWORD, USER, fix, open_registration};
use crate::support::store::{open_store, overrides};
use crate::support::{Client, Socket, TestServer};

/// Sets the title, clears the screen, writes the clipboard, forges a row, and turns text around.
const EVIL: &str = "\u{1b}]0;pwned\u{7}\u{1b}[2J\u{1b}]52;c;eA==\u{7}\u{9b}31mroot\nFAKE row\u{202e}\u{200f}";

/// What no line on a terminal may have, a line end apart.
fn acts(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn printed(folder: &Path, arguments: &[&str]) -> (String, String) {
    let mut command = rollcall(folder);
    command.args(arguments);
    let output = run(command, "");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    let (out, err) = (text(output.stdout), text(output.stderr));
    for text in [&out, &err] {
        assert!(!text.contains(acts), "{arguments:?}: {text:?}");
    }
    (out, err)
}

/// Tries to log in over HTTP and over a socket.
async fn fail_as(server: &TestServer, name: &str) {
    let body = json!({"user": name, "password": "x"});
    server.anonymous().post("login", &body).await.expect(401);
    let mut socket = Socket::connected(server.address).await;
    socket
        .error("login", json!([{"user": {"username": name}, "password": "x"}]))
        .await;
}

// The command blocks its thread, and the server answers it on another one.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_stranger_types_for_a_name_does_not_reach_the_terminal_or_the_log() {
    let server = TestServer::start().await;
    for name in [EVIL, "my secret passphrase!", "eve.nobody"] {
        fail_as(&server, name).await;
    }
    let admin = server.admin().await;
    let log = admin.get("audit.list?action=login-failed").await.expect(200);
    // Entries of the same millisecond have no order.
    let mut names: Vec<_> = log["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .map(|entry| entry["target"]["name"].as_str().expect("a name").to_owned())
        .collect();
    names.sort_unstable();
    let unlike = "(not a username)";
    assert_eq!(names, [unlike, unlike, unlike, unlike, "eve.nobody", "eve.nobody"]);
    let folder = server.folder.path().to_owned();
    let (table, _) = printed(&folder, &["audit"]);
    assert!(table.contains("eve.nobody") && table.contains(unlike), "{table}");
    assert!(!table.contains("FAKE row") && !table.contains("passphrase"), "{table}");
}

// A name is trimmed before it is looked up, and white space may act on a terminal: U+0085 is a line end there.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_was_typed_with_controls_is_not_repeated_raw() {
    let server = TestServer::start().await;
    server.user().await;
    let folder = server.folder.path().to_owned();
    for action in ["unlock", "deactivate", "activate"] {
        let (said, _) = printed(&folder, &["user", action, &format!("\u{85}{USER}\u{c}\r")]);
        assert!(said.contains(USER), "{action}: {said:?}");
    }
}

/// A store that has texts from before they were checked.
async fn with_evil_texts() -> std::sync::Arc<tempfile::TempDir> {
    let server = TestServer::start().await;
    server.user().await;
    let data = server.data_dir();
    let folder = server.stop().await;
    let store = open_store(&data).expect("the store opens");
    let snapshot = store.read();
    let token = snapshot.tokens().next().expect("a login");
    let evil = Token {
        // The test's clock is behind that of the command line.
        expires_at: None,
        kind: TokenKind::Session(Session {
            client: EVIL.into(),
            ..Session::default()
        }),
        ..(**token).clone()
    };
    let mut change = Change::new().replace(&**token, &evil);
    let entry = AuditEntry {
        at: Timestamp::from_millis(1_699_098_263_366),
        order: [7; 8],
        actor: AuditParty::new("user", "x", EVIL),
        address: None,
        action: AuditAction::UserUpdated,
        target: Some(AuditParty::new("user", "x", "=HYPERLINK(\"http://evil\")")),
        detail: format!("-1+{EVIL}"),
    };
    change = change.insert(&entry);
    store.commit(change).await.expect("a commit");
    store.close().await;
    folder
}

#[tokio::test]
async fn texts_of_an_older_version_are_shown_escaped_by_every_command() {
    let folder = with_evil_texts().await;
    let home = folder.path();
    let escaped = "\\u{1b}]0;pwned\\u{7}";
    for arguments in [&["token", "list"][..], &["audit"]] {
        let (table, _) = printed(home, arguments);
        assert!(
            table.contains(escaped) && table.contains("\\u{a}FAKE row\\u{202e}"),
            "{table}"
        );
    }
    for arguments in [
        &["user", "show", EVIL][..],
        &["user", "delete", EVIL],
        &["user", "delete", EVIL, "--yes"],
        &["status", "delete", EVIL, "--yes"],
        &["status", "create", EVIL, "busy"],
        &["audit", "--from", EVIL],
        &["audit", "--action", EVIL],
        &["config", "--set", EVIL],
    ] {
        let (_, error) = printed(home, arguments);
        assert!(error.contains("\\u{"), "{arguments:?}: {error}");
    }
    let mut json = rollcall(home);
    json.args(["token", "list", "--json"]);
    let tokens: Value = serde_json::from_slice(&run(json, "").stdout).expect("JSON");
    assert_eq!(tokens[0]["client"], EVIL);
}

#[tokio::test]
async fn a_spreadsheet_takes_no_cell_of_the_audit_log_for_a_formula() {
    let folder = with_evil_texts().await;
    let (text, _) = printed(folder.path(), &["audit", "--csv", "--action", "user-updated"]);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let head: Vec<_> = reader.headers().expect("a head").iter().map(str::to_owned).collect();
    assert_eq!(head, ["WHEN", "WHO", "FROM", "WHAT", "TO", "DETAIL"]);
    let rows: Vec<_> = reader.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), 1, "a line end in a cell makes no row");
    assert_eq!((&rows[0][2], &rows[0][4]), ("", "'=HYPERLINK(\"http://evil\")"));
    assert!(rows[0][5].starts_with("'-1+"), "{:?}", &rows[0][5]);
    for cell in &rows[0] {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
    }
    let mut both = rollcall(folder.path());
    both.args(["audit", "--csv", "--json"]);
    assert_eq!(run(both, "").status.code(), Some(2));
}

/// Texts that turn others around, or act on a terminal.
const REFUSED: [&str; 3] = ["abc\u{202e}txt.exe", "a\u{2067}b", "a\u{1b}[2Jb"];

async fn refuses(client: &Client, endpoint: &str, body: impl Fn(&str) -> Value) {
    for text in REFUSED {
        let answer = client.post_proved(endpoint, &body(text)).await;
        assert_eq!(answer.status, 400, "{endpoint} took {text:?}");
    }
    let answer = client.post_proved(endpoint, &body("Åse שלום 👩‍🚀")).await;
    assert_eq!(answer.status, 200, "{endpoint}: {}", answer.json());
}

#[tokio::test]
async fn names_and_texts_that_deceive_are_refused_at_every_door() {
    let server = TestServer::start_with(|options| {
        fix(options, &[open_registration(), crate::support::server::UNLIMITED]);
    })
    .await;
    let (admin, ada) = (server.admin().await, server.user().await);
    for field in ["name", "nickname", "bio"] {
        refuses(&ada, "users.updateOwnBasicInfo", |text| json!({"data": {field: text}})).await;
        refuses(
            &admin,
            "users.update",
            |text| json!({"userId": ada.id(), "data": {field: text}}),
        )
        .await;
    }
    refuses(
        &ada,
        "users.updateOwnBasicInfo",
        |text| json!({"data": {}, "customFields": {"note": [text]}}),
    )
    .await;
    refuses(&admin, "roles.create", |text| json!({"name": text})).await;
    refuses(
        &admin,
        "roles.create",
        |text| json!({"name": format!("role {}", text.len()), "description": text}),
    )
    .await;
    refuses(
        &admin,
        "custom-user-status.create",
        |text| json!({"name": text, "statusType": "busy"}),
    )
    .await;
    let reason = |text: &str| json!({"username": "bob", "email": "bob@example.com", "pass": PASSWORD, "reason": text});
    refuses(&server.anonymous(), "users.register", reason).await;
    admin
        .post(
            "permissions.update",
            &json!({"permissions": [{"_id": "create-personal-access-tokens", "roles": ["admin", "user"]}]}),
        )
        .await
        .expect(200);
    refuses(
        &ada,
        "users.generatePersonalAccessToken",
        |text| json!({"tokenName": text}),
    )
    .await;
    for text in REFUSED {
        let mut socket = Socket::of(&ada).await;
        socket.error("saveUserProfile", json!([{"realname": text}, {}])).await;
    }
    let local = Command::CreateUser {
        username: "carl".into(),
        email: None,
        name: Some(REFUSED[0].into()),
        password: PASSWORD.into(),
        roles: Vec::new(),
    };
    let outcome = rollcall::admin_socket::run(&server.data_dir(), overrides(&server.data_dir()), local).await;
    assert!(outcome.is_err());
}

#[tokio::test]
async fn a_status_text_is_cleaned_and_never_refused() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    for (text, kept) in [
        ("lunch\u{202e}x\n\u{1b}[2J", "lunch x  [2J"),
        ("\u{200b}\u{2066}", ""),
        ("שלום", "שלום"),
    ] {
        ada.post("users.setStatus", &json!({"message": text})).await.expect(200);
        let status = ada.get("users.getStatus").await.expect(200);
        assert_eq!(status["message"], kept, "{text:?}");
    }
}
