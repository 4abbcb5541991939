//! A token that dies takes the rights of its sockets with it, at once.

use serde_json::{Value, json};

use crate::support::server::{DAY, PASSWORD, PASSWORD_DIGEST};
use crate::support::{Client, Socket, TestServer};

/// A socket of a client that hears when it is logged out.
async fn listener(client: &Client) -> Socket {
    let mut socket = Socket::of(client).await;
    socket
        .listen("notify-user", &format!("{}/force_logout", client.id()))
        .await;
    socket.listen("notify-logged", "user-status").await;
    socket
}

/// Waits for the word, and sees that there are no rights after it.
async fn is_out(socket: &mut Socket, id: &str) {
    let word = socket.event("notify-user", &format!("{id}/force_logout")).await;
    assert_eq!(word, json!([]));
    socket
        .find(|message| *message == json!({"msg": "removed", "collection": "users", "id": id}))
        .await;
    let ended = socket.left().iter().filter(|message| message["msg"] == "nosub").count();
    assert_eq!(ended, 2, "the subscriptions that need a login are ended");
    let refused = socket.error("setUserStatus", json!(["busy"])).await;
    assert_eq!(refused["error"], "error-not-allowed");
}

async fn confirmed(admin: &Client, endpoint: &str, body: Value) {
    let answer = admin.post_confirmed(endpoint, &body, "password", PASSWORD_DIGEST).await;
    answer.expect(200);
}

#[tokio::test]
async fn whatever_ends_a_token_is_told_to_its_sockets() {
    for cause in ["own password", "password", "off", "deleted", "logout", "session", "age"] {
        let server = TestServer::start().await;
        let (ada, admin) = (server.user().await, server.admin().await);
        let mut socket = listener(&ada).await;
        let id = json!({"userId": ada.id()});
        match cause {
            "own password" => {
                let data = json!({"data": {"newPassword": "a brand new one", "currentPassword": PASSWORD_DIGEST}});
                ada.post("users.updateOwnBasicInfo", &data).await.expect(200);
            }
            "password" => {
                let data = json!({"userId": ada.id(), "data": {"password": "a brand new one"}});
                confirmed(&admin, "users.update", data).await;
            }
            "off" => {
                let off = json!({"userId": ada.id(), "activeStatus": false});
                admin.post("users.setActiveStatus", &off).await.expect(200);
            }
            "deleted" => drop(admin.post("users.delete", &id).await.expect(200)),
            "logout" => drop(admin.post("users.logout", &id).await.expect(200)),
            "session" => {
                let other = server.user().await;
                let sessions = other.get("sessions/list").await.expect(200);
                let sessions = sessions["sessions"].as_array().expect("a list").clone();
                let first = sessions.iter().find(|session| session["current"] == false);
                let which = json!({"sessionId": first.expect("the other one")["sessionId"]});
                other.post("sessions/logout.me", &which).await.expect(200);
            }
            _ => {
                server.pass(91 * DAY);
                // Whatever comes next finds it dead.
                server
                    .admin()
                    .await
                    .create_status("caught up", "busy")
                    .await
                    .expect(200);
                let refused = socket.error("setUserStatus", json!(["busy"])).await;
                assert_eq!(refused["error"], "error-not-allowed");
            }
        }
        is_out(&mut socket, ada.id()).await;
        // Nothing of others is heard any more.
        let busy = json!({"status": "busy"});
        server.admin().await.post("users.setStatus", &busy).await.expect(200);
        socket.ping().await;
        assert_eq!(socket.left(), Vec::<Value>::new(), "{cause}");
    }
}

#[tokio::test]
async fn only_the_sockets_of_the_token_are_logged_out() {
    let server = TestServer::start().await;
    let (one, other) = (server.user().await, server.user().await);
    let (mut first, mut second) = (listener(&one).await, listener(&other).await);
    other.post("users.logoutOtherClients", &json!({})).await.expect(200);
    is_out(&mut first, one.id()).await;
    assert_eq!(second.result("getUserStatusText", json!([other.id()])).await, "");
}

#[tokio::test]
async fn a_personal_access_token_that_is_removed_takes_its_socket_with_it() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let mut own = Socket::of(&admin).await;
    let name = json!([{"tokenName": "lamp"}]);
    let proved = json!([{"tokenName": "lamp"}, Socket::proof()]);
    let token = own.result("personalAccessTokens:generateToken", proved).await;
    let lamp = admin.with_login(admin.id(), token.as_str().expect("a token"));
    let mut socket = listener(&lamp).await;
    own.call("personalAccessTokens:removeToken", name).await;
    is_out(&mut socket, admin.id()).await;
}

#[tokio::test]
async fn rights_are_gone_before_the_word_arrives() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let mut sockets = Vec::new();
    for _ in 0..8 {
        sockets.push(Socket::of(&ada).await);
    }
    let id = json!({"userId": ada.id()});
    admin.post("users.logout", &id).await.expect(200);
    // The test does not wait for the message: the answer to the logout is enough.
    for socket in &mut sockets {
        assert_eq!(
            socket.error("listCustomUserStatus", json!([])).await["error"],
            "error-not-allowed"
        );
    }
}

#[tokio::test]
async fn who_changes_their_password_over_a_socket_is_answered_and_then_logged_out() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let mut socket = listener(&ada).await;
    let profile = json!([{"newPassword": "yet another one", "typedPassword": PASSWORD_DIGEST}, {}]);
    assert_eq!(socket.result("saveUserProfile", profile).await, json!(true));
    is_out(&mut socket, ada.id()).await;
    let old = json!([{"user": {"username": "ada"}, "password": PASSWORD}]);
    assert_eq!(socket.error("login", old).await["error"], 403);
    let new = json!([{"user": {"username": "ada"}, "password": "yet another one"}]);
    assert_eq!(socket.result("login", new).await["id"], ada.id());
}

#[tokio::test]
async fn a_permission_that_is_lost_is_lost_to_open_sockets() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let give = json!({"roleName": "admin", "username": "ada"});
    admin.post("roles.addUserToRole", &give).await.expect(200);
    let ada = server.user().await;
    let mut socket = Socket::of(&ada).await;
    socket.listen("notify-logged", "private-settings-changed").await;
    socket.listen("notify-all", "public-settings-changed").await;
    let set = async |name: &str, value: Value| {
        confirmed(&admin, &format!("settings/{name}"), json!({"value": value})).await;
    };
    set("API_Default_Count", json!(40)).await;
    let told = socket.event("notify-logged", "private-settings-changed").await;
    assert_eq!(
        told,
        json!(["updated", {"_id": "API_Default_Count", "value": 40, "enterprise": false}])
    );
    let new = json!([{"name": "caught up", "statusType": "busy"}]);
    socket.result("insertOrUpdateUserStatus", new).await;
    admin.post("roles.removeUserFromRole", &give).await.expect(200);
    set("API_Default_Count", json!(41)).await;
    set("Accounts_RegistrationForm_SecretURL", json!("hush")).await;
    set("Site_Name", json!("Here")).await;
    let told = socket.event("notify-all", "public-settings-changed").await;
    assert_eq!(told[1]["value"], "Here");
    assert_eq!(socket.left(), Vec::<Value>::new());
    let new = json!([{"name": "behind", "statusType": "busy"}]);
    assert_eq!(
        socket.error("insertOrUpdateUserStatus", new).await["error"],
        "not_authorized"
    );
}
