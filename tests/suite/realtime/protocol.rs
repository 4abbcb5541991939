//! Frames and messages: the handshake, the order, and everything malformed.

use bytes::Bytes;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame as RawFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::support::server::PASSWORD;
use crate::support::{Socket, TestServer};

#[tokio::test]
async fn each_form_of_the_first_word_is_answered_with_a_session() {
    let server = TestServer::start().await;
    for (version, support) in [
        ("1", json!(["1"])),
        ("1", json!(["1", "pre2", "pre1"])),
        ("pre2", json!(["pre2"])),
    ] {
        for session in [None, Some("of-an-earlier-socket")] {
            let mut socket = Socket::greeted(server.address).await;
            let mut word = json!({"msg": "connect", "version": version, "support": support});
            if let Some(session) = session {
                word["session"] = json!(session);
            }
            socket.say(word).await;
            let answer = socket.hear().await;
            assert_eq!(answer["msg"], "connected");
            let name = answer["session"].as_str().expect("a text");
            assert!(!name.is_empty() && Some(name) != session);
        }
    }
}

#[tokio::test]
async fn another_version_is_refused_and_the_socket_closed() {
    let server = TestServer::start().await;
    let mut socket = Socket::greeted(server.address).await;
    socket
        .say(json!({"msg": "connect", "version": "2", "support": ["2"]}))
        .await;
    assert_eq!(socket.hear().await, json!({"msg": "failed", "version": "1"}));
    assert_eq!(socket.end().await, Some(1002));
}

#[tokio::test]
async fn pings_are_answered_with_their_ids() {
    let server = TestServer::start().await;
    let mut socket = Socket::greeted(server.address).await;
    // Before the first word as well.
    for (ping, pong) in [
        (json!({"msg": "ping"}), json!({"msg": "pong"})),
        (json!({"msg": "ping", "id": "0"}), json!({"msg": "pong", "id": "0"})),
        (json!({"msg": "ping", "id": 7}), json!({"msg": "pong", "id": 7})),
    ] {
        socket.say(ping).await;
        assert_eq!(socket.hear().await, pong);
    }
    socket.send(Frame::Ping(Bytes::from_static(b"are you there"))).await;
    let pong = futures_util::StreamExt::next(&mut socket.stream).await;
    let pong = pong.expect("a frame").expect("a whole one");
    assert_eq!(pong, Frame::Pong(Bytes::from_static(b"are you there")));
}

#[tokio::test]
async fn what_is_sent_at_once_is_answered_in_its_order() {
    let server = TestServer::start().await;
    let mut socket = Socket::greeted(server.address).await;
    let login = json!([{"user": {"username": "ada"}, "password": PASSWORD}]);
    for message in [
        json!({"msg": "connect", "version": "1", "support": ["1"]}),
        json!({"msg": "sub", "id": "early", "name": "stream-notify-logged", "params": ["user-status", false]}),
        json!({"msg": "method", "id": "1", "method": "login", "params": login}),
        json!({"msg": "sub", "id": "2", "name": "stream-notify-logged", "params": ["updateAvatar", false]}),
        json!({"msg": "method", "id": "3", "method": "listCustomUserStatus", "params": []}),
        json!({"msg": "unsub", "id": "2"}),
        json!({"msg": "ping", "id": "4"}),
    ] {
        socket.say(message).await;
    }
    let mut order = Vec::new();
    loop {
        let message = socket.hear().await;
        let id = ["id", "subs", "methods", "session"].map(|field| &message[field]);
        let id = id.into_iter().find(|id| !id.is_null()).expect("an id");
        let text = id[0].as_str().or(id.as_str()).expect("a text").to_owned();
        let kind = message["msg"].as_str().expect("a kind").to_owned();
        order.push((kind.clone(), text));
        if kind == "pong" {
            break;
        }
    }
    let order: Vec<_> = order.iter().map(|(kind, id)| (kind.as_str(), id.as_str())).collect();
    let user = server.user().await;
    assert_eq!(order[0].0, "connected");
    let expected = [
        ("nosub", "early"),
        ("added", user.id()),
        ("result", "1"),
        ("updated", "1"),
        ("ready", "2"),
        ("result", "3"),
        ("updated", "3"),
        ("nosub", "2"),
        ("pong", "4"),
    ];
    // The user's own document changes by the login, at any place.
    let order: Vec<_> = order[1..]
        .iter()
        .filter(|(kind, _)| *kind != "changed")
        .copied()
        .collect();
    assert_eq!(order, expected);
}

