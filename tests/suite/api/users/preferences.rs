//! Preferences of users: known ones, merged, each of its kind.

use serde_json::{Value, json};

use crate::support::errors::{coded, schema};
use crate::support::{Client, Socket, TestServer};

#[tokio::test]
async fn preferences_are_kept_over_the_defaults() {
    let server = TestServer::start().await;
    let (admin, user) = (server.admin().await, server.user().await);
    let defaults = json!({"enableAutoAway": true, "idleTimeLimit": 300});
    assert_eq!(
        user.get("users.getPreferences").await.expect(200)["preferences"],
        defaults
    );
    let chosen = json!({"data": {"idleTimeLimit": 60, "language": "de"}});
    let answer = user.post("users.setPreferences", &chosen).await.expect(200);
    let expected = json!({"enableAutoAway": true, "idleTimeLimit": 60, "language": "de"});
    assert_eq!(
        answer,
        json!({"user": {"_id": user.id(), "settings": {"preferences": expected}}, "success": true})
    );
    assert_eq!(user.get("me").await.expect(200)["settings"]["preferences"], expected);
    let short = json!({"data": {"idleTimeLimit": 59}});
    let refused = user.post("users.setPreferences", &short).await.expect(400);
    assert_eq!(
        refused,
        coded("Invalid idleTimeLimit", "invalid-idle-time-limit-value", Value::Null)
    );
    let others = json!({"userId": admin.id(), "data": {"language": "en"}});
    let refused = user.post("users.setPreferences", &others).await.expect(400);
    assert_eq!(
        refused["error"],
        "Editing user is not allowed [error-action-not-allowed]"
    );
    let of_user = json!({"userId": user.id(), "data": {"language": null}});
    admin.post("users.setPreferences", &of_user).await.expect(200);
    assert!(
        user.get("me").await.expect(200)["settings"]["preferences"]
            .get("language")
            .is_none()
    );
    // Both are smaller than a body may be, and together more than preferences may be.
    let half = |name: &str| json!({"data": {name: "y".repeat(40_000)}});
    user.post("users.setPreferences", &half("sidebarSortby"))
        .await
        .expect(200);
    assert_eq!(
        user.post("users.setPreferences", &half("sidebarViewMode"))
            .await
            .expect(400)["errorType"],
        "invalid-params"
    );
}

async fn set(client: &Client, data: Value) -> crate::support::Answer {
    client.post("users.setPreferences", &json!({"data": data})).await
}

#[tokio::test]
async fn an_unknown_preference_or_another_type_is_refused_and_nothing_is_stored() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    set(&ada, json!({"language": "de", "highlights": ["tea"]}))
        .await
        .expect(200);
    let before = ada.get("users.getPreferences").await.expect(200);
    let additional = "must NOT have additional properties";
    for (data, words, place) in [
        (json!({"language": "en", "theme": "dark"}), additional, "data.theme"),
        (json!({"other": null}), additional, "data.other"),
        (json!({"language": 5}), "must be string", "data.language"),
        (json!({"useEmojis": "true"}), "must be boolean", "data.useEmojis"),
        (json!({"clockMode": "1"}), "must be number", "data.clockMode"),
        (
            json!({"highlights": "tea"}),
            "must be a list of strings",
            "data.highlights",
        ),
        (
            json!({"alsoSendThreadToChannel": "sometimes"}),
            "must be one of default, always, never",
            "data.alsoSendThreadToChannel",
        ),
        (
            json!({"utcOffset": 15}),
            "must be a number of hours from -12 to 14, in steps of 0.25",
            "data.utcOffset",
        ),
    ] {
        assert_eq!(
            set(&ada, data.clone()).await.expect(400),
            schema(words, place),
            "{data}"
        );
    }
    let mut socket = Socket::of(&ada).await;
    let refused = socket.error("saveUserPreferences", json!([{"theme": "dark"}])).await;
    assert_eq!(refused["error"], "invalid-params");
    assert_eq!(ada.get("users.getPreferences").await.expect(200), before);
    let merged = set(&ada, json!({"language": null, "clockMode": 1})).await.expect(200);
    let kept = json!({"enableAutoAway": true, "idleTimeLimit": 300, "highlights": ["tea"], "clockMode": 1});
    assert_eq!(merged["user"]["settings"]["preferences"], kept);
}

#[tokio::test]
async fn the_preferences_that_official_clients_send_are_taken() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let first = json!({
        "newRoomNotification": "door", "newMessageNotification": "chime", "clockMode": 1, "useEmojis": true,
        "convertAsciiEmoji": true, "saveMobileBandwidth": true, "collapseMediaByDefault": false, "autoImageLoad": true,
        "emailNotificationMode": "mentions", "unreadAlert": true, "notificationsSoundVolume": 100,
        "desktopNotifications": "default", "pushNotifications": "default", "enableAutoAway": true,
        "highlights": ["a", "b"], "desktopNotificationRequireInteraction": false, "showThreadsInMainChannel": true,
        "alsoSendThreadToChannel": "default",
    });
    let second = json!({
        "hideUsernames": false, "hideRoles": true, "displayAvatars": true,
        "hideFlexTab": false, "sendOnEnter": "normal", "idleTimeLimit": 3600, "language": "en",
        "sidebarShowFavorites": true, "sidebarShowUnread": true, "sidebarSortby": "activity",
        "sidebarViewMode": "condensed", "sidebarDisplayAvatar": true, "sidebarGroupByType": true,
        "muteFocusedConversations": true, "dontAskAgainList": [{"action": "hideRoom", "label": "Hide room"}],
        "featuresPreview": [{"name": "newNavigation", "value": true}], "themeAppearence": "auto", "fontSize": "100%",
        "receiveLoginDetectionEmail": true, "notifyCalendarEvents": true, "enableMobileRinging": true,
        "mentionsWithSymbol": false, "omnichannelTranscriptEmail": false, "omnichannelTranscriptPDF": false,
    });
    let mut socket = Socket::of(&ada).await;
    for data in [first, second] {
        set(&ada, data.clone()).await.expect(200);
        assert_eq!(socket.result("saveUserPreferences", json!([data])).await, true);
        let kept = ada.get("users.getPreferences").await.expect(200)["preferences"].clone();
        for (name, value) in data.as_object().expect("preferences") {
            assert_eq!(kept[name], *value, "{name}");
        }
    }
}

#[tokio::test]
async fn the_offset_from_utc_and_the_language_show_where_clients_read_them() {
    let server = TestServer::start().await;
    let (admin, ada) = (server.admin().await, server.user().await);
    assert_eq!(ada.get("me").await.expect(200)["utcOffset"], 0);
    set(&ada, json!({"utcOffset": 5.5, "language": "de"})).await.expect(200);
    let me = ada.get("me").await.expect(200);
    assert_eq!((&me["utcOffset"], &me["language"]), (&json!(5.5), &json!("de")));
    let info = admin.get("users.info?username=ada").await.expect(200);
    assert_eq!(info["user"]["utcOffset"], 5.5);
    let _socket = Socket::of(&ada).await;
    let here = admin.get(&format!("users.presence?ids={}", ada.id())).await.expect(200);
    assert_eq!(here["users"][0]["utcOffset"], 5.5);
    set(&ada, json!({"utcOffset": null})).await.expect(200);
    assert_eq!(ada.get("me").await.expect(200)["utcOffset"], 0);
}
