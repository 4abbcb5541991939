//! Subscribing: each form that clients send, and what is refused.

use serde_json::{Value, json};

use crate::support::errors::error_json;
use crate::support::{Client, Socket, TestServer};

#[tokio::test]
async fn each_form_of_the_second_parameter_is_taken() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let stream = "stream-notify-logged";
    let event = "updateCustomUserStatus";
    let document = json!({"msg": "added", "collection": stream, "id": "id", "fields": {"eventName": event}});
    for (number, (params, is_added)) in [
        (json!([event]), false),
        (json!([event, false]), false),
        (json!([event, null]), false),
        (json!([event, {"useCollection": false, "args": [null]}]), false),
        (json!([event, {"useCollection": false, "args": []}]), false),
        (json!([event, true]), true),
        (json!([event, {"useCollection": true, "args": [null]}]), true),
    ]
    .into_iter()
    .enumerate()
    {
        let mut socket = Socket::of(&admin).await;
        socket.left();
        socket
            .say(json!({"msg": "sub", "id": "s", "name": stream, "params": params}))
            .await;
        // A document comes before the word that the subscription is there.
        let mut order = Vec::new();
        while order.last() != Some(&json!({"msg": "ready", "subs": ["s"]})) {
            let message = socket.hear().await;
            if message["collection"] != "users" {
                order.push(message);
            }
        }
        assert_eq!(order.first() == Some(&document), is_added, "{params}");
        admin
            .create_status(&format!("status {number}"), "busy")
            .await
            .expect(200);
        socket.event("notify-logged", event).await;
    }
}

#[tokio::test]
async fn an_event_is_told_once_however_often_it_is_subscribed_to() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let mut socket = Socket::of(&admin).await;
    let event = "updateCustomUserStatus";
    for _ in 0..3 {
        socket.listen("notify-logged", event).await;
    }
    admin.create_status("one", "busy").await.expect(200);
    admin.create_status("two", "busy").await.expect(200);
    for name in ["one", "two"] {
        let told = socket.event("notify-logged", event).await;
        assert_eq!(told[0]["userStatusData"]["name"], name);
    }
    assert_eq!(
        socket
            .left()
            .iter()
            .filter(|message| message["msg"] == "changed")
            .count(),
        0
    );
}

#[tokio::test]
async fn the_end_of_a_subscription_is_told_and_ends_the_events() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let mut socket = Socket::of(&admin).await;
    let params = json!(["updateCustomUserStatus", false]);
    let ready = socket.sub("stream-notify-logged", params).await;
    let id = &ready["subs"][0];
    socket.say(json!({"msg": "unsub", "id": id})).await;
    socket
        .find(|message| *message == json!({"msg": "nosub", "id": id}))
        .await;
    socket.listen("notify-logged", "deleteCustomUserStatus").await;
    let made = admin.create_status("one", "busy").await.expect(200);
    let delete = json!({"customUserStatusId": made["customUserStatus"]["_id"]});
    admin.post("custom-user-status.delete", &delete).await.expect(200);
    socket.event("notify-logged", "deleteCustomUserStatus").await;
    assert_eq!(socket.left(), Vec::<Value>::new());
    // What is not there can be ended as well.
    socket.say(json!({"msg": "unsub", "id": "never"})).await;
    socket
        .find(|message| *message == json!({"msg": "nosub", "id": "never"}))
        .await;
}

#[tokio::test]
async fn what_cannot_be_subscribed_to_is_refused_with_its_reason() {
    let server = TestServer::start().await;
    let mut nobody = Socket::connected(server.address).await;
    let mut ada = Socket::of(&server.user().await).await;
    for stream in ["stream-notify-logged", "stream-roles", "stream-user-presence"] {
        let answer = nobody.sub(stream, json!(["roles", false])).await;
        assert_eq!(
            answer["error"],
            error_json(&json!("not-allowed"), "Not allowed", None),
            "{stream}"
        );
    }
    for socket in [&mut nobody, &mut ada] {
        let unknown = socket.sub("stream-notify-room", json!(["GENERAL/typing", false])).await;
        let words = "Subscription 'stream-notify-room' not found";
        assert_eq!(unknown["error"], error_json(&json!(404), words, None));
        let nameless = socket.sub("stream-notify-all", json!(["", false])).await;
        assert_eq!(
            nameless["error"],
            error_json(&json!("invalid-event-name"), "Invalid event name", None)
        );
    }
    // There are no rooms, and so no room whose events a user may get.
    let room = ada.sub("stream-room-messages", json!(["GENERAL", false])).await;
    assert_eq!(room["error"]["error"], "not-allowed");
    for params in [json!([]), json!([null]), json!([5]), json!([{}])] {
        let nameless = ada.sub("stream-notify-logged", params).await;
        assert_eq!(nameless["error"]["error"], "invalid-event-name");
    }
}

