//! Invitations: links with which people register.

use futures_util::future::join_all;
use rollcall::admin_socket::Command;
use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::attacks::administrators::give;
use crate::support::errors::schema;
use crate::support::files::files_with;
use crate::support::server::{DAY, PASSWORD, UNLIMITED, create_user, fix, open_registration};
use crate::support::store::problems_in;
use crate::support::{Answer, Client, TestServer};

async fn start(settings: &[(SettingId, SettingValue)]) -> TestServer {
    TestServer::start_with(|options| {
        fix(options, &[UNLIMITED]);
        fix(options, settings);
    })
    .await
}

/// Creates an invitation, and returns it with the secret of its link.
async fn invite(client: &Client, terms: &Value) -> (Value, String) {
    let created = client.post_proved("invitations.create", terms).await.expect(200);
    let url = created["url"].as_str().expect("a link");
    let (page, secret) = url.rsplit_once('/').expect("a path");
    assert_eq!(page, format!("http://{}/join", client.address));
    (created["invitation"].clone(), secret.to_owned())
}

fn newcomer(secret: &str, username: &str) -> Value {
    json!({
        "token": secret, "username": username, "email": format!("{username}@example.com"), "pass": PASSWORD,
        "name": "Grace Hopper",
    })
}

async fn accept(server: &TestServer, secret: &str, username: &str) -> Answer {
    let body = newcomer(secret, username);
    server.anonymous().post("invitations.accept", &body).await
}

async fn refused(server: &TestServer, secret: &str) {
    let check = server
        .anonymous()
        .post("invitations.check", &json!({"token": secret}))
        .await;
    for answer in [check, accept(server, secret, "refused").await] {
        assert_eq!(answer.expect(403)["errorType"], "error-invitation-invalid");
    }
}

async fn listed(client: &Client) -> Vec<Value> {
    let body = client.get("invitations.list").await.expect(200);
    body["invitations"].as_array().expect("a list").clone()
}

async fn audited(admin: &Client, action: &str) -> Vec<Value> {
    let body = admin.get(&format!("audit.list?action={action}")).await.expect(200);
    body["entries"].as_array().expect("entries").clone()
}

#[tokio::test]
async fn a_person_with_an_invitation_registers_where_registration_is_closed() {
    let server = start(&[
        (SettingId::SiteName, SettingValue::Text("Harbour Studio".into())),
        (SettingId::ManuallyApproveNewUsers, SettingValue::Flag(true)),
    ])
    .await;
    let admin = server.admin().await;
    let (invitation, secret) = invite(&admin, &json!({"maxUses": 2, "note": "for the studio"})).await;
    let id = invitation["_id"].clone();
    assert_eq!(
        invitation,
        json!({
            "_id": id, "maxUses": 2, "uses": 0, "roles": [], "note": "for the studio", "valid": true,
            "createdAt": "2023-11-04T11:44:23.366Z", "expiresAt": "2023-11-11T11:44:23.366Z", "createdBy": "admin",
        })
    );
    let checked = server
        .anonymous()
        .post("invitations.check", &json!({"token": secret}))
        .await;
    assert_eq!(
        checked.expect(200),
        json!({
            "siteName": "Harbour Studio", "expiresAt": "2023-11-11T11:44:23.366Z", "invitedBy": "admin",
            "success": true,
        })
    );
    let registered = accept(&server, &secret, "grace").await.expect(200);
    assert_eq!(registered["user"]["name"], "Grace Hopper");
    assert_eq!(registered["user"]["active"], true, "the invitation is the approval");
    let grace = server.logged_in("grace").await;
    assert_eq!(grace.get("me").await.expect(200)["roles"], json!(["user"]));
    assert_eq!(listed(&admin).await[0]["uses"], 1);
    accept(&server, &secret, "bob").await.expect(200);
    assert!(listed(&admin).await.is_empty(), "it is used up");
    refused(&server, &secret).await;

    let noted = audited(&admin, "user-registered").await;
    let detail = format!("by the invitation {}", id.as_str().expect("an id"));
    assert_eq!((noted.len(), &noted[0]["detail"]), (2, &json!(detail)));
    let noted = audited(&admin, "invitation-created").await;
    assert_eq!(
        noted[0]["target"],
        json!({"kind": "invitation", "id": id, "name": "for the studio"})
    );
    assert_eq!(noted[0]["actor"]["name"], "admin");
}

