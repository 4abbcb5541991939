//! Names: what is one, which two are the same, and that every look-up finds what was stored.

use std::sync::Arc;

use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};

use crate::support::process::{rollcall, run};
use crate::support::server::{ADMIN, PASSWORD, UNLIMITED, create_user, fix, open_registration};
use crate::support::{Client, Process, Socket, TestServer};

/// The same address in four spellings.
const ADDRESSES: [&str; 4] = [
    "jos\u{e9}@m\u{fc}nchen.example",
    " Jose\u{301}@Mu\u{308}nchen.Example ",
    "JOS\u{c9}@XN--MNCHEN-3YA.example",
    "jose\u{301}@xn--mnchen-3ya.example",
];

/// A name in two compositions.
const COMPOSED: &str = "caf\u{e9}";
const DECOMPOSED: &str = "cafe\u{301}";

fn encoded(text: &str) -> String {
    text.bytes()
        .fold(String::new(), |text, byte| text + &format!("%{byte:02x}"))
}

async fn start() -> TestServer {
    TestServer::start_with(|options| fix(options, &[open_registration(), UNLIMITED])).await
}

/// A server whose usernames may have letters of any script, with the user `åse`.
async fn with_letters() -> (TestServer, Client) {
    let server = start().await;
    let admin = server.admin().await;
    let pattern = json!({"value": r"[\p{L}\p{N}_.-]+"});
    admin
        .post_proved("settings/UTF8_User_Names_Validation", &pattern)
        .await
        .expect(200);
    admin
        .post("users.create", &new("A\u{30a}se", "ase@example.com"))
        .await
        .expect(200);
    (server, admin)
}

fn new(username: &str, email: &str) -> Value {
    json!({"username": username, "email": email, "name": "Somebody", "password": PASSWORD})
}

#[tokio::test]
async fn an_address_is_found_in_every_spelling() {
    let server = start().await;
    let admin = server.admin().await;
    let created = admin.post("users.create", &new("jose", ADDRESSES[1])).await.expect(200);
    let id = created["user"]["_id"].as_str().expect("an id");
    assert_eq!(
        created["user"]["emails"][0]["address"],
        "Jos\u{e9}@M\u{fc}nchen.Example"
    );
    for address in ADDRESSES {
        for login in [
            json!({"user": address, "password": PASSWORD}),
            json!({"email": address, "password": PASSWORD}),
            json!({"user": {"email": address}, "password": PASSWORD}),
        ] {
            let body = server.anonymous().post("login", &login).await.expect(200);
            assert_eq!(body["data"]["userId"], id, "{login}");
        }
        let mut socket = Socket::connected(server.address).await;
        let login = json!([{"user": {"email": address}, "password": {
            "digest": crate::support::server::PASSWORD_DIGEST, "algorithm": "sha-256"}}]);
        assert_eq!(socket.result("login", login).await["id"], id, "{address}");
        let found = admin
            .get(&format!("users.info?email={}", encoded(address)))
            .await
            .expect(200);
        assert_eq!(found["user"]["_id"], id);
        let found = admin
            .get(&format!("users.list?email={}", encoded(address)))
            .await
            .expect(200);
        assert_eq!(
            (&found["total"], &found["users"][0]["_id"]),
            (&json!(1), &json!(id)),
            "{address}"
        );
        let query = encoded(&json!({"emails.address": address}).to_string());
        let found = admin.get(&format!("users.list?query={query}")).await.expect(200);
        assert_eq!(found["total"], 1, "{address}");
        server
            .anonymous()
            .post("users.forgotPassword", &json!({"email": address}))
            .await
            .expect(200);
        let taken = admin.post("users.create", &new("other", address)).await.expect(400);
        assert_eq!(taken["errorType"], "error-field-unavailable", "{address}");
        let registered = json!({"username": "other", "email": address, "pass": PASSWORD, "name": "Other"});
        let taken = server.anonymous().post("users.register", &registered).await.expect(400);
        assert_eq!(taken["errorType"], "403", "{address}");
    }
    let forgotten = admin
        .get("audit.list?action=password-forgotten&target=JOSE")
        .await
        .expect(200);
    assert_eq!(forgotten["total"], 4, "{forgotten}");
    for term in ["m\u{fc}nchen", "MU\u{308}NCHEN.EX"] {
        let query = format!("users.listByStatus?searchTerm={}", encoded(term));
        let found = admin.get(&query).await.expect(200);
        assert_eq!(
            (&found["total"], &found["users"][0]["_id"]),
            (&json!(1), &json!(id)),
            "{term}"
        );
    }
}

