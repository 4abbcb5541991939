//! What one server writes, all servers have, and nothing is written twice.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::Barrier;

use super::SharedStore;
use crate::support::server::{PASSWORD, USER, create_user};
use crate::support::{Client, TestServer, eventually};

async fn two() -> (TestServer, TestServer) {
    let store = SharedStore::new();
    (store.first().await, store.further().await)
}

/// Lets callers make as many calls as they want.
async fn allow_any_rate(admin: &Client) {
    let off = json!({"value": false});
    admin.post("settings/API_Enable_Rate_Limiter", &off).await.expect(200);
}

async fn names(client: &Client) -> Vec<String> {
    client.status_names().await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_callers_of_two_servers_who_race_for_names_one_wins_each() {
    const CALLERS: usize = 16;
    const NAMES: usize = 40;
    let (one, other) = two().await;
    let start = Arc::new(Barrier::new(2 * CALLERS));
    let admins = [one.admin().await, other.admin().await];
    let callers: Vec<_> = (0..2 * CALLERS)
        .map(|caller| {
            let (admin, start) = (admins[caller % 2].clone(), Arc::clone(&start));
            tokio::spawn(async move {
                let mut won = Vec::new();
                for number in 0..NAMES {
                    start.wait().await;
                    let name = format!("name {number:03}");
                    let answer = admin.create_status(&name, "busy").await;
                    if answer.status == 200 {
                        // A caller reads its own writes.
                        assert!(names(&admin).await.contains(&name));
                        won.push(name);
                    } else {
                        let body = answer.expect(400);
                        assert_eq!(
                            body["errorType"], "Custom_User_Status_Error_Name_Already_In_Use",
                            "{body}"
                        );
                    }
                }
                won
            })
        })
        .collect();
    let mut winners = Vec::new();
    for caller in callers {
        winners.extend(caller.await.expect("the caller ends"));
    }
    winners.sort();
    let expected: Vec<_> = (0..NAMES).map(|number| format!("name {number:03}")).collect();
    assert_eq!(winners, expected, "each name has one winner");
    for admin in &admins {
        eventually(async || names(admin).await == expected).await;
    }
    one.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_at_one_server_is_good_at_the_other_at_once_and_its_end_too() {
    let (one, other) = two().await;
    for round in 0..20 {
        let here = one.logged_in(USER).await;
        let there = here.at(other.address);
        assert_eq!(there.get("me").await.status, 200, "round {round}");
        // A token that no server made is refused.
        let made_up = there.with_login(here.id(), &"x".repeat(43));
        assert_eq!(made_up.get("me").await.status, 401);
        here.post("logout", &json!({})).await.expect(200);
        eventually(async || there.get("me").await.status == 401).await;
    }
    one.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_logins_count_over_all_servers() {
    let (one, other) = two().await;
    // As many as a user has by default, half of them at each server.
    for attempt in 0..10 {
        let server = if attempt % 2 == 0 { &one } else { &other };
        let body = json!({"user": USER, "password": format!("wrong {attempt}")});
        server.anonymous().post("login", &body).await.expect(401);
    }
    for server in [&one, &other] {
        let body = json!({"user": USER, "password": PASSWORD});
        eventually(async || server.anonymous().post("login", &body).await.status == 401).await;
    }
    one.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_for_one_person_is_used_at_one_server_only() {
    let (one, other) = two().await;
    let admin = one.admin().await;
    allow_any_rate(&admin).await;
    for round in 0..10 {
        let terms = json!({"note": "for one person"});
        let made = admin.post_proved("invitations.create", &terms).await.expect(200);
        let secret = made["url"]
            .as_str()
            .and_then(|url| url.rsplit('/').next())
            .expect("a link");
        let known = json!({"token": secret});
        for server in [&one, &other] {
            let anonymous = server.anonymous();
            eventually(async || anonymous.post("invitations.check", &known).await.status == 200).await;
        }
        let accept = async |server: &TestServer, name: &str| {
            let body = json!({"token": secret, "username": format!("{name}{round}"),
                "email": format!("{name}{round}@example.com"), "pass": PASSWORD, "name": name});
            server.anonymous().post("invitations.accept", &body).await.status
        };
        let (here, there) = tokio::join!(accept(&one, "eve"), accept(&other, "bob"));
        let mut both = [here, there];
        both.sort_unstable();
        assert_eq!(both, [200, 403], "round {round}");
    }
    one.stop().await;
    other.stop().await;
}

/// A transaction of etcd has at most 128 comparisons. This deletion depends on more records.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_with_many_links_is_deleted_as_a_whole_while_another_server_writes() {
    const LINKS: usize = 140;
    let store = SharedStore::new();
    let (one, other) = (store.first().await, store.further().await);
    let admin = one.admin().await;
    allow_any_rate(&admin).await;
    for name in ["bob", "eve"] {
        one.command(create_user(name)).await;
        let role = json!({"roleId": "admin", "username": name});
        admin.post_proved("roles.addUserToRole", &role).await.expect(200);
        let here = one.logged_in(name).await;
        let invite = async |client: &Client| client.post_proved("invitations.create", &json!({"note": "more"})).await;
        for _ in 0..LINKS {
            invite(&here).await.expect(200);
        }
        let there = here.at(other.address);
        eventually(async || there.get("me").await.status == 200).await;
        // The user goes on at the other server until they are deleted.
        let going_on = tokio::spawn(async move { while invite(&there).await.status == 200 {} });
        let deletion = admin.post("users.delete", &json!({"username": name})).await;
        deletion.expect(200);
        going_on.await.expect("the user is refused in the end");
        for client in [&admin, &admin.at(other.address)] {
            let left = async || client.get("invitations.list").await.json()["invitations"].clone();
            eventually(async || left().await == json!([])).await;
        }
    }
    one.stop().await;
    other.stop().await;
    assert_eq!(store.problems(), Vec::<String>::new());
}