#[tokio::test]
async fn an_invitation_gives_its_roles_and_none_that_its_creator_lacks() {
    let server = start(&[]).await;
    let admin = server.admin().await;
    let (_, secret) = invite(&admin, &json!({"roles": ["guest", "moderator", "guest"]})).await;
    accept(&server, &secret, "grace").await.expect(200);
    let grace = server.logged_in("grace").await;
    assert_eq!(
        grace.get("me").await.expect(200)["roles"],
        json!(["guest", "moderator"])
    );
    let (_, secret) = invite(&admin, &json!({"roles": ["admin"]})).await;
    accept(&server, &secret, "hopper").await.expect(200);

    server.command(create_user("bob")).await;
    let own = give(&admin, "bob", &["create-invite-links", "assign-roles"]).await;
    let bob = server.logged_in("bob").await;
    let post = async |roles: &[&str]| bob.post_proved("invitations.create", &json!({"roles": roles})).await;
    post(&["user", &own]).await.expect(200);
    assert_eq!(post(&["admin"]).await.expect(400)["details"]["action"], "Assign_admin");
    let all = give(&admin, "hopper", &["view-audit"]).await;
    assert_eq!(post(&[&all]).await.expect(403)["errorType"], "error-action-not-allowed");
    assert_eq!(
        post(&["nonsense"]).await.expect(400)["errorType"],
        "error-action-not-allowed"
    );

    // Without the permission to assign roles, the default roles are left.
    server.command(create_user("eve")).await;
    give(&admin, "eve", &["create-invite-links"]).await;
    let eve = server.logged_in("eve").await;
    let guests = eve
        .post_proved("invitations.create", &json!({"roles": ["guest"]}))
        .await;
    assert_eq!(guests.expect(400)["details"]["action"], "Assign_role");
    invite(&eve, &json!({"roles": ["user"]})).await;
    invite(&eve, &json!({})).await;
}

#[tokio::test]
async fn only_callers_with_the_permission_and_a_fresh_proof_invite() {
    let server = start(&[]).await;
    let (admin, ada) = (server.admin().await, server.user().await);
    let unproved = admin.post("invitations.create", &json!({})).await.expect(400);
    assert_eq!(unproved["errorType"], "totp-required");
    for answer in [
        ada.post_proved("invitations.create", &json!({})).await,
        ada.get("invitations.list").await,
        ada.post_proved("invitations.revoke", &json!({"_id": "x"})).await,
    ] {
        answer.expect(403);
    }
    // A link outlives a token, so a token with scopes creates none.
    let narrow = json!({"tokenName": "narrow", "scopes": ["admin", "users:write"]});
    let token = admin
        .post_proved("users.generatePersonalAccessToken", &narrow)
        .await
        .expect(200);
    let narrow = admin.with_login(admin.id(), token["token"].as_str().expect("a token"));
    let refused = narrow.post_proved("invitations.create", &json!({})).await.expect(403);
    assert_eq!(refused["errorType"], "error-full-token-needed");
    let (invitation, _) = invite(&admin, &json!({})).await;
    assert_eq!(listed(&narrow).await, [invitation]);
}

#[tokio::test]
async fn terms_out_of_bounds_are_refused() {
    let server = start(&[]).await;
    let admin = server.admin().await;
    for (terms, expected) in [
        (
            json!({"maxUses": 1001}),
            schema("must be 1 to 1000, or 0 for no limit", "maxUses"),
        ),
        (json!({"days": 0}), schema("must be 1 to 365", "days")),
        (json!({"days": 366}), schema("must be 1 to 365", "days")),
        (
            json!({"note": "x".repeat(121)}),
            schema("must NOT have more than 120 characters", "note"),
        ),
        (
            json!({"roles": vec!["user"; 51]}),
            schema("must NOT have more than 50 items", "roles"),
        ),
    ] {
        let answer = admin.post_proved("invitations.create", &terms).await;
        assert_eq!(answer.expect(400), expected, "{terms}");
    }
    for terms in [
        json!({"maxUses": -1}),
        json!({"maxUses": "1"}),
        json!({"days": 4_294_967_296_u64}),
        json!({"note": "a\u{202e}b"}),
        json!({"uses": 1}),
    ] {
        admin.post_proved("invitations.create", &terms).await.expect(400);
    }
    let (year, _) = invite(&admin, &json!({"maxUses": 0, "days": 365})).await;
    assert_eq!(
        (&year["maxUses"], &year["expiresAt"]),
        (&json!(0), &json!("2024-11-03T11:44:23.366Z"))
    );
}

