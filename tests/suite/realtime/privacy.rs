//! Hiding over streams: a viewer from whom a user hides gets what they would get of a user who is really offline.

use serde_json::{Value, json};

use crate::support::server::create_user;
use crate::support::{Client, Socket, TestServer};

struct House {
    server: TestServer,
    admin: Client,
    hid: Client,
    eve: Client,
}

/// A server with `hid`, who hides from some, and `eve`.
async fn house() -> House {
    let server = TestServer::start().await;
    for name in ["hid", "eve"] {
        server.command(create_user(name)).await;
    }
    House {
        admin: server.admin().await,
        hid: server.logged_in("hid").await,
        eve: server.logged_in("eve").await,
        server,
    }
}

impl House {
    async fn hide(&self, from: Value) {
        let body = json!({"hideFrom": from});
        self.hid.post("presence.setPrivacy", &body).await.expect(200);
    }

    async fn set(&self, message: &str) {
        let body = json!({"status": "busy", "message": message});
        self.hid.post("users.setStatus", &body).await.expect(200);
    }

    /// A socket that hears everything that may be heard.
    async fn listener(&self, client: &Client) -> Socket {
        let mut socket = Socket::of(client).await;
        socket.listen("notify-logged", "user-status").await;
        socket.listen("notify-logged", "updateCustomUserStatus").await;
        socket.listen("notify-user", &format!("{}/userData", client.id())).await;
        let watch = json!(["", {"added": [self.hid.id()]}]);
        socket.sub("stream-user-presence", watch).await;
        self.heard(&mut socket).await;
        socket
    }

    /// The events about `hid` until now, in their order: the status and the text.
    async fn heard(&self, socket: &mut Socket) -> Vec<(String, Value, Value)> {
        // Comes after all that happened before it.
        let name = rollcall::auth::random::bytes::<4>()
            .map(|byte| format!("{byte:02x}"))
            .concat();
        self.admin.create_status(&name, "busy").await.expect(200);
        while socket.event("notify-logged", "updateCustomUserStatus").await[0]["userStatusData"]["name"] != *name {}
        let left = socket.left();
        let of_hid = left
            .iter()
            .filter(|message| message.to_string().contains(self.hid.id()));
        of_hid
            .map(|message| {
                let args = &message["fields"]["args"][0];
                let name = message["collection"].as_str().expect("a collection").to_owned();
                match name.as_str() {
                    "stream-notify-logged" => (name, args[2].clone(), args[3].clone()),
                    _ => (name, args[1].clone(), args[2].clone()),
                }
            })
            .collect()
    }
}

fn both(code: u8, words: &str) -> Vec<(String, Value, Value)> {
    ["stream-notify-logged", "stream-user-presence"]
        .map(|stream| (stream.to_owned(), json!(code), json!(words)))
        .to_vec()
}

#[tokio::test]
async fn what_happens_while_somebody_hides_is_not_told_to_those_they_hide_from() {
    let house = house().await;
    house.hide(json!({"users": ["eve"]})).await;
    let mut eve = house.listener(&house.eve).await;
    let mut admin = house.listener(&house.admin).await;
    house.set("secret").await;
    let mut socket = Socket::of(&house.hid).await;
    socket.result("UserPresence:away", json!([])).await;
    socket.result("setUserStatus", json!(["busy", "more"])).await;
    socket.call("logout", json!([])).await;
    assert_eq!(house.heard(&mut eve).await, [], "nothing of who hides");
    let told = house.heard(&mut admin).await;
    assert!(told.len() >= 4, "others are told: {told:?}");
}

#[tokio::test]
async fn who_begins_to_hide_goes_and_who_ends_it_comes_back() {
    let house = house().await;
    house.set("in a call").await;
    let mut eve = house.listener(&house.eve).await;
    house.hide(json!({"users": ["eve"]})).await;
    assert_eq!(house.heard(&mut eve).await, both(0, ""), "they are gone, without words");
    house.set("secret").await;
    assert_eq!(house.heard(&mut eve).await, []);
    house.hide(json!({"users": []})).await;
    assert_eq!(house.heard(&mut eve).await, both(3, "secret"), "they are there again");
}

#[tokio::test]
async fn a_role_that_is_given_while_a_socket_is_open_hides_from_then_on() {
    let house = house().await;
    house.set("in a call").await;
    house.hide(json!({"roles": ["guest"]})).await;
    let mut eve = house.listener(&house.eve).await;
    house.set("heard").await;
    assert_eq!(house.heard(&mut eve).await, both(3, "heard"));
    let give = json!({"roleName": "guest", "username": "eve"});
    house.admin.post("roles.addUserToRole", &give).await.expect(200);
    house.set("secret").await;
    assert_eq!(house.heard(&mut eve).await, []);
    house.admin.post("roles.removeUserFromRole", &give).await.expect(200);
    house.set("heard again").await;
    assert_eq!(house.heard(&mut eve).await, both(3, "heard again"));
}

#[tokio::test]
async fn the_streams_of_others_are_not_for_one() {
    let house = house().await;
    let mut eve = Socket::of(&house.eve).await;
    for event in ["userData", "force_logout", "message"] {
        let refused = eve
            .sub(
                "stream-notify-user",
                json!([format!("{}/{event}", house.hid.id()), false]),
            )
            .await;
        assert_eq!(refused["error"]["error"], "not-allowed");
    }
    for name in [
        house.hid.id(),
        &format!("{}x/userData", house.eve.id()),
        "/userData",
        "userData",
    ] {
        let refused = eve.sub("stream-notify-user", json!([name, false])).await;
        assert_eq!(refused["error"]["error"], "not-allowed", "{name}");
    }
    drop(house.server);
}
