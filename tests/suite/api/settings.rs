//! Settings that are changed while the server runs.

use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};

use crate::support::server::{DAY, fix};
use crate::support::{Client, TestServer};

async fn set(client: &Client, id: &str, value: Value) -> (u16, Value) {
    let answer = client.post(&format!("settings/{id}"), &json!({"value": value})).await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn a_setting_counts_from_the_next_call_and_survives_a_restart() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let before = server.user().await;
    assert_eq!(
        set(&admin, "Accounts_LoginExpiration", json!(2)).await,
        (200, json!({"success": true}))
    );
    let after = server.user().await;
    server.pass(2 * DAY);
    before.get("me").await.expect(200);
    after.get("me").await.expect(401);
    let body = admin.get("settings/Accounts_LoginExpiration").await.expect(200);
    let expected = json!({"success": true, "_id": "Accounts_LoginExpiration", "value": 2, "blocked": false});
    assert_eq!(body, expected);
    let server = TestServer::open(server.stop().await, |_| {}).await;
    let admin = server.admin().await;
    assert_eq!(
        admin.get("settings/Accounts_LoginExpiration").await.expect(200)["value"],
        2
    );
}

#[tokio::test]
async fn everybody_sees_public_settings_and_administrators_all_of_them() {
    let server = TestServer::start().await;
    let (anonymous, ada, admin) = (server.anonymous(), server.user().await, server.admin().await);
    let ids = async |client: &Client, endpoint: &str| {
        let body = client.get(endpoint).await.expect(200);
        assert_eq!(body["total"], body["count"], "{endpoint}");
        let settings = body["settings"].as_array().expect("a list").clone();
        settings
            .iter()
            .map(|one| one["_id"].as_str().expect("an id").to_owned())
            .collect::<Vec<_>>()
    };
    let public: Vec<_> = SettingId::ALL
        .iter()
        .filter(|id| id.is_public())
        .map(ToString::to_string)
        .collect();
    assert_eq!(ids(&anonymous, "settings.public?count=0").await, public);
    assert_eq!(ids(&ada, "settings?count=0").await, public);
    let all: Vec<_> = SettingId::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(ids(&admin, "settings?count=0").await, all);
    let some = ids(
        &anonymous,
        "settings.public?_id=Site_Name,Accounts_LoginExpiration,API_Default_Count",
    )
    .await;
    assert_eq!(some, ["Accounts_LoginExpiration", "Site_Name"]);
    let body = anonymous.get("settings.public?_id=Site_Name").await.expect(200);
    let expected = json!([{"_id": "Site_Name", "value": "Rollcall", "enterprise": false}]);
    assert_eq!(body["settings"], expected);
    let body = admin.get("settings?_id=Accounts_LoginExpiration").await.expect(200);
    let expected = json!([{
        "_id": "Accounts_LoginExpiration",
        "type": "int",
        "value": 90,
        "packageValue": 90,
        "public": true,
        "blocked": false,
        "description": "Days that a login lasts",
        "enterprise": false,
    }]);
    assert_eq!(body["settings"], expected);
}

#[tokio::test]
async fn the_address_of_the_server_is_shown_where_nobody_set_one() {
    let server = TestServer::start().await;
    let body = server.anonymous().get("settings.public?_id=Site_Url").await.expect(200);
    assert_eq!(body["settings"][0]["value"], format!("http://{}", server.address));
    let admin = server.admin().await;
    set(&admin, "Site_Url", json!("https://rollcall.example.com")).await;
    let body = server.anonymous().get("settings.public?_id=Site_Url").await.expect(200);
    assert_eq!(body["settings"][0]["value"], "https://rollcall.example.com");
}