#[tokio::test]
async fn publications_of_meteor_that_clients_wait_for_are_ready_and_silent() {
    let server = TestServer::start().await;
    let mut nobody = Socket::connected(server.address).await;
    for name in [
        "meteor.loginServiceConfiguration",
        "meteor_autoupdate_clientVersions",
        "userData",
        "activeUsers",
    ] {
        assert_eq!(nobody.sub(name, json!([])).await["msg"], "ready", "{name}");
    }
}

/// The topics that an older kit subscribes to, and hangs for ever when one is refused.
#[tokio::test]
async fn every_topic_that_older_clients_insist_on_is_granted() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let mut socket = Socket::of(&ada).await;
    let own = "message otr webrtc notification rooms-changed subscriptions-changed uiInteraction userData";
    for topic in own.split(' ') {
        socket.listen("notify-user", &format!("{}/{topic}", ada.id())).await;
    }
    let logged = "Users:NameChanged Users:Deleted updateAvatar updateEmojiCustom deleteEmojiCustom roles-change";
    for topic in logged.split(' ') {
        socket.listen("notify-logged", topic).await;
    }
    let all =
        "roles-change updateEmojiCustom deleteEmojiCustom updateAvatar public-settings-changed permissions-changed";
    for topic in all.split(' ') {
        socket.listen("notify-all", topic).await;
    }
}

#[tokio::test]
async fn a_narrowed_token_hears_what_its_scopes_reach() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let token = async |scopes: Value, name: &str| -> Client {
        let wanted = json!({"tokenName": name, "scopes": scopes});
        let made = admin
            .post_proved("users.generatePersonalAccessToken", &wanted)
            .await
            .expect(200);
        admin.with_login(admin.id(), made["token"].as_str().expect("a token"))
    };
    let topics = [
        ("stream-notify-logged", "user-status", "presence:read"),
        ("stream-user-presence", "", "presence:read"),
        ("stream-notify-logged", "updateCustomUserStatus", "status:read"),
        ("stream-notify-logged", "deleteCustomUserStatus", "status:read"),
        ("stream-notify-logged", "Users:NameChanged", "users:read"),
        ("stream-roles", "roles", "users:read"),
        ("stream-notify-logged", "private-settings-changed", "admin"),
    ];
    for scope in ["presence:read", "status:read", "users:read", "admin"] {
        let mut socket = Socket::of(&token(json!([scope]), scope).await).await;
        for (stream, event, needed) in topics {
            let answer = socket.sub(stream, json!([event, false])).await;
            let expected = if scope == needed { "ready" } else { "nosub" };
            assert_eq!(answer["msg"], expected, "{scope} for {stream}/{event}");
        }
    }
}

#[tokio::test]
async fn so_many_subscriptions_a_socket_has_and_no_more() {
    let server = TestServer::start().await;
    let mut socket = Socket::of(&server.user().await).await;
    for number in 0..1000 {
        socket.listen("notify-all", &format!("event-{number}")).await;
    }
    let more = socket.sub("stream-notify-all", json!(["one-more", false])).await;
    assert_eq!(more["error"]["error"], "too-many-subscriptions");
    // One of the same name takes the place of the old one.
    socket
        .say(json!({"msg": "sub", "id": "2", "name": "stream-notify-all", "params": ["another"]}))
        .await;
    socket
        .find(|message| *message == json!({"msg": "ready", "subs": ["2"]}))
        .await;
}
