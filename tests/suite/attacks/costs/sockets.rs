//! What a socket may hold, before and after its login, and how long the texts in its messages may be.

use std::time::Duration;

use futures_util::SinkExt;
use rollcall::domain::{SettingId, SettingValue};
use rollcall::realtime::Timing;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message as Frame;

use crate::support::process::Process;
use crate::support::server::{MINUTE, fix};
use crate::support::{Socket, TestServer};

/// Memory that a server may gain by a flood that it refuses, in KiB. It is that of the sockets themselves.
const REFUSED_FLOOD_KIB: u64 = 24 * 1024;

/// Most characters of the id of a message, as `api.md` has it.
const ID_CHARACTERS: usize = 128;

/// Most characters of its input that an answer quotes.
const QUOTED_CHARACTERS: usize = 256;

fn sub(id: &str, stream: &str, event: &str) -> Value {
    json!({"msg": "sub", "id": id, "name": format!("stream-{stream}"), "params": [event, false]})
}

async fn is_refused(socket: &mut Socket, id: &str, error: &str) {
    let answer = socket
        .find(|message| message["id"] == *id || message["subs"][0] == *id)
        .await;
    assert_eq!(
        (answer["msg"].as_str(), answer["error"]["error"].as_str()),
        (Some("nosub"), Some(error)),
        "{answer}"
    );
}

async fn is_ready(socket: &mut Socket, id: &str) {
    let answer = socket
        .find(|message| message["id"] == *id || message["subs"][0] == *id)
        .await;
    assert_eq!(answer, json!({"msg": "ready", "subs": [id]}));
}

/// Finding S1: names of events without a bound filled 1 GiB in 14 seconds.
#[tokio::test]
async fn long_names_of_events_are_refused_and_not_kept() {
    const SOCKETS: usize = 8;
    /// Together 200 MB.
    const SUBSCRIPTIONS: usize = 200;
    const NAME_LETTERS: usize = 130_000;
    let server = Process::start();
    let mut sockets = Vec::new();
    for _ in 0..SOCKETS {
        sockets.push(Socket::connected(server.address).await);
    }
    let before = server.resident_kib();
    let long = "e".repeat(NAME_LETTERS);
    for number in 0..SUBSCRIPTIONS {
        let id = number.to_string();
        let text = sub(&id, "notify-all", &long).to_string();
        for socket in &mut sockets {
            socket.say_text(&text).await;
        }
        for socket in &mut sockets {
            is_refused(socket, &id, "invalid-event-name").await;
        }
    }
    let gained = server.resident_kib().saturating_sub(before);
    assert!(gained < REFUSED_FLOOD_KIB, "{gained} KiB");
}

/// Finding S2: ids of pings were sent back at any length, and up to 8 MiB of that waited for each socket.
#[tokio::test]
async fn long_ids_of_pings_are_not_told_back_to_clients_that_never_read() {
    const SOCKETS: usize = 20;
    const PINGS: usize = 90;
    const ID_LETTERS: usize = 120_000;
    let server = Process::start();
    let mut sockets = Vec::new();
    for _ in 0..SOCKETS {
        sockets.push(Socket::connected(server.address).await);
    }
    let before = server.resident_kib();
    let ping = json!({"msg": "ping", "id": "p".repeat(ID_LETTERS)}).to_string();
    for _ in 0..PINGS {
        for socket in &mut sockets {
            socket.say_text(&ping).await;
        }
    }
    // The answers say that all was read, and end with the quoted part of the input.
    for socket in &mut sockets {
        socket.say(json!({"msg": "ping", "id": "last"})).await;
        for _ in 0..PINGS {
            let answer = socket.hear().await;
            let quoted = answer["offendingMessage"].as_str().expect("a text");
            assert_eq!(quoted.chars().count(), QUOTED_CHARACTERS);
        }
        assert_eq!(socket.hear().await, json!({"msg": "pong", "id": "last"}));
    }
    let gained = server.resident_kib().saturating_sub(before);
    assert!(gained < REFUSED_FLOOD_KIB, "{gained} KiB");
}

#[tokio::test]
async fn a_client_without_a_login_that_never_reads_is_closed_when_little_waits_for_it() {
    /// What all answers are together: more than a system keeps for a socket (4 MiB), and less than that and what
    /// may wait for a client with a login (8 MiB).
    const ANSWERED_BYTES: usize = 6 * 1024 * 1024;
    let server = TestServer::start().await;
    let mut lazy = Socket::connected(server.address).await;
    let ping = json!({"msg": "ping", "id": "😀".repeat(ID_CHARACTERS)}).to_string();
    for _ in 0..ANSWERED_BYTES / ping.len() {
        // On a busy machine the server may be done with its farewell before all is sent.
        if lazy.stream.send(Frame::text(ping.clone())).await.is_err() {
            return;
        }
    }
    let code = lazy.end().await;
    assert!(matches!(code, Some(1013) | None), "{code:?}");
}

