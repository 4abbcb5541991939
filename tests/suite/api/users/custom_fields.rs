//! Custom fields of users: merged, and as the setting `Accounts_CustomFields` asks.

use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};

use crate::support::errors::{coded, schema};
use crate::support::process::{rollcall, run};
use crate::support::server::{MINUTE, PASSWORD, fix, new_folder, open_registration};
use crate::support::{Answer, Client, Socket, TestServer};

const RULES: &str = r#"{
    "role": {"type": "select", "options": ["teacher", "student"], "required": true, "public": true},
    "twitter": {"type": "text", "minLength": 2, "maxLength": 10}
}"#;

fn rules() -> (SettingId, SettingValue) {
    (SettingId::CustomFields, SettingValue::Text(RULES.into()))
}

fn refused(words: &str) -> Value {
    let details = json!({"method": "registerUser"});
    coded(words, "error-user-registration-custom-field", details)
}

async fn update(admin: &Client, id: &str, fields: Value) -> Answer {
    let body = json!({"userId": id, "data": {"customFields": fields}});
    admin.post("users.update", &body).await
}

async fn update_own(client: &Client, fields: Value) -> Answer {
    let body = json!({"data": {}, "customFields": fields});
    client.post("users.updateOwnBasicInfo", &body).await
}

async fn own(client: &Client) -> Value {
    client.get("me").await.expect(200)["customFields"].clone()
}

fn new(username: &str, fields: &Value) -> Value {
    json!({
        "username": username, "name": "Bob", "email": format!("{username}@example.com"), "password": PASSWORD,
        "customFields": fields,
    })
}

#[tokio::test]
async fn a_partial_update_keeps_the_other_fields_and_null_removes_one_everywhere() {
    let server = TestServer::start().await;
    let (admin, ada) = (server.admin().await, server.user().await);
    let answer = update(&admin, ada.id(), json!({"team": "engine", "floor": 3}))
        .await
        .expect(200);
    assert_eq!(answer["user"]["customFields"], json!({"team": "engine", "floor": 3}));
    update(&admin, ada.id(), json!({"room": "12"})).await.expect(200);
    assert_eq!(own(&ada).await, json!({"team": "engine", "floor": 3, "room": "12"}));
    update_own(&ada, json!({"floor": null, "desk": {"by": "window"}}))
        .await
        .expect(200);
    assert_eq!(
        own(&ada).await,
        json!({"team": "engine", "room": "12", "desk": {"by": "window"}})
    );
    let mut socket = Socket::of(&ada).await;
    let saved = socket
        .result("saveUserProfile", json!([{}, {"room": "13", "team": null}]))
        .await;
    assert_eq!(saved, true);
    assert_eq!(own(&ada).await, json!({"room": "13", "desk": {"by": "window"}}));
    // A change of nothing, and one without fields.
    update_own(&ada, json!({})).await.expect(200);
    let nickname = json!({"data": {"nickname": "A."}});
    ada.post("users.updateOwnBasicInfo", &nickname).await.expect(200);
    assert_eq!(own(&ada).await, json!({"room": "13", "desk": {"by": "window"}}));
    // A field that is null from the start is not stored.
    let bob = new("bob", &json!({"team": "engine", "floor": null}));
    let created = admin.post("users.create", &bob).await.expect(200);
    assert_eq!(created["user"]["customFields"], json!({"team": "engine"}));
    // Fields outlive the server.
    let server = TestServer::open(server.stop().await, |_| {}).await;
    let ada = server.user().await;
    assert_eq!(own(&ada).await, json!({"room": "13", "desk": {"by": "window"}}));
}

#[tokio::test]
async fn numbers_are_kept_exactly_and_can_be_changed_again() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    // Numbers that a quick reader gets wrong in their last bit.
    let numbers = json!({"a": 1.918_462_102_649_040_3e-252, "b": -6.614_487_107_601_906e16, "c": 5e-324});
    update_own(&ada, numbers.clone()).await.expect(200);
    let body = update_own(&ada, json!({"d": 1})).await.expect(200);
    for name in ["a", "b", "c"] {
        assert_eq!(body["user"]["customFields"][name], numbers[name], "{name}");
    }
}

#[tokio::test]
async fn fields_have_bounds() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let half = |name: &str| json!({name: "y".repeat(10_000)});
    update_own(&ada, half("a")).await.expect(200);
    let words = "must NOT have more than 16384 bytes";
    assert_eq!(
        update_own(&ada, half("b")).await.expect(400),
        schema(words, "customFields")
    );
    assert_eq!(own(&ada).await, half("a"));
    let many: serde_json::Map<_, _> = (0..100).map(|number| (number.to_string(), json!(1))).collect();
    let words = "must NOT have more than 100 fields";
    let refused = update_own(&ada, Value::Object(many)).await.expect(400);
    assert_eq!(refused, schema(words, "customFields"));
    assert_eq!(own(&ada).await, half("a"));
}

