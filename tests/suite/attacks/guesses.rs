//! Guesses at passwords, codes and links, one after the other and at once.

use rollcall::auth::TokenSecret;
use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::api::two_factor::app_code;
use crate::support::server::{BEGINNING, MINUTE, PASSWORD, PASSWORD_DIGEST, create_user, fix};
use crate::support::{Answer, Client, Socket, TestServer};

/// Failures that block a user, by default.
const LIMIT: usize = 10;

/// A server that takes the address of a call from its `X-Forwarded-For`.
async fn server(settings: &[(SettingId, i64)]) -> TestServer {
    TestServer::start_with(|options| {
        options.fixed.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
        let settings: Vec<_> = settings
            .iter()
            .map(|(id, number)| (*id, SettingValue::Number(*number)))
            .collect();
        fix(options, &settings);
    })
    .await
}

/// Every caller may wait, so that no guess of a burst is refused by the queue alone.
const LONG_QUEUE: [(SettingId, i64); 2] = [(SettingId::WaitingPerUser, 1000), (SettingId::WaitingPerAddress, 1000)];

async fn post_from(client: &Client, address: &str, endpoint: &str, body: &Value) -> Answer {
    let mut headers = vec![("content-type", "application/json"), ("x-forwarded-for", address)];
    if client.login.is_some() {
        headers.extend([("x-2fa-method", "password"), ("x-2fa-code", PASSWORD_DIGEST)]);
    }
    let path = format!("/api/v1/{endpoint}");
    client.send("POST", &path, &headers, body.to_string()).await
}

async fn log_in_from(server: &TestServer, address: &str, user: &str, password: &str) -> Answer {
    let body = json!({"user": user, "password": password});
    post_from(&server.anonymous(), address, "login", &body).await
}

fn login(password: &str) -> Value {
    json!({"user": "ada", "password": password})
}

/// Sends guesses at once: the right one in the middle of a second wave, which begins when the first guess was
/// answered. Returns the answers in the order of the guesses, and the place of the right one.
async fn burst<Guess, Answered>(
    many: usize,
    right: Value,
    wrong: impl Fn(usize) -> Value,
    send: Guess,
) -> (Vec<Value>, usize)
where
    Guess: Fn(Value) -> Answered,
    Answered: Future<Output = Value> + Send + 'static,
{
    let place = many * 3 / 4;
    let mut guesses = JoinSet::new();
    let mut answers = vec![Value::Null; many];
    let spawn = |guesses: &mut JoinSet<_>, number| {
        let answer = send(if number == place { right.clone() } else { wrong(number) });
        guesses.spawn(async move { (number, answer.await) });
    };
    for number in 0..many / 2 {
        spawn(&mut guesses, number);
    }
    let (first, answer) = guesses.join_next().await.expect("a guess").expect("an answer");
    answers[first] = answer;
    for number in many / 2..many {
        spawn(&mut guesses, number);
    }
    while let Some(answered) = guesses.join_next().await {
        let (number, answer) = answered.expect("an answer");
        answers[number] = answer;
    }
    (answers, place)
}

/// How many of these answers have this error.
fn count(answers: &[Value], error: &str) -> usize {
    answers.iter().filter(|answer| answer["error"] == error).count()
}

fn post(
    client: &Client,
    endpoint: &'static str,
) -> impl Fn(Value) -> std::pin::Pin<Box<dyn Future<Output = Value> + Send>> {
    let client = client.clone();
    move |body| {
        let client = client.clone();
        Box::pin(async move { client.post(endpoint, &body).await.json() })
    }
}