#[tokio::test]
async fn the_rules_of_a_registration_hold_and_a_refusal_uses_nothing_up() {
    let server = start(&[(SettingId::AllowedDomains, SettingValue::Text("example.com".into()))]).await;
    let admin = server.admin().await;
    let (_, secret) = invite(&admin, &json!({})).await;
    let with = |field: &str, value: Value| {
        let mut body = newcomer(&secret, "grace");
        body[field] = value;
        body
    };
    for (body, words) in [
        (with("username", json!("Ada")), "Username is already in use"),
        (with("username", json!("b b")), "The username provided is not valid"),
        (with("email", json!("ADA@example.com")), "Email already exists [403]"),
        (with("email", json!("grace@evil.example")), "[error-invalid-domain]"),
        (with("name", json!("<b>")), "Name contains invalid characters"),
    ] {
        let refused = server.anonymous().post("invitations.accept", &body).await.expect(400);
        assert_eq!(refused["error"], words, "{body}");
    }
    let weak = server
        .anonymous()
        .post("invitations.accept", &with("pass", json!("a")))
        .await;
    assert_eq!(weak.expect(400)["errorType"], "error-password-policy-not-met");
    let logged_in = server
        .user()
        .await
        .post("invitations.accept", &newcomer(&secret, "grace"))
        .await;
    assert_eq!(
        logged_in.expect(400)["error"],
        "Logged in users can not register again."
    );
    assert_eq!(listed(&admin).await[0]["uses"], 0);
    accept(&server, &secret, "grace").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_race_for_the_last_use_exactly_one_registers() {
    const MANY: usize = 64;
    let many = || SettingValue::Number(100);
    let server = TestServer::start_with(|options| {
        fix(
            options,
            &[
                UNLIMITED,
                (SettingId::BlockFailedLogins, SettingValue::Flag(false)),
                (SettingId::VerificationsPerAddress, many()),
                (SettingId::WaitingPerAddress, many()),
            ],
        );
        options.fixed.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    })
    .await;
    let admin = server.admin().await;
    let (_, secret) = invite(&admin, &json!({"maxUses": 2})).await;
    accept(&server, &secret, "first").await.expect(200);
    let mut racers = JoinSet::new();
    for number in 0..MANY {
        let (client, body) = (server.anonymous(), newcomer(&secret, &format!("racer{number}")));
        racers.spawn(async move {
            let address = format!("198.51.100.{number}");
            let headers = [("content-type", "application/json"), ("x-forwarded-for", &*address)];
            let answer = client.send("POST", "/api/v1/invitations.accept", &headers, body.to_string());
            answer.await.status
        });
    }
    let mut statuses = racers.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses[..2], [200, 403], "{statuses:?}");
    assert_eq!(statuses.last(), Some(&403));
    assert_eq!(admin.get("users.list?count=0").await.expect(200)["total"], 4);
}

#[tokio::test]
async fn an_invitation_ends_by_time_and_by_revocation_also_after_a_restart() {
    let server = start(&[]).await;
    let admin = server.admin().await;
    let (_, brief) = invite(&admin, &json!({"days": 1, "maxUses": 5})).await;
    let (lasting, secret) = invite(&admin, &json!({"days": 3, "maxUses": 5})).await;
    server.pass(DAY - 1);
    accept(&server, &brief, "grace").await.expect(200);
    server.pass(1);
    refused(&server, &brief).await;
    assert_eq!(listed(&admin).await, std::slice::from_ref(&lasting));

    let folder = server.stop().await;
    assert!(
        files_with(&folder.path().join("data"), secret.as_bytes()).is_empty(),
        "the secret is stored"
    );
    let server = TestServer::open(folder, |options| fix(options, &[UNLIMITED])).await;
    accept(&server, &secret, "bob").await.expect(200);
    let admin = server.admin().await;
    let used = listed(&admin).await;
    assert!(
        used.iter().any(|one| one["_id"] == lasting["_id"] && one["uses"] == 1),
        "{used:?}"
    );
    let which = json!({"_id": lasting["_id"]});
    admin.post_proved("invitations.revoke", &which).await.expect(200);
    refused(&server, &secret).await;
    let again = admin.post_proved("invitations.revoke", &which).await.expect(400);
    assert_eq!(again["errorType"], "error-invitation-not-found");
    assert_eq!(audited(&admin, "invitation-revoked").await.len(), 1);
}

