//! What known clients send when they start and when they come back, as their packages send it, and what
//! each waits for before it goes on (`clients.md`, and the packages run against this server).

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message as Frame;

use crate::support::server::{PASSWORD, PASSWORD_DIGEST};
use crate::support::{Client, Socket, TestServer};

struct House {
    server: TestServer,
    ada: Client,
}

async fn house() -> House {
    let server = TestServer::start().await;
    let ada = server.user().await;
    House { server, ada }
}

impl House {
    /// What a client sends, with H for the digest of the password, P for the password, U for the user's id, T
    /// for a token.
    fn filled(&self, text: &str) -> String {
        let parts = [
            ("\"H\"", PASSWORD_DIGEST),
            ("\"P\"", PASSWORD),
            ("\"T\"", self.ada.token()),
        ];
        let filled = parts.iter().fold(text.to_owned(), |text, (mark, value)| {
            text.replace(mark, &format!("\"{value}\""))
        });
        filled
            .replace("\"U/", &format!("\"{}/", self.ada.id()))
            .replace("\"U\"", &format!("\"{}\"", self.ada.id()))
    }

    /// Sends all of this at once on a new socket.
    async fn start(&self, frames: &[&str]) -> Socket {
        let mut socket = Socket::greeted(self.server.address).await;
        for frame in frames {
            socket.say_text(&self.filled(frame)).await;
        }
        socket.find(|message| message["msg"] == "connected").await;
        socket
    }

    /// Has the administrator's status change.
    async fn change(&self) {
        let admin = self.server.admin().await;
        admin
            .post("users.setStatus", &json!({"status": "busy"}))
            .await
            .expect(200);
    }
}

/// The result of the login with this id: the user's document comes before it, and it has all that clients take
/// out of it.
async fn logged_in(socket: &mut Socket, id: &str) -> Value {
    let message = socket
        .find(|message| ["added", "result"].contains(&message["msg"].as_str().unwrap_or_default()))
        .await;
    assert_eq!(
        (&message["msg"], &message["collection"]),
        (&json!("added"), &json!("users"))
    );
    assert_eq!(message["fields"]["username"], "ada");
    let result = socket
        .find(|message| message["msg"] == "result" && message["id"] == *id)
        .await;
    for field in ["id", "token", "tokenExpires", "type"] {
        assert!(result["result"].get(field).is_some(), "{result}");
    }
    assert!(result["result"]["tokenExpires"]["$date"].is_i64());
    socket
        .find(|message| *message == json!({"msg": "updated", "methods": [id]}))
        .await;
    result
}

async fn is_ready(socket: &mut Socket, id: &str) {
    socket
        .find(|message| *message == json!({"msg": "ready", "subs": [id]}))
        .await;
}

async fn hears_user_status(socket: &mut Socket) {
    loop {
        let args = socket.event("notify-logged", "user-status").await;
        if args[0][1] == "admin" {
            assert_eq!(args[0][2], 3);
            return;
        }
    }
}

#[tokio::test]
async fn the_ddp_client() {
    let house = house().await;
    let connect = r#"{"msg":"connect","version":"1","support":["1","pre2","pre1"]}"#;
    let sub = r#"{"msg":"sub","id":"rc-ddp-client-14","name":"stream-notify-logged","params":["user-status",{"useCollection":false,"args":[null]}]}"#;
    let mut socket = house
        .start(&[
            connect,
            r#"{"msg":"method","method":"login","params":[{"user":{"username":"ada"},"password":{"digest":"H","algorithm":"sha-256"}}],"id":"rc-ddp-client-1"}"#,
        ])
        .await;
    logged_in(&mut socket, "rc-ddp-client-1").await;
    socket.say_text(sub).await;
    is_ready(&mut socket, "rc-ddp-client-14").await;
    house.change().await;
    hears_user_status(&mut socket).await;
    // It comes back with its old subscriptions, right behind the login.
    let resume = r#"{"msg":"method","method":"login","params":[{"resume":"T"}],"id":"rc-ddp-client-33"}"#;
    let mut socket = house.start(&[connect, resume, sub]).await;
    logged_in(&mut socket, "rc-ddp-client-33").await;
    is_ready(&mut socket, "rc-ddp-client-14").await;
}

#[tokio::test]
async fn the_older_sdk_with_asteroid() {
    let house = house().await;
    let mut socket = house
        .start(&[
            r#"{"msg":"connect","version":"pre2","support":["pre2"]}"#,
            r#"{"msg":"sub","id":"0","name":"meteor.loginServiceConfiguration","params":[]}"#,
            r#"{"msg":"method","id":"1","method":"login","params":[{"password":"P","user":{"username":"ada"}}]}"#,
            r#"{"msg":"sub","id":"11","name":"stream-notify-logged","params":["user-status",true]}"#,
            r#"{"msg":"sub","id":"12","name":"stream-room-messages","params":["__my_messages__",true]}"#,
            r#"{"msg":"ping","id":"2"}"#,
        ])
        .await;
    is_ready(&mut socket, "0").await;
    logged_in(&mut socket, "1").await;
    for (stream, event, id) in [
        ("stream-notify-logged", "user-status", "11"),
        ("stream-room-messages", "__my_messages__", "12"),
    ] {
        let added = json!({"msg": "added", "collection": stream, "id": "id", "fields": {"eventName": event}});
        // What it was not given first, it does not hear of.
        let first = socket
            .find(|message| *message == added || *message == json!({"msg": "ready", "subs": [id]}))
            .await;
        assert_eq!(first, added);
        is_ready(&mut socket, id).await;
    }
    socket
        .find(|message| *message == json!({"msg": "pong", "id": "2"}))
        .await;
    house.change().await;
    hears_user_status(&mut socket).await;
}

