//! Setting statuses: by hand, by custom statuses, for others; the statuses below; the ends.

use rollcall::app::Clock;
use rollcall::clock::SetClock;
use rollcall::domain::{Claims, SettingId, SettingValue, UserId};
use rollcall::server::{Options, Server};
use serde_json::{Value, json};

use crate::support::errors::{coded, form_of, plain, schema};
use crate::support::server::{BEGINNING, MINUTE, create_user, fix};
use crate::support::store::open_store;
use crate::support::{Client, TestServer};

async fn set(client: &Client, body: Value) -> (u16, Value) {
    let answer = client.post("users.setStatus", &body).await;
    (answer.status, answer.json())
}

async fn done(client: &Client, body: Value) {
    assert_eq!(set(client, body).await, (200, json!({"success": true})));
}

/// Returns the caller's own status without the time at which it began.
async fn own(client: &Client) -> Value {
    let mut body = client.get("users.getStatus").await.expect(200);
    let fields = body.as_object_mut().expect("an object");
    fields.remove("success");
    fields.remove("_id");
    fields.remove("statusSince");
    body
}

fn manual(status: &str, message: &str) -> Value {
    json!({"connectionStatus": "offline", "status": status, "message": message, "statusSource": "manual"})
}

fn nothing() -> Value {
    json!({"connectionStatus": "offline", "status": "offline", "message": ""})
}

/// Online without a connection, by a call that said nothing else.
fn bare_online() -> Value {
    json!({"connectionStatus": "offline", "status": "online", "message": ""})
}

/// Waits until the timer has done its work: what shows is no longer this.
async fn until_not(client: &Client, before: &Value) -> Value {
    loop {
        let now = own(client).await;
        if now != *before {
            return now;
        }
    }
}

#[tokio::test]
async fn a_status_is_set_with_and_without_words() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    assert_eq!(own(&ada).await, nothing());
    done(&ada, json!({"status": "busy", "message": "  in a call "})).await;
    assert_eq!(own(&ada).await, manual("busy", "in a call"));
    done(&ada, json!({"message": "still in a call"})).await;
    assert_eq!(own(&ada).await, manual("busy", "still in a call"));
    done(&ada, json!({"status": "away"})).await;
    assert_eq!(own(&ada).await, manual("away", ""));
    done(&ada, json!({"message": "é".repeat(121)})).await;
    assert_eq!(own(&ada).await, manual("away", &"é".repeat(120)));
    done(&ada, json!({"message": ""})).await;
    assert_eq!(own(&ada).await, manual("away", ""));
    done(&ada, json!({"status": "online", "message": "at my desk"})).await;
    assert_eq!(own(&ada).await, manual("online", "at my desk"));
    let me = ada.get("me").await.expect(200);
    assert_eq!(
        (&me["statusDefault"], &me["statusText"], &me["statusConnection"]),
        (&json!("online"), &json!("at my desk"), &json!("offline"))
    );
    for body in [json!({"status": "online"}), json!({"status": "online", "message": ""})] {
        done(&ada, json!({"status": "busy", "message": "x"})).await;
        done(&ada, body).await;
        assert_eq!(own(&ada).await, bare_online());
    }
}

#[tokio::test]
async fn what_is_no_status_is_refused_in_the_words_of_the_reference() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let neither = plain("Match error: Failed Match.OneOf, Match.Maybe or Match.Optional validation");
    let invalid_date = |words: &str, details| coded(words, "error-invalid-date", details);
    for (body, expected) in [
        (json!({}), neither.clone()),
        (json!({"status": null, "message": null}), neither),
        (
            json!({"status": "here"}),
            schema("must be equal to one of the allowed values", "status"),
        ),
        (
            json!({"status": "Busy"}),
            schema("must be equal to one of the allowed values", "status"),
        ),
        (json!({"message": 5}), schema("must be string", "message")),
        (
            json!({"status": "busy", "mood": "good"}),
            schema("must NOT have additional properties", "mood"),
        ),
        (
            json!({"status": "busy", "expiresAt": "soon"}),
            invalid_date("Invalid expiresAt date string", form_of("expiresAt")),
        ),
        (
            json!({"status": "busy", "expiresAt": "2023-11-04T11:44:23.366Z"}),
            invalid_date("expiresAt must be a future date", Value::Null),
        ),
    ] {
        assert_eq!(set(&ada, body.clone()).await, (400, expected), "{body}");
    }
    assert_eq!(own(&ada).await, nothing());
}