#[tokio::test]
async fn an_invitation_ends_with_the_rights_of_its_creator() {
    let server = start(&[]).await;
    let admin = server.admin().await;
    server.command(create_user("bob")).await;
    let role = give(&admin, "bob", &["create-invite-links", "assign-roles"]).await;
    let bob = server.logged_in("bob").await;
    let (_, secret) = invite(&bob, &json!({"maxUses": 10, "roles": [role]})).await;
    accept(&server, &secret, "grace").await.expect(200);

    let active = |active: bool| json!({"userId": bob.id(), "activeStatus": active});
    admin.post("users.setActiveStatus", &active(false)).await.expect(200);
    refused(&server, &secret).await;
    assert_eq!(listed(&admin).await[0]["valid"], false);
    admin.post("users.setActiveStatus", &active(true)).await.expect(200);
    let bob = server.logged_in("bob").await;
    accept(&server, &secret, "hopper").await.expect(200);

    // A role that gets a permission which the creator lacks is not given any more.
    let more = json!({"permissions": [{"_id": "view-audit", "roles": ["admin", "auditor"]}]});
    let other = admin
        .post("roles.create", &json!({"name": "auditor"}))
        .await
        .expect(200);
    let other = other["role"]["_id"].as_str().expect("an id").to_owned();
    let (_, second) = invite(&bob, &json!({"maxUses": 10, "roles": [other]})).await;
    let more = more.to_string().replace("auditor", &other);
    let more: Value = serde_json::from_str(&more).expect("JSON");
    admin.post("permissions.update", &more).await.expect(200);
    refused(&server, &second).await;

    let take = json!({"roleId": role, "username": "bob"});
    admin.post("roles.removeUserFromRole", &take).await.expect(200);
    refused(&server, &secret).await;
    admin
        .post("users.delete", &json!({"userId": bob.id()}))
        .await
        .expect(200);
    assert!(listed(&admin).await.is_empty());
    let folder = server.stop().await;
    let problems = problems_in(&folder.path().join("data"));
    assert!(problems.is_empty(), "{problems:?}");
}

#[tokio::test]
async fn guesses_count_and_invited_people_of_one_address_do_not_wait_for_each_other() {
    let server = TestServer::start_with(|options| {
        fix(
            options,
            &[
                open_registration(),
                (SettingId::BlockByAddressAttempts, SettingValue::Number(2)),
            ],
        );
    })
    .await;
    let admin = server.admin().await;
    let (_, secret) = invite(&admin, &json!({"maxUses": 5})).await;
    accept(&server, &secret, "grace").await.expect(200);
    accept(&server, &secret, "bob").await.expect(200);
    let register = async |name: &str| {
        let body = json!({"username": name, "email": format!("{name}@example.com"), "pass": PASSWORD});
        server.anonymous().post("users.register", &body).await
    };
    register("mallory").await.expect(200);
    register("trent").await.expect(429);
    accept(&server, &secret, "alan").await.expect(200);

    let check = async |secret: &str| {
        let body = json!({"token": secret});
        server.anonymous().post("invitations.check", &body).await
    };
    check("guess").await.expect(403);
    check("another").await.expect(403);
    let blocked = check(&secret).await;
    assert_eq!(blocked.expect(401)["error"], "error-login-blocked-for-ip");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_keeps_at_most_a_thousand_open_invitations() {
    let server = start(&[]).await;
    let admin = server.admin().await;
    for days in [1, 2].repeat(25) {
        let invite = |_| {
            server.command(Command::Invite {
                max_uses: None,
                days: Some(days),
                roles: Vec::new(),
                note: String::new(),
            })
        };
        // They race for the same places.
        join_all((0..20).map(invite)).await;
    }
    assert_eq!(listed(&admin).await.len(), 1000);
    let refused = admin.post_proved("invitations.create", &json!({})).await.expect(400);
    assert_eq!(refused["errorType"], "error-too-many-links");
    server.pass(DAY);
    assert_eq!(listed(&admin).await.len(), 500);
    invite(&admin, &json!({})).await;
    assert_eq!(listed(&admin).await.len(), 501);
}