#[tokio::test]
async fn the_rules_hold_at_registration_creation_and_every_update() {
    let server = TestServer::start_with(|options| fix(options, &[rules(), open_registration()])).await;
    let (admin, ada) = (server.admin().await, server.user().await);
    let mut socket = Socket::of(&ada).await;
    let missing = "Field role is required";
    for (fields, words) in [
        (json!({}), missing),
        (json!({"role": ""}), missing),
        (json!({"role": null}), missing),
        (json!({"twitter": "ada"}), missing),
        (json!({"role": "boss"}), "Value for field role is invalid"),
        (
            json!({"role": "student", "twitter": "a"}),
            "Min length of field twitter 2",
        ),
        (
            json!({"role": "student", "twitter": "x".repeat(11)}),
            "Max length of field twitter 10",
        ),
    ] {
        let bob = new("bob", &fields);
        let created = admin.post("users.create", &bob).await.expect(400);
        assert_eq!(created, refused(words), "users.create {fields}");
        let registered = register(&server, &fields).await.expect(400);
        assert_eq!(registered, refused(words), "users.register {fields}");
        if fields == json!({}) {
            continue;
        }
        let updated = update(&admin, ada.id(), fields.clone()).await.expect(400);
        assert_eq!(updated, refused(words), "users.update {fields}");
        let updated = update_own(&ada, fields.clone()).await.expect(400);
        assert_eq!(updated, refused(words), "users.updateOwnBasicInfo {fields}");
        let saved = socket.error("saveUserProfile", json!([{}, fields])).await;
        assert_eq!(
            saved["error"], "error-user-registration-custom-field",
            "saveUserProfile {fields}"
        );
    }
    for (fields, words, place) in [
        (
            json!({"role": "student", "x": 1}),
            "must NOT have additional properties",
            "customFields.x",
        ),
        (
            json!({"role": "student", "twitter": 55}),
            "must be string",
            "customFields.twitter",
        ),
    ] {
        let bob = new("bob", &fields);
        assert_eq!(admin.post("users.create", &bob).await.expect(400), schema(words, place));
        assert_eq!(register(&server, &fields).await.expect(400), schema(words, place));
        assert_eq!(
            update(&admin, ada.id(), fields.clone()).await.expect(400),
            schema(words, place)
        );
    }
    let fields = json!({"role": "student", "twitter": ""});
    register(&server, &fields).await.expect(200);
    update_own(&ada, json!({"role": "teacher"})).await.expect(200);
    update_own(&ada, json!({"twitter": "ada"})).await.expect(200);
    assert_eq!(own(&ada).await, json!({"role": "teacher", "twitter": "ada"}));
    // An administrator's script that knows no fields, and a change of something else, go on.
    let mut eve = new("eve", &Value::Null);
    eve.as_object_mut().expect("a body").remove("customFields");
    let eve = admin.post("users.create", &eve).await.expect(200);
    let id = eve["user"]["_id"].as_str().expect("an id").to_owned();
    let nickname = json!({"userId": id, "data": {"nickname": "E."}});
    admin.post("users.update", &nickname).await.expect(200);
}

async fn register(server: &TestServer, fields: &Value) -> Answer {
    let body = json!({
        "username": "carl", "name": "Carl", "email": "carl@example.com", "pass": PASSWORD, "customFields": fields,
    });
    // One registration a minute from an address.
    server.pass(MINUTE);
    server.anonymous().post("users.register", &body).await
}

#[tokio::test]
async fn others_see_the_public_fields_and_nothing_else() {
    let server = TestServer::start_with(|options| fix(options, &[rules()])).await;
    let (admin, ada) = (server.admin().await, server.user().await);
    let fields = json!({"role": "student", "twitter": "bob"});
    admin.post("users.create", &new("bob", &fields)).await.expect(200);
    let of_bob = async |client: &Client| client.get("users.info?username=bob").await.expect(200)["user"].clone();
    assert_eq!(of_bob(&ada).await["customFields"], json!({"role": "student"}));
    assert_eq!(of_bob(&admin).await["customFields"], fields);
    let bob = server.logged_in("bob").await;
    assert_eq!(of_bob(&bob).await["customFields"], fields);
    // Without rules no field is public.
    let server = TestServer::start().await;
    let (admin, ada) = (server.admin().await, server.user().await);
    admin.post("users.create", &new("bob", &fields)).await.expect(200);
    let info = ada.get("users.info?username=bob").await.expect(200);
    assert_eq!(info["user"].get("customFields"), None);
}

#[tokio::test]
async fn rules_that_are_none_are_refused_when_they_are_set() {
    let server = TestServer::start().await;
    let (admin, ada) = (server.admin().await, server.user().await);
    let path = "settings/Accounts_CustomFields";
    let details = json!({"setting": "Accounts_CustomFields"});
    for (text, problem) in [
        (
            "{\"a\"",
            "must be a JSON object of fields: EOF while parsing an object at line 1 column 4",
        ),
        (
            r#"{"a": {"type": "date"}}"#,
            "has a field a that needs the type text or select",
        ),
    ] {
        let answer = admin.post(path, &json!({"value": text})).await.expect(400);
        let words = format!("Accounts_CustomFields {problem}");
        assert_eq!(answer, coded(&words, "error-invalid-setting-value", details.clone()));
    }
    // Rules count from the next call on, and fields from before them stay until they are removed.
    update_own(&ada, json!({"old": 1})).await.expect(200);
    admin.post(path, &json!({"value": RULES})).await.expect(200);
    update_own(&ada, json!({"role": "teacher"})).await.expect(200);
    assert_eq!(own(&ada).await, json!({"old": 1, "role": "teacher"}));
    update_own(&ada, json!({"old": null})).await.expect(200);
    assert_eq!(own(&ada).await, json!({"role": "teacher"}));
}

#[tokio::test]
async fn a_start_with_rules_that_are_none_ends_with_the_reason() {
    let folder = new_folder();
    let mut command = rollcall(folder.path());
    command.arg("serve").env("OVERWRITE_SETTING_Accounts_CustomFields", "{");
    let output = run(command, "");
    assert_eq!(output.status.code(), Some(78));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("Accounts_CustomFields (from environment"), "{errors}");
}
