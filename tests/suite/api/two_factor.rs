//! The second factor: authenticator apps, backup codes, and the password once more.

use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};
use totp_rs::{Algorithm, Builder, Secret};

use crate::support::errors::{coded, login_refused};
use crate::support::server::{BEGINNING, MINUTE, PASSWORD, PASSWORD_DIGEST, fix};
use crate::support::{Client, TestServer};

/// Seconds that a code counts, and milliseconds of it.
const STEP: i64 = 30_000;

/// Returns the code that an authenticator app shows at this moment.
pub fn app_code(secret: &str, millis: i64) -> String {
    let totp = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_step_duration(30)
        .with_secret(Secret::try_from_base32(secret).expect("a secret in base32"))
        .build_noncompliant();
    totp.generate(u64::try_from(millis / 1000).expect("a moment after 1970"))
        .to_string()
}

/// Switches a second factor on, and returns its secret and backup codes.
pub async fn enable(client: &Client, now: i64) -> (String, Vec<String>) {
    let begun = client.post_proved("users.enableTotp", &json!({})).await.expect(200);
    let secret = begun["secret"].as_str().expect("a secret").to_owned();
    let code = json!({"code": app_code(&secret, now)});
    let body = client.post("users.validateTotp", &code).await.expect(200);
    let codes = body["codes"].as_array().expect("codes").iter();
    let codes = codes.map(|code| code.as_str().expect("a code").to_owned()).collect();
    (secret, codes)
}

async fn log_in(server: &TestServer, code: Option<&str>) -> (u16, Value) {
    let mut body = json!({"user": "ada", "password": PASSWORD});
    if let Some(code) = code {
        body["code"] = json!(code);
    }
    let answer = server.anonymous().post("login", &body).await;
    (answer.status, answer.json())
}

fn code_required(method: &str) -> Value {
    let details = json!({"method": method, "codeGenerated": false, "availableMethods": [method]});
    coded("TOTP Required", "totp-required", details)
}

fn code_invalid(method: &str) -> Value {
    coded("TOTP Invalid", "totp-invalid", json!({"method": method}))
}

#[tokio::test]
async fn an_authenticator_app_is_taken_on_with_a_first_code_and_asked_for_at_every_login() {
    let server = TestServer::start().await;
    let (other, ada) = (server.user().await, server.user().await);
    let personal = ada
        .post_proved("users.generatePersonalAccessToken", &json!({"tokenName": "phone"}))
        .await
        .expect(200);
    let personal = ada.with_login(ada.id(), personal["token"].as_str().expect("a token"));
    let begun = ada.post_proved("users.enableTotp", &json!({})).await.expect(200);
    let secret = begun["secret"].as_str().expect("a secret");
    let url = format!("otpauth://totp/Rollcall:ada?secret={secret}&issuer=Rollcall");
    assert_eq!(begun, json!({"success": true, "secret": secret, "url": url}));
    // Until a code was shown, nothing has changed.
    log_in(&server, None).await.1["success"].as_bool().expect("a login");
    other.get("me").await.expect(200);
    let wrong = ada.post("users.validateTotp", &json!({"code": "000000"})).await;
    assert_eq!(wrong.expect(400)["errorType"], "invalid-totp");
    let code = app_code(secret, BEGINNING);
    let body = ada.post("users.validateTotp", &json!({"code": code})).await.expect(200);
    let codes = body["codes"].as_array().expect("codes");
    assert_eq!(codes.len(), 12);
    // Other sessions end, personal tokens and this session stay.
    other.get("me").await.expect(401);
    ada.get("me").await.expect(200);
    personal.get("me").await.expect(200);
    let mut required = login_refused("totp-required", "TOTP Required");
    required["details"] = json!({"method": "totp", "codeGenerated": false, "availableMethods": ["totp"]});
    assert_eq!(log_in(&server, None).await, (401, required));
    let mut invalid = login_refused("totp-invalid", "TOTP Invalid");
    invalid["details"] = json!({"method": "totp"});
    assert_eq!(log_in(&server, Some("000000")).await, (401, invalid.clone()));
    assert_eq!(
        log_in(&server, Some(&code)).await,
        (401, invalid),
        "a code is good once"
    );
    server.pass(STEP);
    let code = app_code(secret, BEGINNING + STEP);
    assert_eq!(log_in(&server, Some(&code)).await.0, 200);
}