#[tokio::test]
async fn the_newer_sdk_and_embeddedchat() {
    let house = house().await;
    let mut frames = vec![
        r#"{"msg":"connect","version":"1","support":["1","pre2","pre1"]}"#.to_owned(),
        r#"{"msg":"method","method":"login","params":[{"resume":"T"}],"id":"ddp-1"}"#.to_owned(),
    ];
    let topics = "notify-all/roles-change notify-all/updateEmojiCustom notify-all/deleteEmojiCustom \
        notify-all/updateAvatar notify-all/public-settings-changed notify-all/permissions-changed \
        notify-logged/Users:NameChanged notify-logged/Users:Deleted notify-logged/updateAvatar \
        notify-logged/updateEmojiCustom notify-logged/deleteEmojiCustom notify-logged/roles-change \
        notify-user/U/message notify-user/U/otr notify-user/U/webrtc notify-user/U/notification \
        notify-user/U/rooms-changed notify-user/U/subscriptions-changed notify-user/U/uiInteraction";
    for (number, topic) in topics.split_whitespace().enumerate() {
        let (stream, event) = topic.split_once('/').expect("a topic");
        frames.push(format!(
            r#"{{"msg":"sub","name":"stream-{stream}","params":["{event}",{{"useCollection":false,"args":[false]}}],"id":"ddp-{}"}}"#,
            number + 9
        ));
    }
    frames.push(r#"{"msg":"ping"}"#.to_owned());
    let frames: Vec<_> = frames.iter().map(String::as_str).collect();
    let mut socket = house.start(&frames).await;
    logged_in(&mut socket, "ddp-1").await;
    // It looks at the first of the ids only, and waits for ever for one that is refused.
    for number in 9..28 {
        is_ready(&mut socket, &format!("ddp-{number}")).await;
    }
    socket.find(|message| *message == json!({"msg": "pong"})).await;
    // It comes back at once unless its close is answered with 1000.
    socket.close().await;
}

#[tokio::test]
async fn rxjs() {
    let house = house().await;
    let login = "5f0c8a9e-0000-4000-8000-000000000001";
    let mut socket = house
        .start(&[
            r#"{"msg":"connect","version":"1","support":["1","pre2","pre1"]}"#,
            r#"{"msg":"method","method":"login","id":"5f0c8a9e-0000-4000-8000-000000000001","params":[{"user":{"email":"ada@example.com"},"password":{"digest":"H","algorithm":"sha-256"}}]}"#,
            r#"{"msg":"sub","id":"u-2","name":"stream-notify-logged","params":["deleteCustomUserStatus",null]}"#,
            r#"{"msg":"sub","id":"u-3","name":"stream-user-presence","params":["",{"added":["U"]}]}"#,
        ])
        .await;
    logged_in(&mut socket, login).await;
    is_ready(&mut socket, "u-2").await;
    is_ready(&mut socket, "u-3").await;
    house
        .ada
        .post("users.setStatus", &json!({"status": "busy"}))
        .await
        .expect(200);
    let like = json!(house.ada.id());
    loop {
        let told = socket
            .find(|message| message["collection"] == "stream-user-presence")
            .await;
        assert_eq!((&told["id"], &told["fields"]["uid"]), (&like, &like));
        if told["fields"]["args"][0][1] == 3 {
            return;
        }
    }
}

#[tokio::test]
async fn rocketchat_async() {
    let house = house().await;
    // Blanks as Python writes them; nothing is waited for.
    let mut socket = house
        .start(&[
            r#"{"msg": "connect", "version": "1", "support": ["1"]}"#,
            r#"{"msg": "method", "method": "login", "id": "2", "params": [{"user": {"username": "ada"}, "password": {"digest": "H", "algorithm": "sha-256"}}]}"#,
            r#"{"msg": "method", "method": "rooms/get", "id": "3", "params": []}"#,
            r#"{"msg": "sub", "id": "6", "name": "stream-notify-user", "params": ["U/rooms-changed", false]}"#,
            r#"{"msg": "unsub", "id": "6"}"#,
        ])
        .await;
    logged_in(&mut socket, "2").await;
    let rooms = socket
        .find(|message| message["id"] == "3" && message["msg"] == "result")
        .await;
    assert_eq!(rooms["result"], json!([]));
    is_ready(&mut socket, "6").await;
    socket
        .find(|message| *message == json!({"msg": "nosub", "id": "6"}))
        .await;
    socket.send(Frame::Ping(vec![1, 2, 3, 4].into())).await;
    socket.ping().await;
}

#[tokio::test]
async fn the_python_sdk() {
    let house = house().await;
    let connect = r#"{"msg": "connect", "version": "1", "support": ["1", "pre2", "pre1"]}"#;
    let mut socket = house
        .start(&[
            connect,
            r#"{"msg": "method", "id": "2", "method": "login", "params": [{"user": {"username": "ada"}, "password": {"algorithm": "sha-256", "digest": "H"}}]}"#,
            r#"{"msg": "sub", "id": "14", "name": "stream-room-messages", "params": ["__my_messages__", false]}"#,
        ])
        .await;
    logged_in(&mut socket, "2").await;
    is_ready(&mut socket, "14").await;
    // It comes back with the session of the socket before.
    let mut socket = house
        .start(&[
            r#"{"msg": "connect", "version": "1", "support": ["1", "pre2", "pre1"], "session": "of-before"}"#,
            r#"{"msg": "method", "id": "15", "method": "login", "params": [{"resume": "T"}]}"#,
            r#"{"msg": "sub", "id": "16", "name": "stream-notify-logged", "params": ["user-status", false]}"#,
        ])
        .await;
    logged_in(&mut socket, "15").await;
    is_ready(&mut socket, "16").await;
    house.change().await;
    hears_user_status(&mut socket).await;
}

#[tokio::test]
async fn ddp_asyncio_and_rocketbot() {
    let house = house().await;
    let mut socket = house
        .start(&[
            r#"{"msg":"connect","support":["1"],"version":"1"}"#,
            r#"{"id":"115354","method":"login","msg":"method","params":[{"password":"P","user":{"username":"ada"}}]}"#,
            r#"{"id":"332639","msg":"sub","name":"stream-notify-logged","params":["user-status",true]}"#,
            r#"{"msg":"pong","id":null}"#,
        ])
        .await;
    logged_in(&mut socket, "115354").await;
    is_ready(&mut socket, "332639").await;
    house.change().await;
    hears_user_status(&mut socket).await;
    let wrong = socket.error("fly", json!([])).await;
    assert!(wrong["message"].is_string(), "it reads the message");
}

#[tokio::test]
async fn simpleddp() {
    let house = house().await;
    let login = r#"{"msg":"method","id":"13","method":"login","params":[{"user":{"username":"ada"},"password":{"digest":"H","algorithm":"sha-256"}}]}"#;
    // When it comes back it ends what was, and subscribes before it logs in: that is refused, as elsewhere.
    let mut socket = house
        .start(&[
            r#"{"msg":"connect","version":"1","support":["1"],"session":"S"}"#,
            r#"{"msg":"unsub","id":"7"}"#,
            r#"{"msg":"sub","id":"11","name":"stream-notify-logged","params":["user-status",true]}"#,
            login,
            r#"{"msg":"sub","id":"12","name":"stream-notify-user","params":["U/userData",false]}"#,
        ])
        .await;
    socket
        .find(|message| *message == json!({"msg": "nosub", "id": "7"}))
        .await;
    let refused = socket.find(|message| message["id"] == "11").await;
    assert_eq!(refused["error"]["error"], "not-allowed");
    logged_in(&mut socket, "13").await;
    is_ready(&mut socket, "12").await;
}

/// What the official mobile app does, over HTTP first.
#[tokio::test]
async fn the_mobile_app() {
    let house = house().await;
    let anonymous = house.server.anonymous();
    let info = anonymous.send("GET", "/api/info", &[], "").await.expect(200);
    assert!(info["version"].is_string());
    let wanted = "settings.public?_id=Site_Url,Site_Name&count=2";
    assert_eq!(anonymous.get(wanted).await.expect(200)["count"], 2);
    anonymous.get("settings.oauth").await.expect(200);
    let mut socket = house
        .start(&[
            r#"{"msg":"connect","version":"1","support":["1","pre2","pre1"]}"#,
            r#"{"msg":"method","method":"login","params":[{"resume":"T"}],"id":"ddp-1"}"#,
            r#"{"msg":"sub","name":"stream-notify-all","params":["public-settings-changed",{"useCollection":false,"args":[false]}],"id":"ddp-2"}"#,
            r#"{"msg":"sub","name":"stream-notify-logged","params":["user-status",{"useCollection":false,"args":[false]}],"id":"ddp-3"}"#,
            r#"{"msg":"sub","name":"stream-notify-user","params":["U/userData",{"useCollection":false,"args":[false]}],"id":"ddp-4"}"#,
            r#"{"msg":"sub","name":"stream-roles","params":["roles",{"useCollection":false,"args":[false]}],"id":"ddp-5"}"#,
            r#"{"msg":"sub","name":"stream-user-presence","params":["",{"added":["U"]}],"id":"ddp-6"}"#,
        ])
        .await;
    logged_in(&mut socket, "ddp-1").await;
    for number in 2..7 {
        is_ready(&mut socket, &format!("ddp-{number}")).await;
    }
    for endpoint in [
        "permissions.listAll",
        "roles.list",
        &format!("users.presence?ids={}", house.ada.id()),
    ] {
        house.ada.get(endpoint).await.expect(200);
    }
}
