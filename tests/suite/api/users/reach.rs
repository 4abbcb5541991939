//! Lists of users for viewers without `view-outside-room`, who share no room with others here.

use serde_json::{Value, json};

use crate::support::server::create_user;
use crate::support::{Client, Socket, TestServer};

fn names(list: &Value) -> Vec<String> {
    let name = |user: &Value| user["username"].as_str().expect("a name").to_owned();
    list.as_array().expect("a list").iter().map(name).collect()
}

async fn suggested(client: &Client) -> Vec<String> {
    let selector = "users.autocomplete?selector=%7B%22term%22%3A%22%22%7D";
    names(&client.get(selector).await.expect(200)["items"])
}

async fn listed(client: &Client) -> [Vec<String>; 3] {
    let by_status = client.get("users.listByStatus?status=active").await.expect(200);
    let all = client.get("users.list").await.expect(200);
    assert_eq!(all["total"], all["count"]);
    let mut here = names(&client.get("users.presence").await.expect(200)["users"]);
    here.sort_unstable();
    [names(&all["users"]), names(&by_status["users"]), here]
}

#[tokio::test]
async fn a_guest_finds_only_themselves_while_typing_and_in_lists_if_the_setting_says_so() {
    let server = TestServer::start().await;
    server.command(create_user("guest")).await;
    let admin = server.admin().await;
    let guest = server.logged_in("guest").await;
    let update = json!({"userId": guest.id(), "data": {"roles": ["guest"]}});
    admin.post("users.update", &update).await.expect(200);
    let ada = server.user().await;
    let _sockets = [Socket::of(&ada).await, Socket::of(&guest).await];
    let everybody = ["ada", "admin", "guest"].map(str::to_owned).to_vec();
    let online = ["ada", "guest"].map(str::to_owned).to_vec();
    let oneself = vec!["guest".to_owned()];

    assert_eq!(suggested(&ada).await, everybody);
    assert_eq!(suggested(&guest).await, oneself);
    let all = [everybody.clone(), everybody, online];
    for client in [&ada, &guest] {
        assert_eq!(listed(client).await, all);
    }
    let since = guest.get("users.presence").await.expect(200);
    let since = since["lastUpdatedAt"].as_str().map(str::to_owned);
    let mut hears = Socket::of(&guest).await;
    hears.sub("stream-notify-logged", json!(["user-status", false])).await;
    let busy = |text: &str| json!({"status": "busy", "message": text});
    ada.post("users.setStatus", &busy("one")).await.expect(200);
    hears
        .find(|message| message["fields"]["eventName"] == "user-status")
        .await;

    let setting = "settings/API_Apply_permission_view-outside-room_on_users-list";
    admin.post(setting, &json!({"value": true})).await.expect(200);
    assert_eq!(listed(&ada).await, all);
    assert_eq!(listed(&guest).await, [oneself.clone(), oneself.clone(), oneself]);
    // Nor do changes tell of others, over HTTP and over the socket that listens already.
    ada.post("users.setStatus", &busy("two")).await.expect(200);
    guest.post("users.setStatus", &busy("mine")).await.expect(200);
    let event = hears
        .find(|message| message["fields"]["eventName"] == "user-status")
        .await;
    assert_eq!(event["fields"]["args"][0][1], "guest");
    let from = since.unwrap_or_else(|| "2023-11-04T11:44:23.000Z".to_owned());
    let changed = guest.get(&format!("users.presence?from={from}")).await.expect(200);
    assert!(!changed["users"].to_string().contains("\"ada\""), "{changed}");
    // The permission opens lists again, also on the socket.
    let grant = json!({"permissions": [{"_id": "view-outside-room", "roles": ["admin", "user", "guest"]}]});
    admin.post("permissions.update", &grant).await.expect(200);
    assert_eq!(listed(&guest).await, all);
    ada.post("users.setStatus", &busy("three")).await.expect(200);
    let event = hears
        .find(|message| message["fields"]["eventName"] == "user-status")
        .await;
    assert_eq!(event["fields"]["args"][0][1], "ada");
}
