//! The audit log: who did what to whom, when, from where.

use rollcall::admin_socket::Command;
use rollcall::app::{App, Clock, Overrides};
use rollcall::auth::TokenSecret;
use rollcall::auth::password::Passwords;
use rollcall::clock::SetClock;
use rollcall::domain::AuditAction;
use rollcall::ops::sweep::sweep;
use serde_json::{Value, json};

use crate::support::server::{BEGINNING, DAY, MINUTE, PASSWORD, fix, open_registration};
use crate::support::store::open_store;
use crate::support::{Client, TestServer};

async fn entries(admin: &Client, query: &str) -> Vec<Value> {
    let body = admin.get(&format!("audit.list?count=0&{query}")).await.expect(200);
    body["entries"].as_array().expect("a list").clone()
}

async fn actions(admin: &Client, query: &str) -> Vec<String> {
    let all = entries(admin, query).await;
    let action = |entry: &Value| entry["action"].as_str().expect("an action").to_owned();
    all.iter().map(action).collect()
}

#[tokio::test]
async fn an_entry_says_who_did_what_to_whom_when_and_from_where() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    server.pass(MINUTE);
    admin
        .post("roles.addUserToRole", &json!({"roleName": "bot", "username": "ada"}))
        .await
        .expect(200);
    let ada = server.user().await;
    let found = entries(&admin, "action=role-given").await;
    let expected = json!([{
        "_id": found[0]["_id"],
        "at": "2023-11-04T11:45:23.366Z",
        "actor": {"kind": "user", "id": admin.id(), "name": "admin"},
        "address": "127.0.0.1",
        "action": "role-given",
        "target": {"kind": "user", "id": ada.id(), "name": "ada"},
        "detail": "bot",
    }]);
    assert_eq!(json!(found), expected);
    // What the command line did has no address.
    let created = entries(&admin, "action=user-created&target=ada").await;
    assert_eq!(
        (&created[0]["actor"]["kind"], created[0].get("address")),
        (&json!("operator"), None)
    );
}