#[tokio::test]
async fn settings_forbid_words_and_invisibility() {
    let server = TestServer::start_with(|options| {
        let off = |id| (id, SettingValue::Flag(false));
        fix(
            options,
            &[
                off(SettingId::AllowUserStatusMessageChange),
                off(SettingId::AllowInvisibleStatus),
            ],
        );
    })
    .await;
    let ada = server.user().await;
    let method = json!({"method": "users.setStatus"});
    let words = coded("Change status is not allowed", "error-not-allowed", method.clone());
    assert_eq!(set(&ada, json!({"message": "x"})).await, (400, words));
    let invisible = coded("Invisible status is disabled", "error-status-not-allowed", method);
    assert_eq!(set(&ada, json!({"status": "offline"})).await, (400, invisible));
    done(&ada, json!({"status": "busy", "message": ""})).await;
    assert_eq!(own(&ada).await, manual("busy", ""));
}

#[tokio::test]
async fn others_are_set_by_who_may_edit_them() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let refused = (403, plain("unauthorized"));
    assert_eq!(
        set(&ada, json!({"status": "busy", "userId": admin.id()})).await,
        refused
    );
    for (field, value) in [("userId", ada.id()), ("username", "ada"), ("user", "ada")] {
        done(&admin, json!({"status": "busy", "message": field, field: value})).await;
        assert_eq!(own(&ada).await, manual("busy", field));
    }
    let nobody = set(&admin, json!({"status": "busy", "username": "nobody"})).await;
    assert_eq!((nobody.0, &nobody.1["errorType"]), (400, &json!("error-invalid-user")));
    assert_eq!(own(&admin).await, nothing());
    // What an administrator did is in the audit log, what one does oneself is not.
    done(&ada, json!({"status": "away"})).await;
    let log = admin.get("audit.list?action=user-updated&target=ada").await.expect(200);
    assert_eq!(log["total"], 3);
}

#[tokio::test]
async fn lunch_lies_on_vacation_and_vacation_shows_again_with_its_own_end() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let vacation = json!({"status": "away", "message": "vacation", "expiresAt": "2023-11-05T00:00:00.000Z"});
    let lunch = json!({"status": "busy", "message": "lunch", "expiresAt": "2023-11-04T12:44:23.366Z"});
    done(&ada, vacation).await;
    done(&ada, lunch).await;
    let mut shown = manual("busy", "lunch");
    shown["statusExpiresAt"] = json!("2023-11-04T12:44:23.366Z");
    assert_eq!(own(&ada).await, shown);
    server.pass(60 * MINUTE);
    let mut below = manual("away", "vacation");
    below["statusExpiresAt"] = json!("2023-11-05T00:00:00.000Z");
    assert_eq!(until_not(&ada, &shown).await, below);
    server.pass(24 * 60 * MINUTE);
    assert_eq!(until_not(&ada, &below).await, nothing());
}

#[tokio::test]
async fn the_one_on_top_is_ended_and_all_are_cleared() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    for message in ["vacation", "lunch", "phone"] {
        done(&ada, json!({"status": "away", "message": message})).await;
    }
    let end = async |body: Value| ada.post("status.end", &body).await.expect(200);
    end(json!({})).await;
    assert_eq!(own(&ada).await, manual("away", "lunch"));
    done(&ada, json!({"status": "online"})).await;
    assert_eq!(own(&ada).await, bare_online());
    for _ in 0..2 {
        end(json!({})).await;
        assert_eq!(own(&ada).await, nothing());
    }
}

#[tokio::test]
async fn a_programs_word_counts_less_than_the_users_and_is_renewed_and_ended_by_its_name() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let meeting =
        |message: &str| json!({"status": "busy", "message": message, "source": "external", "claimId": "calendar"});
    done(&ada, meeting("standup")).await;
    let mut shown = manual("busy", "standup");
    shown["statusSource"] = json!("external");
    assert_eq!(own(&ada).await, shown);
    done(&ada, json!({"status": "away", "message": "lunch"})).await;
    assert_eq!(own(&ada).await, manual("away", "lunch"));
    done(&ada, meeting("planning")).await;
    assert_eq!(own(&ada).await, manual("away", "lunch"));
    done(&ada, json!({"status": "online"})).await;
    shown["message"] = json!("planning");
    assert_eq!(own(&ada).await, shown);
    ada.post("status.end", &json!({"claimId": "calendar"}))
        .await
        .expect(200);
    assert_eq!(own(&ada).await, bare_online());
    // What a program said is nothing that the user set by hand.
    let recent = ada.get("status.recent").await.expect(200)["statuses"].clone();
    assert_eq!(recent, json!([{"status": "away", "message": "lunch"}]));
}

