//! The first administrator, by the one-time link.

use std::sync::Arc;

use rollcall::admin_socket::Command;
use serde_json::{Value, json};
use tokio::sync::Barrier;

use crate::support::server::{PASSWORD, create_user};
use crate::support::{Client, TestServer};

fn secret(server: &TestServer) -> String {
    let link = server.setup_link.as_deref().expect("a link");
    let (page, secret) = link.split_once('#').expect("a secret");
    assert_eq!(page, format!("http://{}/setup", server.address));
    secret.to_owned()
}

fn body(link: &str, username: &str) -> Value {
    json!({"link": link, "username": username, "password": PASSWORD, "email": "", "name": "Ada Lovelace"})
}

async fn set_up(client: &Client, body: &Value) -> crate::support::Answer {
    client.post("setup.createAdministrator", body).await
}

#[tokio::test]
async fn the_link_creates_one_administrator_and_is_used_up() {
    let server = TestServer::empty().await;
    let link = secret(&server);
    let created = set_up(&server.anonymous(), &body(&link, "ada")).await.expect(200);
    assert_eq!(created["user"]["roles"], json!(["admin", "user"]));
    let admin = server.anonymous().logged_in("ada", PASSWORD).await;
    admin.create_status("caught up", "busy").await.expect(200);

    let again = set_up(&server.anonymous(), &body(&link, "eve")).await.expect(403);
    assert_eq!(again["errorType"], "error-setup-link-invalid");
    let folder = server.stop().await;
    assert_eq!(TestServer::open(folder, |_| {}).await.setup_link, None);
}

#[tokio::test]
async fn the_link_stays_the_same_until_it_is_used() {
    let server = TestServer::empty().await;
    let link = secret(&server);
    let folder = server.stop().await;
    let server = TestServer::open(folder, |_| {}).await;
    assert_eq!(secret(&server), link);
}

#[tokio::test]
async fn a_wrong_link_creates_nobody() {
    let server = TestServer::empty().await;
    for link in ["", "wrong", &secret(&server)[1..]] {
        set_up(&server.anonymous(), &body(link, "eve")).await.expect(403);
    }
    for missing in ["link", "username", "password"] {
        let mut body = body(&secret(&server), "eve");
        body.as_object_mut().expect("an object").remove(missing);
        let answer = set_up(&server.anonymous(), &body).await.expect(400);
        assert_eq!(
            answer["error"],
            format!("must have required property '{missing}' [invalid-params]")
        );
    }
    for (field, value, code) in [
        ("username", "a b", "error-input-is-not-a-valid-field"),
        ("username", " ", "error-the-field-is-required"),
        ("password", " ", "error-invalid-password"),
        ("email", "eve", "error-invalid-email"),
    ] {
        let mut body = body(&secret(&server), "eve");
        body[field] = json!(value);
        assert_eq!(set_up(&server.anonymous(), &body).await.expect(400)["errorType"], code);
    }
    let local = server.command(Command::ListUsers).await;
    assert!(matches!(local, rollcall::admin_socket::CommandAnswer::Users(users) if users.is_empty()));
}

#[tokio::test]
async fn a_user_from_the_command_line_ends_the_link() {
    let server = TestServer::empty().await;
    let link = secret(&server);
    server.command(create_user("ada")).await;
    set_up(&server.anonymous(), &body(&link, "eve")).await.expect(403);
    let admin = server.anonymous().logged_in("ada", PASSWORD).await;
    admin.create_status("caught up", "busy").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_use_the_link_at_once_one_becomes_administrator() {
    const MANY: usize = 16;
    let server = TestServer::empty().await;
    let link = secret(&server);
    let start = Arc::new(Barrier::new(MANY));
    let racers: Vec<_> = (0..MANY)
        .map(|number| {
            let (client, start) = (server.anonymous(), Arc::clone(&start));
            let body = body(&link, &format!("racer{number}"));
            tokio::spawn(async move {
                start.wait().await;
                set_up(&client, &body).await.status
            })
        })
        .collect();
    let mut won = 0;
    for racer in racers {
        match racer.await.expect("the racer ends") {
            200 => won += 1,
            status => assert_eq!(status, 403),
        }
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn the_pages_come_with_a_policy_that_lets_nothing_in() {
    let server = TestServer::empty().await;
    for (path, kind) in [
        ("/sign-in", "text/html; charset=utf-8"),
        ("/setup", "text/html; charset=utf-8"),
        ("/robots.txt", "text/plain; charset=utf-8"),
    ] {
        let answer = server.anonymous().send("GET", path, &[], "").await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some(kind)),
            "{path}"
        );
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
    }
    assert_eq!(server.anonymous().send("GET", "/nothing", &[], "").await.status, 404);
}