#[tokio::test]
async fn thousands_of_messages_in_one_frame_are_answered_to_a_client_that_reads() {
    const MESSAGES: usize = 5_000;
    let server = TestServer::start().await;
    let mut socket = Socket::greeted_wrapped(server.address).await.connect().await;
    let messages = vec![r#"{"msg":"ping"}"#; MESSAGES];
    socket.send(Frame::text(json!(messages).to_string())).await;
    for _ in 0..MESSAGES {
        assert_eq!(socket.hear().await, json!({"msg": "pong"}));
    }
}

#[tokio::test]
async fn ids_and_names_have_a_most() {
    let server = TestServer::start().await;
    let mut socket = Socket::connected(server.address).await;
    let longest = "ä".repeat(ID_CHARACTERS);
    socket.say(json!({"msg": "ping", "id": longest})).await;
    assert_eq!(socket.hear().await, json!({"msg": "pong", "id": longest}));
    let longer = format!("{longest}ä");
    for (message, reason) in [
        (json!({"msg": "ping", "id": longer}), "Bad request"),
        (json!({"msg": "unsub", "id": longer}), "Bad request"),
        (
            json!({"msg": "sub", "id": longer, "name": "userData"}),
            "Malformed subscription",
        ),
        (
            json!({"msg": "sub", "id": "1", "name": longer}),
            "Malformed subscription",
        ),
        (
            json!({"msg": "method", "id": longer, "method": "login"}),
            "Malformed method invocation",
        ),
        (
            json!({"msg": "method", "id": "1", "method": longer}),
            "Malformed method invocation",
        ),
        (json!({"msg": "connect", "version": longer}), "Bad request"),
    ] {
        socket.say(message.clone()).await;
        let answer = socket.hear().await;
        assert_eq!(
            (&answer["msg"], &answer["reason"]),
            (&json!("error"), &json!(reason)),
            "{message}"
        );
    }
    // A number is short by itself.
    socket.say(json!({"msg": "ping", "id": 1.5e300})).await;
    assert_eq!(socket.hear().await, json!({"msg": "pong", "id": 1.5e300}));
}

#[tokio::test]
async fn names_of_events_have_the_form_of_their_stream() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let mut socket = Socket::of(&ada).await;
    let own = |event: &str| format!("{}/{event}", ada.id());
    let longest = "x".repeat(64);
    let mut number = 0;
    for (stream, event, error) in [
        ("notify-all", "Users:NameChanged", None),
        ("notify-all", "a-b_c.d/e", None),
        ("notify-all", longest.as_str(), None),
        ("notify-user", &own(&longest), None),
        ("notify-all", &format!("{longest}x"), Some("invalid-event-name")),
        ("notify-all", "with a space", Some("invalid-event-name")),
        ("notify-all", "ä", Some("invalid-event-name")),
        ("notify-all", "line\nbreak", Some("invalid-event-name")),
        ("notify-logged", &format!("{longest}x"), Some("invalid-event-name")),
        ("notify-user", &own(&format!("{longest}x")), Some("invalid-event-name")),
        ("notify-user", &own(""), Some("invalid-event-name")),
        ("notify-user", "message", Some("not-allowed")),
        (
            "notify-user",
            &format!("{}/message", "i".repeat(65)),
            Some("invalid-event-name"),
        ),
        ("notify-user", "somebody/message", Some("not-allowed")),
        ("roles", "\u{202e}roles", Some("invalid-event-name")),
        ("room-messages", &"r".repeat(1000), Some("invalid-event-name")),
    ] {
        number += 1;
        let id = number.to_string();
        socket.say(sub(&id, stream, event)).await;
        match error {
            Some(error) => is_refused(&mut socket, &id, error).await,
            None => is_ready(&mut socket, &id).await,
        }
    }
}

#[tokio::test]
async fn ten_subscriptions_before_a_login_and_a_thousand_after_it() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let mut socket = Socket::connected(server.address).await;
    // A subscription without events counts as well.
    for id in 0..5 {
        let id = id.to_string();
        socket
            .say(json!({"msg": "sub", "id": id, "name": "meteor.loginServiceConfiguration", "params": []}))
            .await;
        is_ready(&mut socket, &id).await;
    }
    for id in 5..10 {
        let id = id.to_string();
        socket.say(sub(&id, "notify-all", &format!("event-{id}"))).await;
        is_ready(&mut socket, &id).await;
    }
    for name in ["stream-notify-all", "userData"] {
        socket
            .say(json!({"msg": "sub", "id": "more", "name": name, "params": ["event", false]}))
            .await;
        is_refused(&mut socket, "more", "too-many-subscriptions").await;
    }
    // One that ends makes room for another.
    socket.say(json!({"msg": "unsub", "id": "0"})).await;
    socket
        .find(|message| *message == json!({"msg": "nosub", "id": "0"}))
        .await;
    socket.say(sub("10", "notify-all", "event-10")).await;
    is_ready(&mut socket, "10").await;

    socket.resume(ada.token()).await;
    socket.say(sub("11", "notify-all", "event-11")).await;
    is_ready(&mut socket, "11").await;
    socket.say(sub("12", "notify-logged", "user-status")).await;
    is_ready(&mut socket, "12").await;

    // A logout brings the small bound back: what is private ends, and the last one beyond ten.
    socket.result("logout", json!([])).await;
    let mut ended: Vec<_> = socket
        .left()
        .iter()
        .filter(|message| message["msg"] == "nosub")
        .map(|message| message["id"].clone())
        .collect();
    ended.sort_by_key(Value::to_string);
    assert_eq!(ended, [json!("11"), json!("12")]);
    socket.say(sub("13", "notify-all", "event-13")).await;
    is_refused(&mut socket, "13", "too-many-subscriptions").await;
}