#[tokio::test]
async fn a_custom_status_fills_in_words_picture_and_end() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let tea = json!({"name": "out for tea", "statusType": "away", "emoji": "🍵", "durationMinutes": 30});
    let created = admin.post("custom-user-status.create", &tea).await.expect(200)["customUserStatus"].clone();
    assert_eq!(
        (&created["emoji"], &created["durationMinutes"]),
        (&json!("🍵"), &json!(30))
    );
    let id = created["_id"].clone();
    done(&ada, json!({"customUserStatusId": id})).await;
    let shown = json!({
        "connectionStatus": "offline", "status": "away", "message": "out for tea", "statusEmoji": "🍵",
        "statusSource": "manual", "statusExpiresAt": "2023-11-04T12:14:23.366Z",
    });
    assert_eq!(own(&ada).await, shown);
    server.pass(30 * MINUTE);
    assert_eq!(until_not(&ada, &shown).await, nothing());
    // What is said beside it counts more.
    done(
        &ada,
        json!({"customUserStatusId": id, "message": "out for cake", "expiresAt": "2023-11-04T13:00:00.000Z"}),
    )
    .await;
    let own = own(&ada).await;
    assert_eq!(
        (&own["message"], &own["statusEmoji"], &own["statusExpiresAt"]),
        (&json!("out for cake"), &json!("🍵"), &json!("2023-11-04T13:00:00.000Z"))
    );
    let unknown = set(&ada, json!({"customUserStatusId": "none"})).await;
    assert_eq!(
        unknown,
        (400, plain("No custom user status found with the id of \"none\"."))
    );
}

#[tokio::test]
async fn pictures_and_durations_of_custom_statuses_are_optional_kept_and_taken_away() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let plain = admin.create_status("caught up", "busy").await.expect(200)["customUserStatus"].clone();
    let keys: Vec<_> = plain.as_object().expect("an object").keys().cloned().collect();
    assert_eq!(
        keys,
        ["_id", "name", "statusType", "_updatedAt"],
        "old clients see nothing new"
    );
    let update = async |fields: Value| {
        let mut body = json!({"_id": plain["_id"], "name": "caught up", "statusType": "busy"});
        body.as_object_mut()
            .expect("an object")
            .extend(fields.as_object().expect("an object").clone());
        admin.post("custom-user-status.update", &body).await
    };
    let with = update(json!({"emoji": ":tea:", "durationMinutes": 5}))
        .await
        .expect(200);
    assert_eq!(with["customUserStatus"]["emoji"], ":tea:");
    let kept = update(json!({})).await.expect(200)["customUserStatus"].clone();
    assert_eq!((&kept["emoji"], &kept["durationMinutes"]), (&json!(":tea:"), &json!(5)));
    let gone = update(json!({"emoji": "", "durationMinutes": 0})).await.expect(200);
    assert_eq!(gone["customUserStatus"].get("emoji"), None);
    assert_eq!(gone["customUserStatus"].get("durationMinutes"), None);
    for (fields, words, field) in [
        (
            json!({"emoji": "two words"}),
            "must be an emoji or its short code, 64 characters at most",
            "emoji",
        ),
        (
            json!({"durationMinutes": 527_041}),
            "must be <= 527040",
            "durationMinutes",
        ),
        (json!({"durationMinutes": -1}), "must be >= 0", "durationMinutes"),
    ] {
        assert_eq!(
            update(fields.clone()).await.expect(400),
            schema(words, field),
            "{fields}"
        );
    }
}

#[tokio::test]
async fn the_last_eight_are_remembered() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    for number in 0..9 {
        done(
            &ada,
            json!({"status": "busy", "message": number.to_string(), "emoji": "🎲"}),
        )
        .await;
    }
    done(&ada, json!({"status": "online"})).await;
    let recent = ada.get("status.recent").await.expect(200)["statuses"].clone();
    let messages: Vec<_> = recent
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["message"].as_str().expect("a text"))
        .collect();
    assert_eq!(messages, ["8", "7", "6", "5", "4", "3", "2", "1"]);
    assert_eq!(recent[0], json!({"status": "busy", "message": "8", "emoji": "🎲"}));
}