#[tokio::test]
async fn a_wrong_message_is_told_back_and_the_socket_lives() {
    let server = TestServer::start().await;
    let mut socket = Socket::greeted(server.address).await;
    let early = json!({"msg": "sub", "id": "1", "name": "stream-notify-all", "params": ["e"]});
    socket.say(early.clone()).await;
    assert_eq!(
        socket.hear().await,
        json!({"msg": "error", "reason": "Must connect first", "offendingMessage": early})
    );
    let mut socket = socket.connect().await;
    let deep = "[".repeat(100_000);
    let deep_params = format!(
        r#"{{"msg":"method","id":"1","method":"x","params":{}{}}}"#,
        &deep,
        "]".repeat(100_000)
    );
    for (text, reason) in [
        ("", "Bad request"),
        ("{", "Bad request"),
        ("null", "Bad request"),
        ("[]", "Bad request"),
        ("\u{0}", "Bad request"),
        (&deep, "Bad request"),
        (&deep_params[..120_000], "Bad request"),
        (r#"{"msg":"fly","id":"1"}"#, "Bad request"),
        (r#"{"msg":"connect","version":1}"#, "Bad request"),
        (r#"{"msg":"connect","version":"1"}"#, "Already connected"),
        (r#"{"msg":"method","id":1,"method":"x"}"#, "Malformed method invocation"),
        (r#"{"msg":"method","id":"1"}"#, "Malformed method invocation"),
        (
            r#"{"msg":"method","id":"1","method":"x","params":{}}"#,
            "Malformed method invocation",
        ),
        (r#"{"msg":"sub","id":"1","name":7}"#, "Malformed subscription"),
        (r#"{"msg":"sub","name":"stream-notify-all"}"#, "Malformed subscription"),
        (r#"{"msg":"unsub"}"#, "Bad request"),
    ] {
        socket.say_text(text).await;
        let answer = socket.hear().await;
        assert_eq!(
            (&answer["msg"], &answer["reason"]),
            (&json!("error"), &json!(reason)),
            "{text:.40}"
        );
        assert!(
            answer.to_string().len() < 1000,
            "it is not told back at length: {text:.40}"
        );
    }
    // Clients send greetings that are no messages of the protocol; they get no answer.
    socket.say(json!({"server_id": "0"})).await;
    socket.say(json!({"msg": 5})).await;
    socket.ping().await;
    assert_eq!(socket.left(), Vec::<serde_json::Value>::new());
}

#[tokio::test]
async fn frames_that_are_no_messages_close_the_socket_with_their_code() {
    let server = TestServer::start().await;
    let invalid = RawFrame::message(Bytes::from_static(b"\xff\xfe"), OpCode::Data(Data::Text), true);
    let whole = |opcode| RawFrame::message(Bytes::from_static(b"x"), opcode, true);
    for (frame, code) in [
        (Frame::binary(b"{}".to_vec()), 1007),
        (Frame::Frame(invalid), 1007),
        (Frame::text("x".repeat(1024 * 1024)), 1009),
        (Frame::Frame(whole(OpCode::Data(Data::Continue))), 1002),
        (Frame::Frame(whole(OpCode::Data(Data::Reserved(5)))), 1002),
    ] {
        let mut socket = Socket::connected(server.address).await;
        // The server may be gone before all of it is written.
        let _ = futures_util::SinkExt::send(&mut socket.stream, frame).await;
        assert_eq!(socket.end().await, Some(code));
    }
    // Others noticed nothing.
    Socket::connected(server.address).await.ping().await;
}

#[tokio::test]
async fn the_close_of_a_client_is_answered_after_all_that_was_asked_before() {
    let server = TestServer::start().await;
    let mut socket = Socket::connected(server.address).await;
    socket.say(json!({"msg": "ping", "id": "last"})).await;
    socket.say_goodbye().await;
    assert_eq!(socket.end().await, Some(1000));
    assert_eq!(socket.left(), [json!({"msg": "pong", "id": "last"})]);
}

#[tokio::test]
async fn a_message_may_come_in_fragments_up_to_the_limit() {
    let server = TestServer::start().await;
    let mut socket = Socket::connected(server.address).await;
    let part = |text: &'static str, first: bool, last: bool| {
        let kind = if first { Data::Text } else { Data::Continue };
        Frame::Frame(RawFrame::message(
            Bytes::from_static(text.as_bytes()),
            OpCode::Data(kind),
            last,
        ))
    };
    for frame in [
        part(r#"{"msg":"#, true, false),
        Frame::Ping(Bytes::new()),
        part(r#""ping","id":"#, false, false),
        part(r#""in parts"}"#, false, true),
    ] {
        socket.send(frame).await;
    }
    socket
        .find(|message| *message == json!({"msg": "pong", "id": "in parts"}))
        .await;
    let mut endless = Socket::connected(server.address).await;
    let many = "x".repeat(60_000);
    let first = RawFrame::message(Bytes::from(many.clone()), OpCode::Data(Data::Text), false);
    let _ = futures_util::SinkExt::send(&mut endless.stream, Frame::Frame(first)).await;
    for _ in 0..2 {
        let more = RawFrame::message(Bytes::from(many.clone()), OpCode::Data(Data::Continue), false);
        let _ = futures_util::SinkExt::send(&mut endless.stream, Frame::Frame(more)).await;
    }
    assert_eq!(endless.end().await, Some(1009));
}

#[tokio::test]
async fn frames_of_a_client_have_to_be_masked() {
    let server = TestServer::start().await;
    let mut socket = Socket::connected(server.address).await;
    let stream = socket.stream.get_mut();
    stream.write_all(b"\x81\x02{}").await.expect("the server reads");
    assert_eq!(socket.end().await, Some(1002));
}

#[tokio::test]
async fn sockjs_wraps_the_same_messages() {
    let server = TestServer::start().await;
    let info = server.anonymous().send("GET", "/sockjs/info", &[], "").await;
    let told = info.expect(200);
    assert_eq!(
        (&told["websocket"], &told["origins"], &told["cookie_needed"]),
        (&json!(true), &json!([]), &json!(false))
    );
    assert!(told["entropy"].is_u64());
    let mut socket = Socket::greeted_wrapped(server.address).await.connect().await;
    // Several messages in one frame, a bare text, and an empty frame.
    let texts = json!([
        json!({"msg": "ping", "id": "1"}).to_string(),
        json!({"msg": "ping", "id": "2"}).to_string()
    ]);
    socket.send(Frame::text(texts.to_string())).await;
    socket
        .send(Frame::text(
            json!(json!({"msg": "ping", "id": "3"}).to_string()).to_string(),
        ))
        .await;
    socket.send(Frame::text("")).await;
    for id in ["1", "2", "3"] {
        assert_eq!(socket.hear().await, json!({"msg": "pong", "id": id}));
    }
    let login = json!([{"user": {"username": "ada"}, "password": PASSWORD}]);
    assert_eq!(socket.result("login", login).await["type"], "password");
    socket.listen("notify-logged", "updateCustomUserStatus").await;
    let admin = server.admin().await;
    admin.create_status("caught up", "busy").await.expect(200);
    let told = socket.event("notify-logged", "updateCustomUserStatus").await;
    assert_eq!(told[0]["userStatusData"]["name"], "caught up");
    // What is in no wrapping closes it, in SockJS's words first.
    socket.send(Frame::text("{}")).await;
    assert_eq!(socket.frame().await, r#"c[1007,"bad data"]"#);
    assert_eq!(socket.end().await, Some(1007));
}

#[tokio::test]
async fn who_does_not_speak_websocket_is_told_so() {
    let server = TestServer::start().await;
    for path in ["/websocket", "/sockjs/1/2/websocket"] {
        let answer = server.anonymous().send("GET", path, &[], "").await;
        assert_eq!(answer.status, 426, "{answer:?}");
        assert_eq!(answer.header("upgrade"), Some("websocket"));
    }
    let old = [
        ("upgrade", "websocket"),
        ("connection", "upgrade"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-version", "8"),
    ];
    let answer = server.anonymous().send("GET", "/websocket", &old, "").await;
    assert_eq!(
        (answer.status, answer.header("sec-websocket-version")),
        (426, Some("13"))
    );
    // No route takes a POST.
    let posted = server.anonymous().send("POST", "/websocket", &[], "").await;
    assert!((400..500).contains(&posted.status), "{posted:?}");
}

#[tokio::test]
async fn the_handshake_is_answered_with_the_key_of_the_rfc() {
    let server = TestServer::start().await;
    let mut stream = tokio::net::TcpStream::connect(server.address)
        .await
        .expect("a connection");
    // The example of RFC 6455, §1.3, in other letters.
    let head = "GET /websocket HTTP/1.1\r\nHost: x\r\nupgrade: WebSocket\r\nconnection: keep-alive, Upgrade\r\n\
                sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("the server reads");
    let mut answer = Vec::new();
    while !answer.ends_with(b"{\"server_id\":\"0\"}") {
        answer.push(stream.read_u8().await.expect("more"));
    }
    let answer = String::from_utf8_lossy(&answer).to_ascii_lowercase();
    assert!(answer.starts_with("http/1.1 101 "), "{answer}");
    assert!(
        answer.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="),
        "{answer}"
    );
}
