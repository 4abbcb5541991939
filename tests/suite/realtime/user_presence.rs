//! `stream-user-presence`: watching some users.

use serde_json::{Value, json};

use crate::support::server::create_user;
use crate::support::{Client, Socket, TestServer};

async fn busy(client: &Client, message: &str) {
    let body = json!({"status": "busy", "message": message});
    client.post("users.setStatus", &body).await.expect(200);
}

/// The next event of the stream, whole.
async fn told(socket: &mut Socket) -> Value {
    socket
        .find(|message| message["collection"] == "stream-user-presence")
        .await
}

#[tokio::test]
async fn the_first_subscription_stays_and_later_ones_change_whom_it_watches() {
    let server = TestServer::start().await;
    for name in ["bob", "eve"] {
        server.command(create_user(name)).await;
    }
    let (ada, bob, eve) = (
        server.user().await,
        server.logged_in("bob").await,
        server.logged_in("eve").await,
    );
    let mut socket = Socket::of(&server.admin().await).await;
    let stream = "stream-user-presence";
    let first = socket.sub(stream, json!(["", {"added": [ada.id(), bob.id()]}])).await;
    assert_eq!(first["msg"], "ready");
    busy(&eve, "nobody watches").await;
    busy(&bob, "in a call").await;
    let expected = json!({
        "msg": "changed", "collection": stream, "id": bob.id(),
        "fields": {"uid": bob.id(), "eventName": bob.id(), "args": [["bob", 3, "in a call", "manual"]]},
    });
    assert_eq!(told(&mut socket).await, expected);
    let second = socket
        .sub(stream, json!(["", {"added": [eve.id()], "removed": [bob.id()]}]))
        .await;
    let id = second["id"].clone();
    assert_eq!(second, json!({"msg": "nosub", "id": id}), "over, without an error");
    busy(&bob, "nobody watches any more").await;
    busy(&eve, "at lunch").await;
    assert_eq!(
        told(&mut socket).await["fields"]["args"][0],
        json!(["eve", 3, "at lunch", "manual"])
    );
    // The end of a later one changes nothing; the end of the first ends it all.
    socket.say(json!({"msg": "unsub", "id": id})).await;
    busy(&ada, "still watched").await;
    assert_eq!(told(&mut socket).await["fields"]["args"][0][2], "still watched");
    socket.say(json!({"msg": "unsub", "id": first["subs"][0]})).await;
    socket
        .find(|message| *message == json!({"msg": "nosub", "id": first["subs"][0]}))
        .await;
    socket.listen("notify-logged", "user-status").await;
    busy(&ada, "unwatched").await;
    socket.event("notify-logged", "user-status").await;
    let left = socket.left();
    assert!(left.iter().all(|message| message["collection"] != stream), "{left:?}");
}

#[tokio::test]
async fn it_needs_a_login_and_takes_lists_of_any_form() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let mut nobody = Socket::connected(server.address).await;
    let refused = nobody
        .sub("stream-user-presence", json!(["", {"added": [ada.id()]}]))
        .await;
    assert_eq!(refused["error"]["error"], "not-allowed");
    for params in [
        json!([]),
        json!([""]),
        json!(["", null]),
        json!(["", false]),
        json!(["", {"added": "x", "removed": {}}]),
        json!(["", {"added": [1, null, ["x"]]}]),
    ] {
        let mut socket = Socket::of(&ada).await;
        let answer = socket.sub("stream-user-presence", params.clone()).await;
        assert_eq!(answer["msg"], "ready", "{params}");
    }
}

#[tokio::test]
async fn so_many_users_are_watched_and_no_more() {
    let server = TestServer::start().await;
    let mut socket = Socket::of(&server.user().await).await;
    for chunk in 0..10 {
        let ids: Vec<_> = (0..1000).map(|number| format!("{chunk}-{number}")).collect();
        let answer = socket.sub("stream-user-presence", json!(["", {"added": ids}])).await;
        assert!(answer.get("error").is_none(), "{answer}");
    }
    let more = socket
        .sub("stream-user-presence", json!(["", {"added": ["one more"]}]))
        .await;
    assert_eq!(more["error"]["error"], "too-many-subscriptions");
}