#[tokio::test]
async fn profiles_set_the_status_too() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let data = json!({"data": {"statusType": "busy", "statusText": "writing"}});
    ada.post("users.updateOwnBasicInfo", &data).await.expect(200);
    assert_eq!(own(&ada).await, manual("busy", "writing"));
    let data = json!({"userId": ada.id(), "data": {"statusText": "reading"}});
    let body = admin.post("users.update", &data).await.expect(200);
    assert_eq!(own(&ada).await, manual("busy", "reading"));
    assert_eq!(body["user"]["statusText"], "reading");
    let new = json!({
        "username": "bob", "name": "Bob", "email": "bob@example.com", "password": "correct horse", "statusText": "new here"
    });
    admin.post("users.create", &new).await.expect(200);
    let bob = server.logged_in("bob").await;
    assert_eq!(own(&bob).await, manual("offline", "new here"));
}

#[tokio::test]
async fn statuses_survive_a_restart_and_what_ended_meanwhile_has_ended_in_the_first_read() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    done(&ada, json!({"status": "away", "message": "vacation"})).await;
    done(
        &ada,
        json!({"status": "busy", "message": "lunch", "expiresAt": "2023-11-04T12:00:00.000Z"}),
    )
    .await;
    let folder = server.stop().await;
    let server = TestServer::open(folder, |_| {}).await;
    assert_eq!(own(&server.user().await).await["message"], "lunch");
    let folder = server.stop().await;
    let server = TestServer::open(folder, |options| {
        options.clock = Clock::set_by(SetClock::at(BEGINNING + 60 * MINUTE));
    })
    .await;
    assert_eq!(own(&server.user().await).await, manual("away", "vacation"));
}

#[tokio::test]
async fn a_setting_gives_the_rule_of_newer_servers() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    done(&ada, json!({"status": "busy", "message": "in a call"})).await;
    let on = json!({"value": true});
    admin
        .post("settings/presence_requires_connection", &on)
        .await
        .expect(200);
    assert_eq!(own(&ada).await, manual("offline", "in a call"));
    let off = json!({"value": false});
    admin
        .post("settings/presence_requires_connection", &off)
        .await
        .expect(200);
    assert_eq!(own(&ada).await, manual("busy", "in a call"));
}

#[tokio::test]
async fn a_user_who_is_switched_off_shows_nothing_also_when_switched_on_again() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    done(&ada, json!({"status": "busy", "message": "in a call"})).await;
    let seen = async || {
        let body = admin.get("users.getStatus?username=ada").await.expect(200);
        (body["status"].clone(), body["message"].clone())
    };
    for (active, expected) in [
        (false, (json!("offline"), json!(""))),
        (true, (json!("offline"), json!(""))),
    ] {
        let body = json!({"userId": ada.id(), "activeStatus": active});
        admin.post("users.setActiveStatus", &body).await.expect(200);
        assert_eq!(seen().await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_that_races_with_the_end_of_its_user_is_left_behind_by_nobody() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for number in 0..30 {
        let name = format!("user{number}");
        server.command(create_user(&name)).await;
        let (status, user) = (json!({"status": "busy", "username": name}), json!({"username": name}));
        let (set, deleted) = tokio::join!(
            admin.post("users.setStatus", &status),
            admin.post("users.delete", &user)
        );
        deleted.expect(200);
        assert!([200, 400].contains(&set.status), "{set:?}");
    }
    // A store with a status of an unknown user does not open.
    TestServer::open(server.stop().await, |_| {}).await.admin().await;
}

#[tokio::test]
async fn what_ended_while_no_server_ran_is_settled_before_it_listens() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let lunch = json!({"status": "busy", "message": "lunch", "expiresAt": "2023-11-04T12:00:00.000Z"});
    done(&ada, lunch).await;
    let folder = server.stop().await;
    let options = Options {
        clock: Clock::set_by(SetClock::at(BEGINNING + 60 * MINUTE)),
        ..TestServer::options(&folder)
    };
    // Started, and ended before it serves anything.
    Server::start(options)
        .await
        .expect("a server")
        .run(async {})
        .await
        .expect("no task ends by itself");
    let store = open_store(&folder.path().join("data")).expect("the store");
    let kept = store.read().user_status(&UserId::new(ada.id())).cloned();
    assert!(kept.is_none_or(|kept| kept.claims == Claims::default()));
    store.close().await;
}

#[tokio::test]
async fn a_deleted_users_status_is_gone_with_them() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    done(&ada, json!({"status": "busy"})).await;
    let id = json!({"userId": ada.id()});
    admin.post("users.delete", &id).await.expect(200);
    let here = admin.get("users.presence").await.expect(200);
    assert_eq!(here["users"], json!([]));
    let folder = server.stop().await;
    TestServer::open(folder, |_| {}).await.admin().await;
}