#[tokio::test]
async fn what_a_setting_does_not_take_is_refused_with_what_it_takes() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for (id, value, words) in [
        (
            "Accounts_LoginExpiration",
            json!(0),
            "must be a whole number from 1 to 36500",
        ),
        (
            "Accounts_LoginExpiration",
            json!(1.5),
            "must be a whole number from 1 to 36500",
        ),
        ("API_Enable_CORS", json!("true"), "must be true or false"),
        (
            "Accounts_RegistrationForm",
            json!("public"),
            "must be one of Public, Disabled, Secret URL",
        ),
        (
            "Site_Name",
            json!("x".repeat(9000)),
            "must be a text of at most 8192 bytes",
        ),
        (
            "Accounts_Registration_Users_Default_Roles",
            json!("user,none"),
            "names the role none, which does not exist",
        ),
        (
            "Accounts_Registration_Users_Default_Roles",
            json!("admin"),
            "must not be admin: everybody who registers would become one",
        ),
        (
            "Accounts_Registration_Users_Default_Roles",
            json!(" , "),
            "must name a role at least",
        ),
        (
            "Block_Multiple_Failed_Logins_Ip_Whitelist",
            json!("10.0.0.1, home"),
            "names home, which is neither an address nor a network",
        ),
        (
            "Site_Url",
            json!("rollcall.example.com"),
            "must be a URL that begins with http:// or https://",
        ),
        (
            "API_CORS_Origin",
            json!("not an origin,,"),
            "names not an origin, which is not an origin like https://chat.example.com; it must be * or a list of origins",
        ),
        (
            "Accounts_AllowedDomainsList",
            json!("@@@ , http://x"),
            "names @@@, which is not the domain of an e-mail address like example.com",
        ),
    ] {
        let (status, body) = set(&admin, id, value).await;
        assert_eq!(status, 400);
        assert_eq!(body["error"], format!("{id} {words} [error-invalid-setting-value]"));
    }
    for (value, words) in [
        (
            json!(1.2345),
            "must be a number of at least 0 with at most 3 decimal places",
        ),
        (json!([1]), "must be boolean, number or string"),
        (Value::Null, "must have required property 'value'"),
    ] {
        let (status, body) = set(&admin, "Accounts_LoginExpiration", value).await;
        assert_eq!(
            (status, &body["error"]),
            (400, &json!(format!("{words} [invalid-params]")))
        );
    }
    let missing = admin.post("settings/Site_Name", &json!({})).await.expect(400);
    assert_eq!(missing["errorType"], "invalid-params");
}

#[tokio::test]
async fn an_unknown_setting_is_answered_without_a_word() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    assert_eq!(admin.get("settings/None").await.expect(400), json!({"success": false}));
    assert_eq!(set(&admin, "None", json!(1)).await, (400, json!({"success": false})));
}

#[tokio::test]
async fn a_setting_that_the_configuration_gives_is_fixed_and_says_so() {
    let server = TestServer::start_with(|options| {
        let name = SettingValue::Text("Harbour".into());
        fix(options, &[(SettingId::SiteName, name)]);
    })
    .await;
    let admin = server.admin().await;
    let (status, body) = set(&admin, "Site_Name", json!("Other")).await;
    let words = "Site_Name is fixed by the server's configuration (the test): change it there and restart";
    assert_eq!(status, 400);
    assert_eq!(body["error"], format!("{words} [error-setting-fixed]"));
    let body = admin.get("settings/Site_Name").await.expect(200);
    assert_eq!((&body["value"], &body["blocked"]), (&json!("Harbour"), &json!(true)));
    let body = admin.get("settings?_id=Site_Name").await.expect(200);
    assert_eq!(body["settings"][0]["fixedBy"], "the test");
}

#[tokio::test]
async fn who_may_not_see_private_settings_does_not() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    set(&admin, "Accounts_RegistrationForm_SecretURL", json!("open-sesame")).await;
    ada.get("settings/Site_Name").await.expect(403);
    assert_eq!(set(&ada, "Site_Name", json!("Mine")).await.0, 403);
    for endpoint in ["settings?count=0", "settings.public?count=0"] {
        let body = ada.get(endpoint).await.expect(200);
        assert!(!body.to_string().contains("open-sesame"), "{endpoint}");
    }
}

#[tokio::test]
async fn pages_keep_to_the_settings() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    set(&admin, "API_Default_Count", json!(3)).await;
    set(&admin, "API_Upper_Count_Limit", json!(5)).await;
    let count = async |query: &str| admin.get(&format!("settings{query}")).await.expect(200)["count"].clone();
    assert_eq!(count("").await, 3);
    assert_eq!(count("?count=4").await, 4);
    assert_eq!(count("?count=50").await, 5);
    assert_eq!(count("?count=0").await, SettingId::ALL.len());
    set(&admin, "API_Allow_Infinite_Count", json!(false)).await;
    assert_eq!(count("?count=0").await, 3);
}

