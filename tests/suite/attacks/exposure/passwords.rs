//! Passwords that are easy to guess, and registration that no administrator opened.

use std::sync::Arc;

use rollcall::auth::password::Passwords;
use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};

use crate::support::process::{rollcall, run};
use crate::support::server::{ADMIN, PASSWORD, PASSWORD_DIGEST, fix, new_folder, open_registration};
use crate::support::{Answer, Client, Process, Socket, TestServer};

/// Each is long enough and one of the first that a guesser tries.
const WEAK: [&str; 4] = ["password1", "qwertyuiop", "Passw0rd!", "ada12345"];

#[track_caller]
fn is_weak(answer: &Answer, words: &str) {
    let body = answer.expect(400);
    assert_eq!(body["errorType"], "error-password-policy-not-met", "{words}");
    let rules = body["details"].as_array().expect("the rules");
    let rule = rules
        .iter()
        .find(|rule| rule["error"] == "error-password-policy-not-met-strength");
    let message = rule.expect("the strength")["message"].as_str().expect("a text");
    assert!(message.starts_with("The password is too easy to guess."), "{message}");
}

fn account(username: &str, field: &str, password: &str) -> Value {
    let email = format!("{username}@example.com");
    let mut body = json!({"username": username, "name": "Some One", "email": email});
    body[field] = json!(password);
    body
}

async fn reset_link(admin: &Client) -> String {
    let made = admin
        .post_proved("users.createPasswordResetLink", &json!({"username": "ada"}))
        .await
        .expect(200);
    let link = made["link"].as_str().expect("a link");
    link.rsplit('#').next().expect("a secret").to_owned()
}

#[tokio::test]
async fn an_easy_password_is_refused_at_every_door() {
    let server = TestServer::start_with(|options| fix(options, &[open_registration()])).await;
    let (admin, ada, anonymous) = (server.admin().await, server.user().await, server.anonymous());
    let mut socket = Socket::of(&ada).await;
    for weak in WEAK {
        let created = admin.post("users.create", &account("bob", "password", weak)).await;
        let set = json!({"userId": ada.id(), "data": {"password": weak}});
        let own = json!({"data": {"newPassword": weak, "currentPassword": PASSWORD_DIGEST}});
        let by_link = json!({"token": reset_link(&admin).await, "newPassword": weak});
        if weak != "ada12345" {
            is_weak(&created, "users.create");
        }
        is_weak(&admin.post("users.update", &set).await, "users.update");
        is_weak(
            &ada.post("users.updateOwnBasicInfo", &own).await,
            "users.updateOwnBasicInfo",
        );
        is_weak(
            &anonymous.post("users.resetPassword", &by_link).await,
            "users.resetPassword",
        );
        let profile = json!([{"newPassword": weak, "typedPassword": PASSWORD_DIGEST}, {}]);
        let refused = socket.error("saveUserProfile", profile).await;
        assert_eq!(refused["error"], "error-password-policy-not-met", "{weak}");
    }
    let refused = anonymous.post("users.register", &account("eve", "pass", WEAK[0])).await;
    is_weak(&refused, "users.register");
    server.user().await;
}

#[tokio::test]
async fn the_own_names_and_the_site_do_not_make_a_password() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let account = |password: &str| {
        json!({
            "username": "maria.kowalska", "name": "Maria Brzozowska", "email": "mk@sunflower.example",
            "password": password,
        })
    };
    for own in [
        "brzozowska",
        "kowalskabrzozowska",
        "maria.kowalska1",
        "sunflowerrollcall",
    ] {
        is_weak(&admin.post("users.create", &account(own)).await, own);
    }
    for (length, rule) in [(7, "minLength"), (257, "maxLength")] {
        let long: String = "z7#kQ!mw2R".chars().cycle().take(length).collect();
        let refused = admin.post("users.create", &account(&long)).await.expect(400);
        let code = json!(format!("error-password-policy-not-met-{rule}"));
        assert_eq!(refused["details"][0]["error"], code, "{length} characters");
    }
    admin
        .post("users.create", &account("kowalska paints nine green barns"))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_random_password_passes_every_policy_and_a_switch_opens_all() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let set = async |id: &str, value: Value| {
        let answer = admin.post(&format!("settings/{id}"), &json!({"value": value})).await;
        answer.expect(200);
    };
    set("Accounts_Password_Policy_Enabled", json!(true)).await;
    set("Accounts_Password_Policy_MaxLength", json!(9)).await;
    let mut random = account("bob", "password", "");
    random["setRandomPassword"] = json!(true);
    admin.post("users.create", &random).await.expect(200);
    let id = server.user().await.id().to_owned();
    let again = json!({"userId": id, "data": {"setRandomPassword": true}});
    admin.post("users.update", &again).await.expect(200);

    set("Accounts_Password_Policy_Enabled", json!(false)).await;
    set("Accounts_Password_Policy_Strength", json!(0)).await;
    admin
        .post("users.create", &account("carl", "password", "a"))
        .await
        .expect(200);
    set("Accounts_Password_Policy_Strength", json!(4)).await;
    server.anonymous().logged_in("carl", "a").await;
    let refused = admin.post("users.create", &account("dora", "password", PASSWORD)).await;
    is_weak(&refused, "the strictest");
}