#[tokio::test]
async fn allowed_domains_are_the_same_in_both_forms() {
    let server = TestServer::start_with(|options| {
        let domains = SettingValue::Text("m\u{fc}nchen.example, Other.example".into());
        fix(
            options,
            &[open_registration(), UNLIMITED, (SettingId::AllowedDomains, domains)],
        );
    })
    .await;
    for (number, domain) in ["xn--mnchen-3ya.example", "MU\u{308}NCHEN.example", "other.EXAMPLE"]
        .iter()
        .enumerate()
    {
        let body = json!({"username": format!("u{number}"), "email": format!("a{number}@{domain}"), "pass": PASSWORD,
            "name": "Other"});
        server.anonymous().post("users.register", &body).await.expect(200);
    }
    let body = json!({"username": "x", "email": "a@munchen.example", "pass": PASSWORD, "name": "Other"});
    let refused = server.anonymous().post("users.register", &body).await.expect(400);
    assert_eq!(refused["errorType"], "error-invalid-domain");
}

/// Checks that lists and searches find the user with this id by a spelling of the username.
async fn is_found_by_searches(admin: &Client, typed: &str, id: &Value) {
    let query = encoded(&json!({"username": {"$in": [typed]}}).to_string());
    for query in [format!("query={query}"), format!("username={}", encoded(typed))] {
        let found = admin.get(&format!("users.list?{query}")).await.expect(200);
        assert_eq!(found["total"], 1, "{query}");
    }
    for term in [typed, &typed.trim()[..typed.trim().len() - 1]] {
        let selector = encoded(&json!({"term": term}).to_string());
        let found = admin
            .get(&format!("users.autocomplete?selector={selector}"))
            .await
            .expect(200);
        assert_eq!(found["items"][0]["_id"], *id, "{term}");
        let found = admin
            .get(&format!("users.listByStatus?searchTerm={}", encoded(term)))
            .await
            .expect(200);
        assert_eq!(found["total"], 1, "{term}");
    }
    let selector = encoded(&json!({"term": "se", "exceptions": [typed]}).to_string());
    let found = admin
        .get(&format!("users.autocomplete?selector={selector}"))
        .await
        .expect(200);
    assert_eq!(found["items"], json!([]), "{typed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_username_is_found_in_every_case_and_composition_at_every_door() {
    let (server, admin) = with_letters().await;
    let id = admin
        .get(&format!("users.info?username={}", encoded("\u{e5}se")))
        .await
        .expect(200)["user"]["_id"]
        .clone();
    for typed in ["\u{c5}se", "a\u{30a}SE", " \u{e5}se "] {
        for login in [
            json!({"user": typed, "password": PASSWORD}),
            json!({"username": typed, "password": PASSWORD}),
            json!({"user": {"username": typed}, "password": PASSWORD}),
        ] {
            let body = server.anonymous().post("login", &login).await.expect(200);
            assert_eq!(body["data"]["userId"], id, "{login}");
        }
        for endpoint in ["users.info", "users.getStatus", "users.getPresence"] {
            admin
                .get(&format!("{endpoint}?username={}", encoded(typed)))
                .await
                .expect(200);
        }
        is_found_by_searches(&admin, typed, &id).await;
        let role = json!({"roleName": "bot", "username": typed});
        admin.post_proved("roles.addUserToRole", &role).await.expect(200);
        admin.post_proved("roles.removeUserFromRole", &role).await.expect(200);
        let mut socket = Socket::of(&admin).await;
        socket
            .result(
                "authorization:addUserToRole",
                json!(["bot", typed, null, Socket::proof()]),
            )
            .await;
        socket
            .result(
                "authorization:removeUserFromRole",
                json!(["bot", typed, null, Socket::proof()]),
            )
            .await;
        let hide = json!({"hideFrom": {"users": [typed, "\u{e5}se"]}});
        admin.post("presence.setPrivacy", &hide).await.expect(200);
        let hidden = admin.get("presence.getPrivacy").await.expect(200);
        assert_eq!(
            hidden["hideFrom"]["users"],
            json!([{"_id": id, "username": "\u{c5}se"}])
        );
        let audit = format!("audit.list?target={}&action=role-given", encoded(typed));
        assert!(
            admin.get(&audit).await.expect(200)["total"].as_u64() > Some(1),
            "{typed}"
        );
        let taken = admin
            .post("users.create", &new(typed, "other@example.com"))
            .await
            .expect(400);
        assert_eq!(taken["errorType"], "error-could-not-save-identity", "{typed}");
        for arguments in [
            &["user", "show", typed][..],
            &["token", "list", "--user", typed],
            &["audit", "--target", typed],
        ] {
            let mut command = rollcall(server.folder.path());
            command.args(arguments);
            let output = run(command, "");
            let text = String::from_utf8(output.stdout).expect("text");
            assert!(
                output.status.success() && text.contains("\u{c5}se"),
                "{arguments:?}: {text}"
            );
        }
    }
    // Where a name is a part of an address of the web, it is encoded.
    let ase = server.logged_in("\u{e5}se").await;
    let url = ase.get("me").await.expect(200)["avatarUrl"]
        .as_str()
        .expect("a URL")
        .to_owned();
    assert!(url.ends_with("/avatar/%C3%85se"), "{url}");
    let answer = ase.get("users.getAvatar").await;
    assert_eq!((answer.status, answer.header("location")), (307, Some(url.as_str())));
    let own = admin.send("GET", "/avatar/%C3%85se", &[], "").await;
    assert_eq!(own.body, admin.send("GET", "/avatar/A%CC%8ASE", &[], "").await.body);
    let deleted = json!({"username": "A\u{30a}SE"});
    admin.post_proved("users.delete", &deleted).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_statuses_roles_and_tokens_are_found_in_every_composition() {
    let server = start().await;
    let admin = server.admin().await;
    admin.create_status(DECOMPOSED, "busy").await.expect(200);
    assert_eq!(admin.create_status(COMPOSED, "busy").await.status, 400);
    for typed in [COMPOSED, DECOMPOSED, "CAF", " CAFE\u{301} "] {
        let found = admin
            .get(&format!("custom-user-status.list?name={}", encoded(typed)))
            .await
            .expect(200);
        assert_eq!(found["total"], 1, "{typed}");
    }
    let mut command = rollcall(server.folder.path());
    command.args(["status", "delete", DECOMPOSED, "--yes"]);
    assert!(run(command, "").status.success());

    admin
        .post_proved("roles.create", &json!({"name": DECOMPOSED}))
        .await
        .expect(200);
    let twice = admin
        .post_proved("roles.create", &json!({"name": COMPOSED}))
        .await
        .expect(400);
    assert_eq!(twice["errorType"], "error-duplicate-role-names-not-allowed");
    for typed in [COMPOSED, DECOMPOSED, " caf\u{e9} "] {
        let given = json!({"roleName": typed, "username": "ada"});
        admin.post_proved("roles.addUserToRole", &given).await.expect(200);
        let users = admin
            .get(&format!("roles.getUsersInRole?role={}", encoded(typed)))
            .await
            .expect(200);
        assert_eq!(users["total"], 1, "{typed}");
        admin.post_proved("roles.removeUserFromRole", &given).await.expect(200);
    }

    let named = |name: &str| json!({"tokenName": name});
    let generate = "users.generatePersonalAccessToken";
    admin.post_proved(generate, &named(DECOMPOSED)).await.expect(200);
    let twice = admin.post_proved(generate, &named(COMPOSED)).await.expect(400);
    assert_eq!(twice["errorType"], "error-token-already-exists");
    let regenerate = "users.regeneratePersonalAccessToken";
    for typed in [COMPOSED, DECOMPOSED, " caf\u{e9} "] {
        admin.post_proved(regenerate, &named(typed)).await.expect(200);
    }
    let mut socket = Socket::of(&admin).await;
    let removed = json!([named(DECOMPOSED), Socket::proof()]);
    socket.result("personalAccessTokens:removeToken", removed).await;
    let tokens = admin.get("users.getPersonalAccessTokens").await.expect(200);
    assert_eq!(tokens["tokens"], json!([]));
}

#[tokio::test]
async fn what_shows_as_nothing_is_empty() {
    let server = start().await;
    let (admin, ada) = (server.admin().await, server.user().await);
    for nothing in ["", "  ", "\u{200b}", "\u{202e}\u{200d}", "\u{feff}\u{3164} "] {
        for field in ["nickname", "bio"] {
            let word = json!({"data": {field: "word"}});
            ada.post("users.updateOwnBasicInfo", &word).await.expect(200);
            let empty = json!({"data": {field: nothing}});
            ada.post("users.updateOwnBasicInfo", &empty).await.expect(200);
            let me = ada.get("me").await.expect(200);
            assert!(me[field].is_null() || me[field] == "", "{field} {nothing:?}: {me}");
        }
        let name = ada
            .post("users.updateOwnBasicInfo", &json!({"data": {"name": nothing}}))
            .await
            .expect(400);
        assert_eq!(
            name["error"], "The field Name is required [error-the-field-is-required]",
            "{nothing:?}"
        );
        let created = admin
            .post("users.create", &new(nothing, "x@example.com"))
            .await
            .expect(400);
        assert_eq!(
            created["error"], "The field Username is required [error-the-field-is-required]",
            "{nothing:?}"
        );
        let status = admin.create_status(nothing, "busy").await.expect(400);
        assert_eq!(
            status["error"], "The field Name is required [error-the-field-is-required]",
            "{nothing:?}"
        );
        let role = admin
            .post_proved("roles.create", &json!({"name": nothing}))
            .await
            .expect(400);
        assert_eq!(role["errorType"], "error-invalid-role-name", "{nothing:?}");
        let token = json!({"tokenName": nothing});
        let token = admin
            .post_proved("users.generatePersonalAccessToken", &token)
            .await
            .expect(400);
        assert_eq!(token["details"]["field"], "tokenName", "{nothing:?}");
        ada.post("users.setStatus", &json!({"message": nothing}))
            .await
            .expect(200);
        assert_eq!(
            ada.get("users.getStatus").await.expect(200)["message"],
            "",
            "{nothing:?}"
        );
        // A search for nothing is a list of all.
        let found = admin
            .get(&format!("users.listByStatus?searchTerm={}", encoded(nothing)))
            .await
            .expect(200);
        assert_eq!(found["total"], 2, "{nothing:?}");
    }
    let role = json!({"name": "quiet", "description": "\u{200b}"});
    let role = admin.post_proved("roles.create", &role).await.expect(200);
    assert_eq!(role["role"]["description"], "");
}

#[tokio::test]
async fn a_text_over_its_limit_is_refused_with_the_field_and_the_limit() {
    let server = start().await;
    let (admin, ada) = (server.admin().await, server.user().await);
    let long = |characters: usize| "\u{e9}".repeat(characters);
    let mut new_user = new("bob", "bob@example.com");
    new_user["username"] = json!("x".repeat(65));
    let registered = json!({"username": "x".repeat(65), "email": "e@example.com", "pass": PASSWORD, "name": "E"});
    let mut long_name = new("bob", "bob@example.com");
    long_name["name"] = json!(long(121));
    for (client, endpoint, body, field, most) in [
        (&admin, "users.create", new_user, "username", "64"),
        (&admin, "users.create", long_name, "name", "120"),
        (&server.anonymous(), "users.register", registered, "username", "64"),
        (
            &ada,
            "users.updateOwnBasicInfo",
            json!({"data": {"name": long(121)}}),
            "name",
            "120",
        ),
        (
            &ada,
            "users.updateOwnBasicInfo",
            json!({"data": {"username": "x".repeat(65)}}),
            "username",
            "64",
        ),
        (
            &ada,
            "users.updateOwnBasicInfo",
            json!({"data": {"firstName": "Ab", "lastName": "c".repeat(120)}}),
            "name",
            "120",
        ),
        (
            &admin,
            "roles.create",
            json!({"name": "r", "description": long(121)}),
            "description",
            "120",
        ),
        (
            &admin,
            "users.generatePersonalAccessToken",
            json!({"tokenName": long(121)}),
            "tokenName",
            "120",
        ),
    ] {
        let error = client.post_proved(endpoint, &body).await.expect(400);
        assert_eq!(
            (&error["errorType"], &error["details"]["field"]),
            (&json!("invalid-params"), &json!(field)),
            "{error}"
        );
        assert!(
            error["error"].as_str().is_some_and(|words| words.contains(most)),
            "{error}"
        );
    }
    let mut socket = Socket::of(&ada).await;
    let error = socket
        .error("saveUserProfile", json!([{"realname": long(121)}, {}]))
        .await;
    assert_eq!(
        (&error["error"], &error["details"]["field"]),
        (&json!("invalid-params"), &json!("name"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn reserved_usernames_are_refused_at_every_door() {
    let server = start().await;
    let (admin, ada) = (server.admin().await, server.user().await);
    for name in [".", "..", "all", "Here", "rocket.cat", "ROCKET.cat"] {
        let error = admin
            .post("users.create", &new(name, "x@example.com"))
            .await
            .expect(400);
        assert_eq!(error["errorType"], "error-could-not-save-identity", "{name}");
        let body = json!({"username": name, "email": "x@example.com", "pass": PASSWORD, "name": "X"});
        let error = server.anonymous().post("users.register", &body).await.expect(400);
        assert_eq!(error["errorType"], "error-blocked-username", "{name}");
        let body = json!({"userId": ada.id(), "data": {"username": name}});
        let error = admin.post_proved("users.update", &body).await.expect(400);
        assert_eq!(error["errorType"], "error-could-not-save-identity", "{name}");
        let error = ada
            .post("users.updateOwnBasicInfo", &json!({"data": {"username": name}}))
            .await
            .expect(400);
        assert_eq!(error["errorType"], "error-could-not-save-identity", "{name}");
        let error = ada
            .get(&format!("users.checkUsernameAvailability?username={name}"))
            .await
            .expect(400);
        assert_eq!(error["errorType"], "error-blocked-username", "{name}");
        let mut socket = Socket::of(&ada).await;
        let error = socket.error("saveUserProfile", json!([{"username": name}, {}])).await;
        assert_eq!(error["error"], "error-could-not-save-identity", "{name}");
        let mut command = rollcall(server.folder.path());
        command.args(["user", "create", name]);
        let output = run(command, &format!("{PASSWORD}\n"));
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && words.contains("is blocked"),
            "{name}: {words}"
        );
    }
    let empty = TestServer::empty().await;
    let link = empty.setup_link.clone().expect("a link");
    let link = link.split_once('#').expect("a secret").1.to_owned();
    let body = json!({"link": link, "username": "rocket.cat", "password": PASSWORD});
    let error = empty
        .anonymous()
        .post("setup.createAdministrator", &body)
        .await
        .expect(400);
    assert_eq!(error["errorType"], "error-blocked-username");
    let body = json!({"link": link, "username": ADMIN, "password": PASSWORD});
    empty
        .anonymous()
        .post("setup.createAdministrator", &body)
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pattern_of_usernames_is_honoured_and_a_bad_one_is_refused_when_it_is_set() {
    let (server, admin) = with_letters().await;
    for (name, status) in [
        ("王小明", 200),
        ("a b", 400),
        ("a+b", 400),
        ("a@b", 400),
        ("a\u{200b}b", 400),
    ] {
        let answer = admin
            .post("users.create", &new(name, &format!("x{}@example.com", name.len())))
            .await;
        assert_eq!(answer.status, status, "{name}");
    }
    let ase = server.logged_in("\u{e5}se").await;
    let available = async |name: &str| {
        let query = format!("users.checkUsernameAvailability?username={}", encoded(name));
        ase.get(&query).await.expect(200)["result"].clone()
    };
    assert_eq!(
        (available("\u{f8}").await, available("a+b").await),
        (json!(true), json!(false))
    );
    for (pattern, words) in [
        ("[a", "unclosed character class"),
        ("", "1 to 256 bytes"),
        (r"(?=a)b", "look-around"),
        (r"(?:\p{L}{1,60}){1,60}", "fewer repetitions"),
        (&"a".repeat(257), "1 to 256 bytes"),
    ] {
        let value = json!({"value": pattern});
        let refused = admin
            .post_proved("settings/UTF8_User_Names_Validation", &value)
            .await
            .expect(400);
        assert_eq!(refused["errorType"], "error-invalid-setting-value", "{pattern}");
        assert!(
            refused["error"].as_str().is_some_and(|text| text.contains(words)),
            "{refused}"
        );
        let started = Process::try_start_in(crate::support::server::new_folder(), |command| {
            command.env("OVERWRITE_SETTING_UTF8_User_Names_Validation", pattern);
        });
        // An empty variable counts as unset.
        let refused = started
            .map(drop)
            .is_err_and(|error| error.contains("UTF8_User_Names_Validation"));
        assert_eq!(refused, !pattern.is_empty(), "{pattern}");
    }
    // A stricter rule leaves the users who are there alone, and is no rule for a login.
    let strict = json!({"value": "[a-z]{3,}"});
    admin
        .post_proved("settings/UTF8_User_Names_Validation", &strict)
        .await
        .expect(200);
    server
        .logged_in("A\u{30a}SE")
        .await
        .post("users.updateOwnBasicInfo", &json!({"data": {"bio": "x"}}))
        .await
        .expect(200);
    for (name, status) in [("abc", 200), ("ab", 400), ("\u{e5}bc", 400), ("ABC1", 400)] {
        let answer = admin
            .post("users.create", &new(name, &format!("s{}@example.com", name.len())))
            .await;
        assert_eq!(answer.status, status, "{name}");
    }
    let body = json!({"username": "ab", "email": "ab@example.com", "pass": PASSWORD, "name": "Ab"});
    let refused = server.anonymous().post("users.register", &body).await.expect(400);
    assert_eq!(refused["error"], "The username provided is not valid");
    let outcome = rollcall::admin_socket::run(
        &server.data_dir(),
        rollcall::app::Overrides::default(),
        create_user("x1"),
    )
    .await;
    assert!(outcome.is_err(), "the command line keeps to the rule");
    let suggested = ase.get("users.getUsernameSuggestion").await.expect(200);
    assert!(suggested["result"].is_string(), "{suggested}");
}

#[tokio::test]
async fn a_moment_without_a_time_is_refused_with_the_field_and_the_form() {
    let server = start().await;
    let (admin, ada) = (server.admin().await, server.user().await);
    let date = "2026-12-01";
    let refusals = [
        (
            "expiresAt",
            ada.post("users.setStatus", &json!({"message": "x", "expiresAt": date}))
                .await,
        ),
        (
            "expiresAt",
            ada.post_proved(
                "users.generatePersonalAccessToken",
                &json!({"tokenName": "x", "expiresAt": date}),
            )
            .await,
        ),
        ("from", admin.get(&format!("audit.list?from={date}")).await),
        ("until", admin.get(&format!("audit.list?until={date}")).await),
        ("from", ada.get(&format!("users.presence?from={date}")).await),
        (
            "updatedSince",
            ada.get(&format!("permissions.listAll?updatedSince={date}")).await,
        ),
    ];
    for (field, refusal) in refusals {
        let error = refusal.expect(400);
        assert_eq!(error["details"]["field"], field, "{error}");
        assert!(
            error.to_string().contains("a date, a time and an offset in ISO 8601"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_number_where_text_is_due_is_refused_with_the_field_and_the_type() {
    let server = start().await;
    let (admin, ada) = (server.admin().await, server.user().await);
    for (endpoint, body, field) in [
        (
            "custom-user-status.create",
            json!({"name": 5, "statusType": "busy"}),
            "name",
        ),
        ("users.updateOwnBasicInfo", json!({"data": {"bio": 5}}), "data.bio"),
        ("users.setStatus", json!({"message": 5}), "message"),
        ("login", json!({"user": "ada", "password": PASSWORD, "code": 5}), "code"),
        ("roles.create", json!({"name": 5}), "name"),
    ] {
        let error = admin.post_proved(endpoint, &body).await.expect(400);
        assert_eq!(error["error"], "must be string [invalid-params]", "{endpoint}");
        assert_eq!(error["details"]["field"], field, "{endpoint}");
    }
    let selector = |selector: Value| format!("users.autocomplete?selector={}", encoded(&selector.to_string()));
    let error = ada.get(&selector(json!({"term": 5}))).await.expect(400);
    assert_eq!(
        (&error["error"], &error["details"]["field"]),
        (&json!("must be string [invalid-params]"), &json!("selector.term"))
    );
    let error = ada.get(&selector(json!({"exceptions": [5]}))).await.expect(400);
    assert_eq!(error["details"]["field"], "selector.exceptions.0");
    assert_eq!(
        ada.get(&selector(json!([]))).await.expect(400)["details"]["field"],
        "selector"
    );
    let mut socket = Socket::of(&ada).await;
    for (method, params, field) in [
        ("setUserStatus", json!(["busy", 5]), "params.1"),
        ("saveUserProfile", json!([{"bio": 5}, {}]), "params.0.bio"),
        ("getUserStatusText", json!([5]), "params.0"),
    ] {
        let error = socket.error(method, params).await;
        assert_eq!(
            (&error["error"], &error["reason"]),
            (&json!(400), &json!("Match failed")),
            "{method}"
        );
        assert_eq!(
            error["details"],
            json!({"field": field, "expected": "string"}),
            "{method}"
        );
    }
}

#[tokio::test]
async fn a_text_is_stored_composed_and_a_status_text_has_spaces_for_controls() {
    let server = Arc::new(start().await);
    let (admin, ada) = (server.admin().await, server.user().await);
    let data = json!({"name": DECOMPOSED, "bio": DECOMPOSED, "nickname": DECOMPOSED});
    ada.post("users.updateOwnBasicInfo", &json!({"data": data}))
        .await
        .expect(200);
    let me = ada.get("me").await.expect(200);
    for field in ["name", "bio", "nickname"] {
        assert_eq!(me[field], COMPOSED, "{field}");
    }
    let status = admin.create_status(DECOMPOSED, "busy").await.expect(200);
    assert_eq!(status["customUserStatus"]["name"], COMPOSED);
    let mut socket = Socket::of(&ada).await;
    for (text, kept) in [
        ("a\0b\nc\r\td\u{1b}\u{202e}e", "a b c  d  e"),
        (DECOMPOSED, COMPOSED),
        ("  \u{e9}  ", "\u{e9}"),
    ] {
        ada.post("users.setStatus", &json!({"message": text})).await.expect(200);
        assert_eq!(
            ada.get("users.getStatus").await.expect(200)["message"],
            kept,
            "{text:?}"
        );
        ada.post("users.setStatus", &json!({"message": "other"}))
            .await
            .expect(200);
        server.pass(1_000);
        socket.result("setUserStatus", json!([null, text])).await;
        assert_eq!(
            ada.get("users.getStatus").await.expect(200)["message"],
            kept,
            "{text:?}"
        );
    }
}