#[tokio::test]
async fn clients_find_no_service_to_log_in_with_and_the_password_policy() {
    let server = TestServer::start().await;
    let anonymous = server.anonymous();
    assert_eq!(
        anonymous.get("settings.oauth").await.expect(200),
        json!({"success": true, "services": []})
    );
    assert_eq!(
        anonymous.get("service.configurations").await.expect(200),
        json!({"success": true, "configurations": []})
    );
    assert_eq!(
        anonymous.get("pw.getPolicy").await.expect(200),
        json!({
            "success": true,
            "enabled": true,
            "policy": [
                ["get-password-policy-minLength", {"minLength": 8}],
                ["get-password-policy-maxLength", {"maxLength": 256}],
                ["get-password-policy-strength", {"minimumScore": 3}],
            ],
        })
    );
    let admin = server.admin().await;
    set(&admin, "Accounts_Password_Policy_Strength", json!(0)).await;
    assert_eq!(
        anonymous.get("pw.getPolicy").await.expect(200),
        json!({"success": true, "enabled": false, "policy": []})
    );
    set(&admin, "Accounts_Password_Policy_Strength", json!(3)).await;
    set(&admin, "Accounts_Password_Policy_Enabled", json!(true)).await;
    let body = anonymous.get("pw.getPolicy").await.expect(200);
    assert_eq!(body["enabled"], true);
    assert_eq!(
        body["policy"][0],
        json!(["get-password-policy-minLength", {"minLength": 8}]),
        "the stricter one"
    );
}

#[tokio::test]
async fn cors_follows_its_setting_at_once() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let preflight = async || {
        let headers = [
            ("origin", "https://app.example.com"),
            ("access-control-request-method", "POST"),
        ];
        let answer = server.anonymous().send("OPTIONS", "/api/v1/login", &headers, "").await;
        answer.status
    };
    assert_eq!(preflight().await, 405);
    set(&admin, "API_Enable_CORS", json!(true)).await;
    assert_eq!(preflight().await, 200);
    set(&admin, "API_CORS_Origin", json!("https://other.example.com")).await;
    assert_eq!(preflight().await, 403);
}

#[tokio::test]
async fn defaults_are_shown_where_they_are_asked_for() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    admin
        .post("settings/Site_Name", &json!({"value": "Ours"}))
        .await
        .expect(200);
    for (endpoint, shown) in [
        ("settings", true),
        ("settings?includeDefaults=true", true),
        ("settings?includeDefaults=false", false),
        ("settings.public", false),
        ("settings.public?includeDefaults=true", true),
    ] {
        let body = admin.get(endpoint).await.expect(200);
        let all = body["settings"].as_array().expect("settings");
        let with_default = all.iter().filter(|setting| setting.get("packageValue").is_some());
        assert_eq!(with_default.count(), if shown { all.len() } else { 0 }, "{endpoint}");
    }
    let page = "settings.public?includeDefaults=true&_id=Site_Name";
    let name = &admin.get(page).await.expect(200)["settings"][0];
    assert_eq!(
        (&name["value"], &name["packageValue"]),
        (&json!("Ours"), &json!("Rollcall"))
    );
}

#[tokio::test]
async fn the_least_length_of_a_password_is_not_above_the_greatest() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let (least, greatest) = (
        "Accounts_Password_Policy_MinLength",
        "Accounts_Password_Policy_MaxLength",
    );
    assert_eq!(set(&admin, least, json!(100)).await.0, 200);
    let (status, body) = set(&admin, greatest, json!(5)).await;
    let words = format!(
        "{greatest} leaves no password: it would have at least 100 and at most 5 characters; set {least} and {greatest} \
         together [error-invalid-setting-value]"
    );
    assert_eq!((status, &body["error"]), (400, &json!(words)));
    // Both at once are judged as they will be.
    let together = |least_value: i64, greatest_value: i64| json!({"settings": [{"_id": least, "value": least_value}, {"_id": greatest, "value": greatest_value}]});
    admin.post("settings", &together(5, 10)).await.expect(200);
    admin.post("settings", &together(11, 10)).await.expect(400);
    // With the rules on, the length that the strength asks for counts as well.
    assert_eq!(set(&admin, greatest, json!(7)).await.0, 200);
    assert_eq!(
        set(&admin, "Accounts_Password_Policy_Enabled", json!(true)).await.0,
        400
    );
    assert_eq!(set(&admin, greatest, json!(8)).await.0, 200);
    assert_eq!(
        set(&admin, "Accounts_Password_Policy_Enabled", json!(true)).await.0,
        200
    );
}