#[test]
fn the_command_line_and_the_environment_obey_the_policy_and_say_what_to_do() {
    let folder = new_folder();
    let call = |arguments: &[&str], input: &str| {
        let mut command = rollcall(folder.path());
        command.args(arguments);
        run(command, input)
    };
    let weak = Process::try_start_in(Arc::clone(&folder), |command| {
        command.env("ROLLCALL_ADMIN_PASSWORD", "password1");
    });
    let words = weak.err().expect("the server does not start");
    for part in ["ROLLCALL_ADMIN_PASSWORD", "too easy to guess", "several uncommon words"] {
        assert!(words.contains(part), "{words}");
    }
    assert!(!words.contains("password1"), "{words}");
    let mut serve = rollcall(folder.path());
    serve.args(["serve", "--listen", "127.0.0.1:0"]).envs([
        ("ROLLCALL_ADMIN_USERNAME", ADMIN),
        ("ROLLCALL_ADMIN_PASSWORD", "password1"),
    ]);
    assert_eq!(run(serve, "").status.code(), Some(78));

    let refused = call(&["user", "create", ADMIN], "password1\n");
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{words}");
    assert!(
        words.contains("too easy to guess") && words.contains("Accounts_Password_Policy_"),
        "{words}"
    );
    assert!(call(&["user", "create", ADMIN], "correct horse\n").status.success());
    let refused = call(&["user", "password", ADMIN], "qwertyuiop\n");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("too easy to guess"));
    // A server with users starts whatever the variable says: it is for the first start.
    let started = Process::start_in(folder, |command| {
        command.env("ROLLCALL_ADMIN_PASSWORD", "password1");
    });
    drop(started);
}

#[tokio::test]
async fn nobody_registers_unless_an_administrator_opened_it() {
    let server = TestServer::start().await;
    let refused = server
        .anonymous()
        .post("users.register", &account("eve", "pass", PASSWORD))
        .await;
    assert!(
        refused.expect(400)["error"]
            .as_str()
            .expect("a text")
            .contains("disabled")
    );
}

async fn set_up(server: &TestServer, registration: Option<&str>) -> Answer {
    let link = server.setup_link.as_deref().and_then(|link| link.rsplit('#').next());
    let mut body = json!({"link": link, "username": "ada", "password": PASSWORD});
    if let Some(choice) = registration {
        body["registration"] = json!(choice);
    }
    server.anonymous().post("setup.createAdministrator", &body).await
}

#[tokio::test]
async fn the_first_start_asks_who_may_register() {
    for (choice, status) in [(None, 400), (Some("Disabled"), 400), (Some("Public"), 200)] {
        let server = TestServer::empty().await;
        set_up(&server, choice).await.expect(200);
        let register = async |server: &TestServer| {
            let body = account("bob", "pass", PASSWORD);
            server.anonymous().post("users.register", &body).await.status
        };
        assert_eq!(register(&server).await, status, "{choice:?}");
        let admin = server.logged_in("ada").await;
        let log = admin.get("audit.list?action=setting-changed").await.expect(200);
        assert_eq!(log["total"], i32::from(choice == Some("Public")), "{choice:?}");
    }
    let server = TestServer::empty().await;
    set_up(&server, Some("Sometimes")).await.expect(400);
    let fixed = |options: &mut rollcall::server::Options| {
        let closed = SettingValue::Text("Disabled".into());
        fix(options, &[(SettingId::RegistrationForm, closed)]);
    };
    let server = TestServer::open(new_folder(), fixed).await;
    let refused = set_up(&server, Some("Public")).await;
    assert_ne!(refused.status, 200, "the environment decides");
    set_up(&server, Some("Disabled")).await.expect(200);
}

#[tokio::test]
async fn scoring_hostile_passwords_takes_a_bounded_memory() {
    let server = Process::start();
    let admin = server.admin().await;
    let before = server.resident_kib();
    for pattern in ["password", "1qaz2wsx", "aB3$", "\u{e9}"] {
        let long: String = pattern.chars().cycle().take(256).collect();
        for _ in 0..5 {
            admin
                .post("users.create", &account("bob", "password", &long))
                .await
                .expect(400);
        }
    }
    let after = server.resident_kib();
    assert!(after < before + 48 * 1024, "{before} KiB before, {after} KiB after");
}

#[tokio::test]
async fn characters_beyond_the_scored_ones_do_not_make_a_password() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let strong = "tangerine skylark vexes nine quartz owls";
    let with = |blanks: usize| format!("{}{strong}", "a".repeat(blanks));
    let created = admin.post("users.create", &account("bob", "password", &with(10))).await;
    created.expect(200);
    let refused = admin.post("users.create", &account("eve", "password", &with(64))).await;
    is_weak(&refused, "64 times the same");
}

#[tokio::test]
async fn passwords_are_scored_in_the_bounded_queue_of_the_hashes() {
    let weak = account("eve", "pass", WEAK[0]);
    let folder = TestServer::start().await.stop().await;
    let open = |folder, passwords: Option<Passwords>| {
        TestServer::open(folder, |options| {
            fix(options, &[open_registration()]);
            options.passwords = passwords.unwrap_or_default();
        })
    };
    let server = open(folder, None).await;
    is_weak(
        &server.anonymous().post("users.register", &weak).await,
        "users.register",
    );
    let server = open(server.stop().await, Some(Passwords::new(1, 0))).await;
    let refused = server.anonymous().post("users.register", &weak).await;
    assert_eq!(refused.expect(503)["errorType"], "error-overloaded");
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
}
