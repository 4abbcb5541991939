//! Users of Rocket.Chat log in as before: passwords, personal tokens, authenticator apps.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::dump::{BACKUP_CODE, TOKEN, TOTP, bcrypt_of, collections, user, write_bson};
use super::rocketchat::{imported, line, lines};
use crate::api::two_factor::app_code;
use crate::support::Process;
use crate::support::backup::done;
use crate::support::server::{PASSWORD, PASSWORD_DIGEST, new_folder};

/// Returns the hash of a user's password, from an export beside the running server.
fn hash_of(home: &Path, username: &str) -> String {
    let lines = lines(&done(home, &["export", "-", "--with-secrets"]));
    let hash = &line(&lines, "user", "username", username)["secrets"]["password"];
    hash.as_str().expect("a hash").to_owned()
}

fn digest_form(username: &str) -> Value {
    json!({"user": username, "password": {"digest": PASSWORD_DIGEST, "algorithm": "sha-256"}})
}

#[tokio::test]
async fn an_imported_password_logs_in_in_both_forms_and_is_then_stored_by_argon2id() {
    let home = new_folder();
    let users = vec![user("rbAXPnMktTFbNpwtJ", "ada"), user("bobBobBobBobBobBo", "bob")];
    write_bson(&home.path().join("dump"), &vec![("users", users)]);
    done(home.path(), &["import", "rocketchat", "dump"]);
    let server = Process::start_in(home.clone(), |_| {});
    for username in ["ada", "bob"] {
        assert!(hash_of(home.path(), username).starts_with("$2b$04$"), "{username}");
        let wrong = json!({"user": username, "password": "wrong horse"});
        server.anonymous().post("login", &wrong).await.expect(401);
        assert!(
            hash_of(home.path(), username).starts_with("$2b$04$"),
            "a wrong password changes nothing"
        );
    }
    let plain = json!({"user": "ada", "password": PASSWORD});
    server.anonymous().post("login", &plain).await.expect(200);
    server.anonymous().post("login", &digest_form("bob")).await.expect(200);
    for username in ["ada", "bob"] {
        assert!(hash_of(home.path(), username).starts_with("$argon2id$"), "{username}");
        server
            .anonymous()
            .post("login", &digest_form(username))
            .await
            .expect(200);
        let wrong = json!({"user": username, "password": "wrong horse"});
        server.anonymous().post("login", &wrong).await.expect(401);
    }
    let again = done(home.path(), &["import", "rocketchat", "dump", "--update"]);
    assert!(
        again.contains("2 unchanged"),
        "the older hash does not come back: {again}"
    );
    assert!(hash_of(home.path(), "ada").starts_with("$argon2id$"));
}

#[tokio::test]
async fn two_first_logins_at_once_both_succeed() {
    let home = new_folder();
    write_bson(
        &home.path().join("dump"),
        &vec![("users", vec![user("rbAXPnMktTFbNpwtJ", "ada")])],
    );
    done(home.path(), &["import", "rocketchat", "dump"]);
    let server = Process::start_in(home, |_| {});
    let body = digest_form("ada");
    let (one, two, three) = (server.anonymous(), server.anonymous(), server.anonymous());
    let (one, two, three) = tokio::join!(
        one.post("login", &body),
        two.post("login", &body),
        three.post("login", &body)
    );
    for answer in [one, two, three] {
        answer.expect(200);
    }
}

#[tokio::test]
async fn an_imported_personal_token_and_authenticator_app_work_on() {
    let home = imported(&collections());
    let server = Process::start_in(home, |_| {});
    let by_token = server.anonymous().with_login("rbAXPnMktTFbNpwtJ", TOKEN);
    assert_eq!(by_token.get("me").await.expect(200)["username"], "ada");
    let wrong = server.anonymous().with_login("rbAXPnMktTFbNpwtJ", "a session");
    wrong.get("me").await.expect(401);
    let listed = by_token.get("users.getPersonalAccessTokens").await.expect(200);
    let token = &listed["tokens"][0];
    assert_eq!(
        (&token["name"], &token["lastTokenPart"]),
        (&json!("deploy"), &json!("00000w"))
    );

    let mut body = json!({"user": "tia", "password": PASSWORD});
    let required = server.anonymous().post("login", &body).await.expect(401);
    assert_eq!(required["error"], "totp-required", "{required}");
    body["code"] = json!("000000");
    server.anonymous().post("login", &body).await.expect(401);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a moment after 1970");
    body["code"] = json!(app_code(TOTP, i64::try_from(now.as_millis()).expect("a moment")));
    server.anonymous().post("login", &body).await.expect(200);
    body["code"] = json!(BACKUP_CODE);
    server.anonymous().post("login", &body).await.expect(200);
    server.anonymous().post("login", &body).await.expect(401);
}

#[tokio::test]
async fn a_new_password_here_is_not_replaced_by_an_older_one_and_ends_no_history() {
    let home = new_folder();
    write_bson(
        &home.path().join("dump"),
        &vec![("users", vec![user("rbAXPnMktTFbNpwtJ", "ada")])],
    );
    done(home.path(), &["import", "rocketchat", "dump"]);
    let mut command = crate::support::process::rollcall(home.path());
    command.args(["user", "password", "ada"]);
    let output = crate::support::process::run(command, "a new password here\n");
    assert!(output.status.success(), "{output:?}");
    done(home.path(), &["import", "rocketchat", "dump", "--update"]);
    let server = Process::start_in(home, |_| {});
    let old = json!({"user": "ada", "password": PASSWORD});
    server.anonymous().post("login", &old).await.expect(401);
    server.anonymous().logged_in("ada", "a new password here").await;
}

#[test]
fn bcrypt_of_the_tests_is_over_the_digest() {
    assert!(bcrypt::verify(PASSWORD_DIGEST, &bcrypt_of(PASSWORD_DIGEST)).expect("a hash"));
}