#[tokio::test]
async fn ids_that_are_too_long_for_a_user_name_none() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let long = "u".repeat(100_000);
    let short = "u".repeat(8_000);
    let mut socket = Socket::of(&ada).await;
    let watched = json!(["", {"added": [long, admin.id()]}]);
    assert_eq!(socket.sub("stream-user-presence", watched).await["msg"], "ready");
    admin
        .post("users.setStatus", &json!({"status": "busy"}))
        .await
        .expect(200);
    let told = socket
        .find(|message| message["collection"] == "stream-user-presence")
        .await;
    assert_eq!(told["id"], admin.id());
    let unknown = socket.result("getUserStatusText", json!(["nobody"])).await;
    assert_eq!(socket.result("getUserStatusText", json!([long])).await, unknown);

    let user = ada.get(&format!("users.info?userId={short}")).await;
    assert_eq!(user.expect(400), ada.get("users.info?userId=nobody").await.expect(400));
    for login in [
        ada.with_login(&short, ada.token()),
        ada.with_login(&format!("{}{short}", ada.id()), ada.token()),
        ada.with_login(ada.id(), &"t".repeat(513)),
    ] {
        login.get("me").await.expect(401);
    }
    let none = admin
        .post("custom-user-status.delete", &json!({"customUserStatusId": short}))
        .await;
    assert!(none.expect(400).to_string().len() < 1_000);
}

#[tokio::test]
async fn what_an_answer_quotes_is_cut() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let long = "q".repeat(5_000);
    let new = json!({"username": long, "email": "q@example.com", "name": "Q", "password": "correct horse"});
    let most = 3 * QUOTED_CHARACTERS;
    let mut answers = vec![
        admin.post("users.create", &new).await,
        admin.post("roles.create", &json!({"name": format!("<{long}")})).await,
        admin.get(&format!("users.list?sort={long}")).await,
        admin.post("users.setStatus", &json!({long.as_str(): 1})).await,
        admin.get(&format!("users.info?{long}=1")).await,
    ];
    let call = json!({"message": json!({"msg": "method", "id": "1", "method": "x", "params": long}).to_string()});
    answers.push(admin.post("method.call/x", &call).await);
    for answer in answers {
        assert!((400..500).contains(&answer.status), "{answer:?}");
        assert!(answer.body.len() < most, "{answer:?}");
    }
    let mut socket = Socket::of(&admin).await;
    for params in [
        json!([{"resume": long}]),
        json!([{"user": {"username": long}, "password": long}]),
    ] {
        let error = socket.error("login", params).await;
        assert!(error.to_string().len() < most, "{error}");
    }
}

#[tokio::test]
async fn parts_of_a_path_that_are_too_long_are_no_socket() {
    let server = TestServer::start().await;
    let upgrade = [
        ("upgrade", "websocket"),
        ("connection", "upgrade"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-version", "13"),
    ];
    let long = "s".repeat(129);
    for (path, status) in [
        ("/sockjs/123/abcdefgh/websocket".to_owned(), 101),
        (format!("/sockjs/{long}/abcdefgh/websocket"), 404),
        (format!("/sockjs/123/{long}/websocket"), 404),
    ] {
        let answer = server.anonymous().send("GET", &path, &upgrade, "").await;
        assert_eq!(answer.status, status, "{path}");
    }
}

/// A login page that is left open: it answers the server's pings and sends its own, and can log in after an hour.
#[tokio::test]
async fn a_login_page_stays_for_an_hour() {
    /// How often the page shows that it is there, as the web client does every 30 seconds.
    const SIGNS: i64 = 120;
    let server = TestServer::start_with(|options| {
        // Long enough for a client on a machine that is busy.
        options.timing = Timing {
            heartbeat: Duration::from_millis(1500),
            ..Timing::default()
        };
        let one = SettingValue::Number(1);
        fix(options, &[(SettingId::PresenceMaxAnonymousConnectionsPerAddress, one)]);
    })
    .await;
    let ada = server.user().await;
    let mut page = Socket::connected(server.address).await;
    for name in ["meteor.loginServiceConfiguration", "meteor_autoupdate_clientVersions"] {
        assert_eq!(page.sub(name, json!([])).await["msg"], "ready");
    }
    for event in [
        "public-settings-changed",
        "updateAvatar",
        "updateEmojiCustom",
        "roles-change",
    ] {
        page.listen("notify-all", event).await;
    }
    for _ in 0..SIGNS {
        server.pass(MINUTE / 2);
        page.ping().await;
    }
    page.find(|message| *message == json!({"msg": "ping"})).await;
    page.say(json!({"msg": "pong"})).await;
    page.resume(ada.token()).await;
    page.listen("notify-logged", "user-status").await;
}