#[tokio::test]
async fn a_login_takes_its_code_in_every_form_that_clients_send() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let (secret, _) = enable(&ada, BEGINNING).await;
    let login = json!({"user": {"username": "ada"}, "password": PASSWORD});
    let code = |steps| app_code(&secret, BEGINNING + steps * STEP);
    let password = json!({"digest": PASSWORD_DIGEST, "algorithm": "sha-256"});
    let digest = json!({"user": "ada", "password": password, "code": code(1)});
    let wrapped = json!({"totp": {"code": code(2), "login": login}});
    for body in [digest, wrapped] {
        server.pass(STEP);
        server.anonymous().post("login", &body).await.expect(200);
    }
    server.pass(STEP);
    let in_header = server
        .anonymous()
        .post_confirmed("login", &login, "totp", &code(3))
        .await;
    in_header.expect(200);
    // A token that is already there needs no code.
    server
        .anonymous()
        .post("login", &json!({"resume": ada.token()}))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_code_counts_a_step_early_and_late_and_no_longer() {
    let server = TestServer::start().await;
    let (secret, _) = enable(&server.user().await, BEGINNING).await;
    server.pass(4 * STEP);
    // None is good a second time, and none that is older than one that was accepted.
    for (steps, status) in [(-2, 401), (-1, 200), (0, 200), (0, 401), (-1, 401), (1, 200), (2, 401)] {
        let code = app_code(&secret, BEGINNING + (4 + steps) * STEP);
        assert_eq!(log_in(&server, Some(&code)).await.0, status, "{steps} steps");
    }
}

#[tokio::test]
async fn a_backup_code_is_good_once_and_new_ones_replace_all() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let (secret, codes) = enable(&ada, BEGINNING).await;
    let remaining = async || ada.get("users.totpCodesRemaining").await.expect(200)["remaining"].clone();
    assert_eq!(remaining().await, 12);
    assert_eq!(log_in(&server, Some(&codes[3])).await.0, 200);
    assert_eq!(log_in(&server, Some(&codes[3])).await.0, 401);
    assert_eq!(remaining().await, 11);
    server.pass(STEP);
    let code = json!({"code": app_code(&secret, BEGINNING + STEP)});
    let body = ada.post("users.regenerateTotpCodes", &code).await.expect(200);
    assert_eq!(remaining().await, 12);
    assert_eq!(log_in(&server, Some(&codes[4])).await.0, 401);
    assert_eq!(log_in(&server, body["codes"][0].as_str()).await.0, 200);
}

#[tokio::test]
async fn it_is_switched_off_with_a_code_only() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let off = coded("TOTP is not enabled", "error-invalid-totp-state", Value::Null);
    let code = json!({"code": "123456"});
    for endpoint in ["users.disableTotp", "users.regenerateTotpCodes"] {
        assert_eq!(ada.post(endpoint, &code).await.expect(400), off);
    }
    assert_eq!(ada.get("users.totpCodesRemaining").await.expect(400), off);
    let not_begun = ada.post("users.validateTotp", &code).await.expect(400);
    assert_eq!(not_begun["errorType"], "error-invalid-totp-state");
    let (secret, _) = enable(&ada, BEGINNING).await;
    server.pass(MINUTE);
    let code = app_code(&secret, BEGINNING + MINUTE);
    let again = ada.post_confirmed("users.enableTotp", &json!({}), "totp", &code).await;
    assert_eq!(again.expect(400)["errorType"], "error-invalid-totp-state");
    let wrong = ada
        .post("users.disableTotp", &json!({"code": "000000"}))
        .await
        .expect(400);
    assert_eq!(wrong["errorType"], "invalid-totp");
    server.pass(MINUTE);
    let code = json!({"code": app_code(&secret, BEGINNING + 2 * MINUTE)});
    let body = ada.post("users.disableTotp", &code).await.expect(200);
    assert_eq!(body, json!({"success": true, "disabled": true}));
    assert_eq!(log_in(&server, None).await.0, 200);
}

#[tokio::test]
async fn an_administrator_resets_a_lost_one_and_ends_the_sessions() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let (secret, _) = enable(&ada, BEGINNING).await;
    server.pass(MINUTE);
    let code = app_code(&secret, BEGINNING + MINUTE);
    let whom = json!({"userId": admin.id()});
    let refused = ada.post_confirmed("users.resetTOTP", &whom, "totp", &code).await;
    assert_eq!(refused.expect(400)["errorType"], "error-not-allowed");
    for (field, value) in [("userId", ada.id()), ("username", "ada"), ("user", "ada")] {
        admin
            .post_proved("users.resetTOTP", &json!({field: value}))
            .await
            .expect(200);
    }
    ada.get("me").await.expect(401);
    assert_eq!(log_in(&server, None).await.0, 200);
}