/// Does everything that is worth remembering at least once.
async fn do_everything(server: &TestServer, admin: &Client) {
    let ada = server.user().await;
    let own = |data: Value| json!({"data": data});
    server
        .anonymous()
        .post("login", &json!({"user": "ada", "password": "wrong"}))
        .await
        .expect(401);
    server.user().await.post("logout", &json!({})).await.expect(200);
    let register = json!({"username": "bob", "name": "Bob", "email": "bob@example.com", "pass": PASSWORD});
    let bob = server.anonymous().post("users.register", &register).await.expect(200)["user"]["_id"].clone();
    let post =
        async |client: &Client, endpoint: &str, body: Value| client.post_proved(endpoint, &body).await.expect(200);
    post(
        admin,
        "users.setActiveStatus",
        json!({"userId": bob, "activeStatus": false}),
    )
    .await;
    post(
        admin,
        "users.setActiveStatus",
        json!({"userId": bob, "activeStatus": true}),
    )
    .await;
    post(
        admin,
        "users.update",
        json!({"userId": bob, "data": {"name": "Robert"}}),
    )
    .await;
    post(admin, "users.unlock", json!({"userId": bob})).await;
    post(admin, "users.createPasswordResetLink", json!({"userId": bob})).await;
    post(
        &server.anonymous(),
        "users.forgotPassword",
        json!({"email": "bob@example.com"}),
    )
    .await;
    post(admin, "users.delete", json!({"userId": bob})).await;
    let named = json!({"tokenName": "phone"});
    post(&ada, "users.generatePersonalAccessToken", named.clone()).await;
    post(&ada, "users.removePersonalAccessToken", named).await;
    post(&ada, "users.setAvatar", json!({"avatarUrl": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="})).await;
    let role = post(admin, "roles.create", json!({"name": "Greeter"})).await["role"]["_id"].clone();
    post(admin, "roles.update", json!({"roleId": role, "name": "Host"})).await;
    let give = json!({"roleId": role, "username": "ada"});
    post(admin, "roles.addUserToRole", give.clone()).await;
    post(admin, "roles.removeUserFromRole", give).await;
    post(admin, "roles.delete", json!({"roleId": role})).await;
    let grant = json!({"permissions": [{"_id": "view-audit", "roles": ["admin"]}]});
    post(admin, "permissions.update", grant).await;
    post(admin, "settings/Site_Name", json!({"value": "Harbour"})).await;
    let status = admin.create_status("caught up", "busy").await.expect(200)["customUserStatus"]["_id"].clone();
    let id = admin.get("custom-user-status.list").await.expect(200)["statuses"][0]["_id"].clone();
    assert!(status == id || status.is_null());
    let changed = json!({"_id": id, "name": "behind", "statusType": "busy"});
    post(admin, "custom-user-status.update", changed).await;
    post(admin, "custom-user-status.delete", json!({"customUserStatusId": id})).await;
    let id = post(admin, "invitations.create", json!({})).await["invitation"]["_id"].clone();
    post(admin, "invitations.revoke", json!({"_id": id})).await;
    let id = post(admin, "boards.create", json!({"name": "Entrance"})).await["board"]["_id"].clone();
    post(admin, "boards.revoke", json!({"_id": id})).await;
    let secret = json!({"userId": ada.id(), "secret": "open sesame"});
    post(admin, "users.createToken", secret).await;
    post(admin, "users.resetTOTP", json!({"userId": ada.id()})).await;
    let ada = server.user().await;
    let password = json!({"newPassword": "another horse", "currentPassword": crate::support::server::PASSWORD_DIGEST});
    post(&ada, "users.updateOwnBasicInfo", own(password)).await;
    let ada = server.anonymous().logged_in("ada", "another horse").await;
    post(&ada, "users.logoutOtherClients", json!({})).await;
    server.anonymous().logged_in("ada", "another horse").await;
    post(&ada, "users.logout", json!({})).await;
    for _ in 0..10 {
        server
            .anonymous()
            .post("login", &json!({"user": "ada", "password": "wrong"}))
            .await
            .expect(401);
    }
}

#[tokio::test]
async fn everything_worth_remembering_is_and_no_secret_with_it() {
    let server = TestServer::start_with(|options| {
        options.fixed.create_tokens_secret = Some(TokenSecret::presented("open sesame"));
        fix(options, &[open_registration()]);
    })
    .await;
    let admin = server.admin().await;
    do_everything(&server, &admin).await;
    server.command(Command::ConfirmClock).await;
    let seen = actions(&admin, "").await;
    // The first two need an authenticator's code: `two_factor.rs` makes them. `backup/download.rs` and `import/` make the others.
    let elsewhere = [
        AuditAction::TwoFactorEnabled,
        AuditAction::BackupCodesMade,
        AuditAction::BackupMade,
        AuditAction::ExportMade,
    ];
    for action in AuditAction::ALL.iter().filter(|action| !elsewhere.contains(action)) {
        assert!(
            seen.iter().any(|word| word == action.as_str()),
            "no {action} in {seen:?}"
        );
    }
    let text = json!(entries(&admin, "").await).to_string();
    for secret in ["another horse", PASSWORD, "open sesame", admin.token()] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn the_newest_comes_first_and_filters_narrow() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for name in ["one", "two", "three"] {
        server.pass(MINUTE);
        admin.create_status(name, "busy").await.expect(200);
    }
    let created = entries(&admin, "action=custom-status-created").await;
    let names: Vec<_> = created.iter().map(|entry| entry["target"]["name"].clone()).collect();
    assert_eq!(names, ["three", "two", "one"]);
    assert_eq!(actions(&admin, "target=TWO").await, ["custom-status-created"]);
    assert_eq!(actions(&admin, "actor=ada").await, Vec::<String>::new());
    let by_id = actions(&admin, &format!("actor={}", admin.id())).await;
    assert_eq!(by_id.len(), 4, "a login and three statuses: {by_id:?}");
    let minutes = "from=2023-11-04T11:45:23.366Z&until=2023-11-04T11:46:23.366Z";
    let between = entries(&admin, minutes).await;
    assert_eq!(between.len(), 1);
    assert_eq!(between[0]["target"]["name"], "one");
    let page = admin
        .get("audit.list?action=custom-status-created&offset=1&count=1")
        .await
        .expect(200);
    assert_eq!(
        (&page["count"], &page["offset"], &page["total"]),
        (&json!(1), &json!(1), &json!(3))
    );
    assert_eq!(page["entries"][0]["target"]["name"], "two");
    for query in ["action=flew", "from=lately", "until=x", "count=-1", "whose=mine"] {
        let refused = admin.get(&format!("audit.list?{query}")).await;
        assert_eq!(refused.expect(400)["errorType"], "invalid-params", "{query}");
    }
}

#[tokio::test]
async fn what_was_refused_leaves_no_entry() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    admin.create_status("caught up", "busy").await.expect(200);
    admin.create_status("caught up", "busy").await.expect(400);
    assert_eq!(actions(&admin, "action=custom-status-created").await.len(), 1);
}

#[tokio::test]
async fn the_log_is_on_disk_when_the_answer_is_there() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    admin.create_status("caught up", "busy").await.expect(200);
    let server = TestServer::open(server.stop().await, |_| {}).await;
    let admin = server.admin().await;
    assert_eq!(actions(&admin, "target=caught%20up").await, ["custom-status-created"]);
}

#[tokio::test]
async fn entries_older_than_the_setting_are_swept() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let days = json!({"value": 2});
    admin.post("settings/Audit_Log_Retention_Days", &days).await.expect(200);
    server.pass(DAY + 1);
    admin.create_status("caught up", "busy").await.expect(200);
    let folder = server.stop().await;
    // At most a day after the last commit: a clock that jumps further is doubtful, and nothing is swept.
    let clock = Clock::set_by(SetClock::at(BEGINNING + 2 * DAY + 1));
    let store = open_store(&folder.path().join("data")).expect("the store");
    let app = App::new(store, clock.clone(), Passwords::default(), Overrides::default());
    sweep(&app).await;
    app.store.close().await;
    let server = TestServer::open(folder, |options| options.clock = clock).await;
    let admin = server.admin().await;
    assert_eq!(actions(&admin, "").await, ["login", "custom-status-created"]);
}