/// How often the audit log says this of this user or name.
async fn noted(admin: &Client, action: &str, target: &str) -> Value {
    let path = format!("audit.list?action={action}&target={target}&count=0");
    admin.get(&path).await.expect(200)["total"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_200_passwords_at_once_ten_are_verified_with_any_queue() {
    for settings in [&LONG_QUEUE[..], &[]] {
        let server = server(settings).await;
        let wrong = |number| login(&format!("bad{number}"));
        let (answers, place) = burst(200, login(PASSWORD), wrong, post(&server.anonymous(), "login")).await;
        let verified = count(&answers, "Unauthorized");
        assert!((1..=LIMIT).contains(&verified), "{verified} were verified");
        assert_ne!(answers[place]["status"], "success");
        let blocked = count(&answers, "error-login-blocked-for-user");
        let waiting = answers
            .iter()
            .filter(|answer| answer["errorType"] == "error-too-many-requests")
            .count();
        assert_eq!(verified + blocked + waiting, 200);
        assert!(settings.is_empty() || verified == LIMIT && waiting == 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_passwords_by_every_road_at_once_ten_are_verified() {
    let server = server(&LONG_QUEUE).await;
    let mut guesses = JoinSet::new();
    for number in 0..45 {
        let (client, address) = (server.anonymous(), server.address);
        guesses.spawn(async move {
            let params = json!([{"user": {"username": "ada"}, "password": format!("bad{number}")}]);
            match number % 3 {
                0 => Socket::connected(address).await.error("login", params).await["error"].clone(),
                1 => {
                    let mut socket = Socket::greeted_wrapped(address).await.connect().await;
                    socket.error("login", params).await["error"].clone()
                }
                _ => {
                    let message = json!({"msg": "method", "id": "1", "method": "login", "params": params});
                    let body = json!({"message": message.to_string()});
                    let answer = client.post("method.callAnon/login", &body).await.json();
                    let message = answer["message"].as_str().expect("a message");
                    let message: Value = serde_json::from_str(message).expect("JSON");
                    message["error"]["error"].clone()
                }
            }
        });
    }
    let errors = guesses.join_all().await;
    let verified = errors.iter().filter(|error| **error == 403).count();
    let blocked = errors.iter().filter(|error| **error == "error-login-blocked-for-user");
    assert_eq!((verified, blocked.count()), (LIMIT, 35));
}

/// Switches the second factor of a user on, and returns its secret.
async fn enable(client: &Client) -> String {
    let begun = client.post_proved("users.enableTotp", &json!({})).await.expect(200);
    let secret = begun["secret"].as_str().expect("a secret").to_owned();
    let code = json!({"code": app_code(&secret, BEGINNING)});
    client.post("users.validateTotp", &code).await.expect(200);
    secret
}

#[tokio::test(flavor = "multi_thread")]
async fn of_codes_at_a_login_ten_are_verified() {
    let server = server(&LONG_QUEUE).await;
    let secret = enable(&server.user().await).await;
    server.pass(MINUTE);
    let with = |code: String| json!({"user": "ada", "password": PASSWORD, "code": code});
    let right = with(app_code(&secret, BEGINNING + MINUTE));
    let wrong = |number| with(format!("{number:07}"));
    let (answers, place) = burst(100, right, wrong, post(&server.anonymous(), "login")).await;
    assert_eq!(count(&answers, "totp-invalid"), LIMIT);
    assert_eq!(answers[place]["error"], "error-login-blocked-for-user");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_second_factors_of_a_call_ten_are_verified() {
    let server = server(&LONG_QUEUE).await;
    server.command(create_user("bob")).await;
    let (ada, bob, admin) = (server.user().await, server.logged_in("bob").await, server.admin().await);
    let secret = enable(&bob).await;
    server.pass(31 * MINUTE);
    let app_code = app_code(&secret, BEGINNING + 31 * MINUTE);
    for (client, name, method, right) in [
        (ada, "ada", "password", PASSWORD_DIGEST),
        (bob, "bob", "totp", &app_code),
    ] {
        let send = |code: Value| {
            let (client, body) = (client.clone(), json!({"tokenName": code}));
            async move {
                let code = body["tokenName"].as_str().expect("a code");
                let endpoint = "users.generatePersonalAccessToken";
                client.post_confirmed(endpoint, &body, method, code).await.json()
            }
        };
        let wrong = |number| json!(format!("{number:07}"));
        let (answers, _) = burst(60, json!(right), wrong, send).await;
        let refused = answers.iter().filter(|answer| answer["errorType"] == "totp-invalid");
        assert_eq!(refused.count(), 60, "a block and a wrong code are answered alike");
        assert_eq!(noted(&admin, "login-failed", name).await, LIMIT);
        assert_eq!(noted(&admin, "login-blocked", name).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_codes_and_passwords_that_take_something_off_ten_are_verified() {
    let server = TestServer::start_with(|options| {
        let own = (SettingId::AllowDeleteOwnAccount, SettingValue::Flag(true));
        let queue = LONG_QUEUE.map(|(id, number)| (id, SettingValue::Number(number)));
        fix(options, &[own, queue[0].clone(), queue[1].clone()]);
    })
    .await;
    server.command(create_user("bob")).await;
    let (ada, bob, admin) = (server.user().await, server.logged_in("bob").await, server.admin().await);
    let secret = enable(&bob).await;
    server.pass(MINUTE);
    let code = |code: &str| json!({"code": code});
    let right = code(&app_code(&secret, BEGINNING + MINUTE));
    let (answers, _) = burst(
        60,
        right,
        |number| code(&format!("{number:07}")),
        post(&bob, "users.disableTotp"),
    )
    .await;
    assert!(answers.iter().all(|answer| answer["errorType"] == "invalid-totp"));
    assert_eq!(noted(&admin, "login-failed", "bob").await, LIMIT);

    let password = |digest: &str| json!({"password": digest});
    let wrong = |number| password(&format!("{number:064}"));
    let delete = post(&ada, "users.deleteOwnAccount");
    let (answers, _) = burst(60, password(PASSWORD_DIGEST), wrong, delete).await;
    assert!(
        answers
            .iter()
            .all(|answer| answer["errorType"] == "error-invalid-password")
    );
    assert_eq!(noted(&admin, "login-failed", "ada").await, LIMIT);
    ada.get("me").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_show_the_same_code_at_once_one_gets_in() {
    let server = server(&LONG_QUEUE).await;
    let ada = server.user().await;
    let secret = enable(&ada).await;
    server.pass(MINUTE);
    let code = app_code(&secret, BEGINNING + MINUTE);
    let body = json!({"user": "ada", "password": PASSWORD, "code": code});
    let (answers, _) = burst(50, body.clone(), |_| body.clone(), post(&server.anonymous(), "login")).await;
    let won = answers.iter().filter(|answer| answer["status"] == "success");
    assert_eq!(won.count(), 1);
    assert_eq!(count(&answers, "totp-invalid"), LIMIT);
    // Nor is it good for anything else.
    server.pass(5 * MINUTE - 1);
    let later = app_code(&secret, BEGINNING + 6 * MINUTE);
    server.pass(1);
    let off = ada.post("users.disableTotp", &json!({"code": code})).await;
    assert_eq!(off.expect(400)["errorType"], "invalid-totp");
    ada.post("users.disableTotp", &json!({"code": later})).await.expect(200);
}

#[tokio::test]
async fn links_and_secrets_are_guessed_only_until_the_address_is_blocked() {
    let settings = [(SettingId::BlockByAddressAttempts, 5), LONG_QUEUE[0], LONG_QUEUE[1]];
    let server = TestServer::start_with(|options| {
        options.fixed.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
        options.fixed.create_tokens_secret = Some(TokenSecret::presented("the secret"));
        let settings = settings.map(|(id, number)| (id, SettingValue::Number(number)));
        let many = (SettingId::RateLimiterRegister, SettingValue::Number(1000));
        let form = (SettingId::RegistrationForm, SettingValue::Text("Secret URL".into()));
        let secret = (SettingId::RegistrationSecret, SettingValue::Text("the secret".into()));
        fix(options, &settings);
        fix(options, &[many, form, secret]);
    })
    .await;
    let (admin, anonymous) = (server.admin().await, server.anonymous());
    let made = admin
        .post_proved("users.createPasswordResetLink", &json!({"username": "ada"}))
        .await;
    let link = made.expect(200)["link"].as_str().expect("a link").to_owned();
    let token = link.split('#').next_back().expect("a token").to_owned();
    let reset = |token: &str| json!({"token": token, "newPassword": "another horse"});
    let register =
        |secret: &str| json!({"username": "eve", "email": "eve@example.com", "pass": PASSWORD, "secret": secret});
    let create = |secret: &str| json!({"userId": admin.id(), "secret": secret});
    let for_address = "error-login-blocked-for-ip";
    let rounds = [
        (
            &anonymous,
            "users.resetPassword",
            reset("x"),
            reset(&token),
            "error-reset-link-invalid",
            for_address,
        ),
        (
            &anonymous,
            "users.register",
            register("x"),
            register("the secret"),
            "error-user-registration-secret",
            for_address,
        ),
        // The proof of who the caller is comes before the secret, and is blocked as well.
        (
            &admin,
            "users.createToken",
            create("x"),
            create("the secret"),
            "error-not-authorized",
            "totp-invalid",
        ),
    ];
    for (round, (client, endpoint, wrong, right, refused, block)) in (1..).zip(rounds) {
        let address = "198.51.100.7";
        let mut guesses = JoinSet::new();
        for _ in 0..30 {
            let (client, wrong) = (client.clone(), wrong.clone());
            guesses.spawn(async move { post_from(&client, address, endpoint, &wrong).await.json() });
        }
        let answers = guesses.join_all().await;
        let error = |answer: &Value| answer.get("errorType").unwrap_or(&answer["error"]).clone();
        let verified = answers.iter().filter(|answer| error(answer) == refused).count();
        // A caller who is logged in is answered a block in the middle of a call as a wrong secret.
        let alike = client.login.is_some() && verified > 5;
        assert!(verified == 5 || alike, "{endpoint}: {answers:?}");
        let failed = admin.get("audit.list?action=login-failed").await.expect(200);
        assert_eq!(failed["total"], 5 * round, "{endpoint}");
        let blocked = post_from(client, address, endpoint, &right).await.json();
        assert_eq!(error(&blocked), block, "{endpoint}");
        server.pass(5 * MINUTE);
        post_from(client, address, endpoint, &right).await.expect(200);
    }
}

#[tokio::test]
async fn the_setup_link_is_guessed_only_until_the_address_is_blocked() {
    let server = TestServer::open(crate::support::server::new_folder(), |options| {
        fix(options, &[(SettingId::BlockByAddressAttempts, SettingValue::Number(3))]);
    })
    .await;
    let link = server.setup_link.clone().expect("a link");
    let body = |link: &str| json!({"link": link, "username": "root", "password": PASSWORD});
    let right = body(link.split('#').next_back().expect("a secret"));
    for _ in 0..3 {
        let refused = server.anonymous().post("setup.createAdministrator", &body("x")).await;
        assert_eq!(refused.expect(403)["errorType"], "error-setup-link-invalid");
    }
    let blocked = server.anonymous().post("setup.createAdministrator", &right).await;
    assert_eq!(blocked.expect(401)["error"], "error-login-blocked-for-ip");
    server.pass(5 * MINUTE);
    server
        .anonymous()
        .post("setup.createAdministrator", &right)
        .await
        .expect(200);
}

#[tokio::test]
async fn an_own_login_between_does_not_forgive_the_address_and_time_does() {
    let server = server(&[(SettingId::BlockByAddressAttempts, 5)]).await;
    let address = "198.51.100.7";
    for number in 0..5 {
        let name = format!("name{number}");
        let refused = log_in_from(&server, address, &name, "Summer2026!").await;
        assert_eq!(refused.expect(401)["error"], "Unauthorized");
        if number < 4 {
            log_in_from(&server, address, "ada", PASSWORD).await.expect(200);
        }
    }
    let blocked = log_in_from(&server, address, "name5", "Summer2026!").await;
    assert_eq!(blocked.expect(401)["error"], "error-login-blocked-for-ip");
    // After the block four failures are free; each is forgotten after five minutes.
    server.pass(5 * MINUTE);
    for round in 0..3 {
        for number in 0..4 {
            let refused = log_in_from(&server, address, &format!("round{round}{number}"), "x").await;
            assert_eq!(refused.expect(401)["error"], "Unauthorized");
        }
        log_in_from(&server, address, "ada", PASSWORD).await.expect(200);
        server.pass(5 * MINUTE);
    }
}

#[tokio::test]
async fn an_unknown_name_is_counted_and_blocked_as_a_known_one() {
    let server = server(&[]).await;
    let admin = server.admin().await;
    let sequence = async |forms: [Value; 2]| {
        let mut answers = Vec::new();
        for number in 0..12 {
            if number == 11 {
                server.pass(5 * MINUTE);
            }
            let body = json!({"user": forms[number % 2], "password": "wrong"});
            let answer = server.anonymous().post("login", &body).await;
            answers.push((answer.status, answer.json()));
        }
        answers
    };
    let known = sequence([json!("ada"), json!({"username": "ADA"})]).await;
    let unknown = sequence([json!("nobody"), json!({"username": "NOBODY"})]).await;
    assert_eq!(known, unknown);
    assert_eq!(known[10].1["error"], "error-login-blocked-for-user");
    assert_eq!(known[11].1["error"], "Unauthorized");
    for action in ["login-failed", "login-blocked"] {
        let (known, unknown) = (
            noted(&admin, action, "ada").await,
            noted(&admin, action, "nobody").await,
        );
        assert_eq!(known, unknown, "{action}");
    }
}

#[tokio::test]
async fn a_picture_says_nothing_of_whether_there_is_such_a_user() {
    let (server, empty) = (TestServer::start().await, TestServer::empty().await);
    let ada = server.user().await;
    let data = json!({"data": {"name": "Zoe Quist"}});
    ada.post("users.updateOwnBasicInfo", &data).await.expect(200);
    let by_id = format!("/avatar/uid/{}", ada.id());
    for path in ["/avatar/ada", "/avatar/ADA", "/avatar/@ada", &by_id] {
        let seen = async |server: &TestServer| {
            let mut answer = server.anonymous().send("GET", path, &[], "").await;
            answer.headers.remove("date");
            answer.headers.remove("x-request-id");
            (answer.status, answer.headers, answer.body)
        };
        assert_eq!(seen(&server).await, seen(&empty).await, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_right_passwords_delays_others_by_a_turn_and_fails_none() {
    let server = server(&[(SettingId::RateLimiterLoginsPerUser, 100_000)]).await;
    server.command(create_user("bob")).await;
    let mut flood = JoinSet::new();
    for _ in 0..300 {
        let client = server.anonymous();
        flood.spawn(async move {
            let answer = post_from(&client, "198.51.100.7", "login", &login(PASSWORD)).await;
            (answer.status, answer.header("retry-after").map(str::to_owned))
        });
    }
    let first = flood.join_next().await.expect("a login").expect("an answer");
    for address in ["198.51.100.8", "198.51.100.7"] {
        for _ in 0..3 {
            log_in_from(&server, address, "bob", PASSWORD).await.expect(200);
        }
    }
    let mut answers = flood.join_all().await;
    answers.push(first);
    let done = answers.iter().filter(|(status, _)| *status == 200).count();
    let refused = answers
        .iter()
        .filter(|(status, after)| *status == 429 && after.as_deref() == Some("1"))
        .count();
    assert_eq!(done + refused, 300, "{answers:?}");
    assert!(refused > 0 && done > 0);
    log_in_from(&server, "198.51.100.7", "ada", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn an_ipv6_network_is_one_source() {
    let server = server(&[(SettingId::BlockByAddressAttempts, 3)]).await;
    for host in 1..=3 {
        let address = format!("2001:db8:1:2::{host}");
        let refused = log_in_from(&server, &address, &format!("name{host}"), "x").await;
        assert_eq!(refused.expect(401)["error"], "Unauthorized");
    }
    let blocked = log_in_from(&server, "2001:db8:1:2:ffff::1", "ada", PASSWORD).await;
    assert_eq!(blocked.expect(401)["error"], "error-login-blocked-for-ip");
    log_in_from(&server, "2001:db8:1:3::1", "ada", PASSWORD)
        .await
        .expect(200);
}

#[tokio::test]
async fn logins_have_a_rate_and_the_switch_of_the_rates_leaves_the_block() {
    let rates = [
        (SettingId::RateLimiterLoginsPerUser, 3),
        (SettingId::RateLimiterLoginsPerAddress, 5),
    ];
    let limited = server(&rates).await;
    limited.command(create_user("bob")).await;
    let address = "198.51.100.7";
    for _ in 0..3 {
        log_in_from(&limited, address, "ada", PASSWORD).await.expect(200);
    }
    let refused = log_in_from(&limited, address, "ada", PASSWORD).await;
    assert_eq!(refused.header("retry-after"), Some("20"));
    let words = "too many logins of this user or from this address; wait 20 seconds and try again";
    assert_eq!(
        refused.expect(429),
        json!({
            "success": false,
            "error": format!("{words} [error-too-many-requests]"),
            "errorType": "error-too-many-requests",
        })
    );
    // The refused one counts for the address.
    log_in_from(&limited, address, "bob", PASSWORD).await.expect(200);
    log_in_from(&limited, address, "bob", PASSWORD).await.expect(429);
    log_in_from(&limited, "198.51.100.8", "bob", PASSWORD).await.expect(200);
    let mut socket = Socket::connected(limited.address).await;
    let params = json!([{"user": {"username": "ada"}, "password": PASSWORD}]);
    assert_eq!(socket.error("login", params).await["error"], "too-many-requests");
    limited.pass(MINUTE);
    log_in_from(&limited, address, "ada", PASSWORD).await.expect(200);

    let unlimited = TestServer::start_with(|options| {
        fix(options, &rates.map(|(id, number)| (id, SettingValue::Number(number))));
        fix(options, &[crate::support::server::UNLIMITED]);
        options.fixed.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    })
    .await;
    for _ in 0..6 {
        log_in_from(&unlimited, address, "ada", PASSWORD).await.expect(200);
    }
    for _ in 0..LIMIT {
        log_in_from(&unlimited, "198.51.100.9", "ada", "wrong")
            .await
            .expect(401);
    }
    let blocked = log_in_from(&unlimited, "198.51.100.9", "ada", PASSWORD).await;
    assert_eq!(blocked.expect(401)["error"], "error-login-blocked-for-user");
}