#[tokio::test]
async fn who_has_no_app_shows_the_password_again_and_is_remembered_for_half_an_hour() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let rename = json!({"value": "Harbour"});
    // The account is younger than that.
    admin.post("settings/Site_Name", &rename).await.expect(200);
    server.pass(30 * MINUTE);
    let ask = async || {
        let answer = admin.post("settings/Site_Name", &rename).await;
        (answer.status, answer.json())
    };
    assert_eq!(ask().await, (400, code_required("password")));
    let wrong = admin
        .post_confirmed(
            "settings/Site_Name",
            &rename,
            "password",
            &PASSWORD_DIGEST.replace('4', "0"),
        )
        .await;
    assert_eq!(wrong.expect(400), code_invalid("password"));
    let right = admin
        .post_confirmed("settings/Site_Name", &rename, "password", PASSWORD_DIGEST)
        .await;
    right.expect(200);
    server.pass(30 * MINUTE - 1);
    assert_eq!(ask().await.0, 200);
    // Another client with the same token is another place.
    let headers = [("content-type", "application/json"), ("user-agent", "Another browser")];
    let elsewhere = admin
        .send("POST", "/api/v1/settings/Site_Name", &headers, rename.to_string())
        .await;
    assert_eq!(elsewhere.expect(400), code_required("password"));
    server.pass(1);
    assert_eq!(ask().await, (400, code_required("password")));
}

#[tokio::test]
async fn who_has_an_app_shows_its_code() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let (secret, codes) = enable(&admin, BEGINNING).await;
    server.pass(31 * MINUTE);
    let body = json!({"userId": admin.id(), "data": {"name": "Admin"}});
    assert_eq!(
        admin.post("users.update", &body).await.expect(400),
        code_required("totp")
    );
    let password = admin
        .post_confirmed("users.update", &body, "password", PASSWORD_DIGEST)
        .await;
    assert_eq!(password.expect(400), code_required("totp"));
    let wrong = admin.post_confirmed("users.update", &body, "totp", "000000").await;
    assert_eq!(wrong.expect(400), code_invalid("totp"));
    let code = app_code(&secret, BEGINNING + 31 * MINUTE);
    admin
        .post_confirmed("users.update", &body, "totp", &code)
        .await
        .expect(200);
    server.pass(31 * MINUTE);
    let backup = admin.post_confirmed("users.update", &body, "totp", &codes[0]).await;
    backup.expect(200);
    server.pass(31 * MINUTE);
    let spent = admin.post_confirmed("users.update", &body, "totp", &codes[0]).await;
    assert_eq!(spent.expect(400), code_invalid("totp"));
}

#[tokio::test]
async fn ones_own_new_password_and_address_ask_for_it_and_a_new_name_does_not() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    server.pass(31 * MINUTE);
    ada.post("users.updateOwnBasicInfo", &json!({"data": {"name": "Ada"}}))
        .await
        .expect(200);
    for data in [
        json!({"newPassword": "another horse"}),
        json!({"email": "ada@example.org"}),
    ] {
        let answer = ada.post("users.updateOwnBasicInfo", &json!({"data": data})).await;
        assert_eq!(answer.expect(400), code_required("password"));
    }
    // The current password beside the new one counts as the proof.
    let data = json!({"newPassword": "another horse", "currentPassword": PASSWORD_DIGEST});
    ada.post("users.updateOwnBasicInfo", &json!({"data": data}))
        .await
        .expect(200);
}

#[tokio::test]
async fn wrong_codes_count_as_failed_logins() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    enable(&ada, BEGINNING).await;
    for _ in 0..10 {
        ada.post("users.disableTotp", &json!({"code": "000000"}))
            .await
            .expect(400);
    }
    let blocked = "error-login-blocked-for-user";
    assert_eq!(log_in(&server, None).await.1["error"], blocked);
}

#[tokio::test]
async fn a_setting_switches_it_off_for_everybody() {
    let server = TestServer::start_with(|options| {
        fix(options, &[(SettingId::TwoFactorEnabled, SettingValue::Flag(false))]);
    })
    .await;
    let admin = server.admin().await;
    server.pass(31 * MINUTE);
    admin
        .post("settings/Site_Name", &json!({"value": "Harbour"}))
        .await
        .expect(200);
    let body = admin.post_proved("users.enableTotp", &json!({})).await.expect(400);
    assert_eq!(body["errorType"], "error-two-factor-not-enabled");
}

#[tokio::test]
async fn a_setting_takes_the_password_out() {
    let server = TestServer::start_with(|options| {
        let fallback = (SettingId::TwoFactorPasswordFallback, SettingValue::Flag(false));
        fix(options, &[fallback]);
    })
    .await;
    let admin = server.admin().await;
    server.pass(31 * MINUTE);
    admin
        .post("settings/Site_Name", &json!({"value": "Harbour"}))
        .await
        .expect(200);
}
