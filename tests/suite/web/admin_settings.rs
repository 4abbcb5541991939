//! The section of the administration for the settings of the server.

use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};

use super::profile::prove;
use super::words::assert_words;
use crate::support::server::{ADMIN, MINUTE, PASSWORD, USER, fix};
use crate::support::visitor::text;
use crate::support::{Answer, Client, TestServer, Visitor};

const PAGE: &str = "/admin/settings";

/// Saves a group of settings, and sends the password if the page asks for it.
async fn save(visitor: &Visitor, fields: &[(&str, &str)]) -> Answer {
    let answer = visitor.submit(PAGE, fields).await;
    if text(&answer).contains("Confirm that it’s you") {
        return prove(visitor, PAGE, &answer, "password", PASSWORD).await;
    }
    answer
}

async fn value(client: &Client, id: &str) -> Value {
    client.get(&format!("settings/{id}")).await.expect(200)["value"].clone()
}

fn location(answer: &Answer) -> &str {
    answer.header("location").unwrap_or_else(|| panic!("{}", text(answer)))
}

/// Returns the part of the page that shows a setting.
fn line<'page>(page: &'page str, id: &str) -> &'page str {
    let mut lines = page.split("<div class=\"setting").skip(1);
    let name = format!("<code class=\"small faint\">{id}</code>");
    lines
        .find(|line| line.contains(&name))
        .unwrap_or_else(|| panic!("{id} is not in {page}"))
}

#[tokio::test]
async fn the_page_has_every_setting_once_with_a_control_for_its_type() {
    let server = TestServer::start().await;
    let visitor = Visitor::signed_in(&server, ADMIN).await;
    let page = visitor.page(PAGE).await;
    for id in SettingId::ALL {
        let control = format!(" id=\"{id}\" name=\"{id}\"");
        assert_eq!(page.matches(&control).count(), 1, "{id}");
        assert!(line(&page, id.as_str()).contains(&control), "{id}");
    }
    for (id, part) in [
        ("Accounts_LoginExpiration", "type=\"number\""),
        (
            "Accounts_LoginExpiration",
            "value=\"90\" step=\"1\" max=\"36500\" min=\"1\"",
        ),
        ("Accounts_LoginExpiration", "Days until sign-in expires"),
        (
            "Block_Multiple_Failed_Logins_Time_To_Unblock_By_User_In_Minutes",
            "step=\"any\" max=\"1440\"",
        ),
        ("Accounts_AllowInvisibleStatusOption", "role=\"switch\""),
        ("Accounts_AllowInvisibleStatusOption", " checked"),
        (
            "Accounts_RegistrationForm",
            "<option value=\"Disabled\" selected>Disabled</option>",
        ),
        ("Accounts_CustomFields", "<textarea"),
        ("Accounts_RegistrationForm_SecretURL", "type=\"password\""),
        ("Accounts_AllowedDomainsList", "type=\"text\""),
        (
            "DDP_Rate_Limit_IP_Enabled",
            ">Limit the rate of method calls from one address",
        ),
    ] {
        assert!(line(&page, id).contains(part), "{part} in {}", line(&page, id));
    }
    // The Enter key in a field presses the first button of its form. This button must not reset a setting.
    for form in page.split("<form class=\"stack tight\"").skip(1) {
        let (_, first) = form.split_once("<button").expect("a button");
        assert!(first.starts_with(" hidden></button>"), "{first}");
    }
    assert!(
        page.contains(&format!("Search {} settings", SettingId::ALL.len())),
        "{page}"
    );
}

#[tokio::test]
async fn a_saved_group_changes_only_what_the_administrator_changed() {
    let server = TestServer::start().await;
    // A new account needs no proof for 30 minutes.
    server.pass(31 * MINUTE);
    let (admin, visitor) = (server.admin().await, Visitor::signed_in(&server, ADMIN).await);
    let other = json!({"value": 50});
    admin
        .post_proved("settings/Accounts_LoginExpiration", &other)
        .await
        .expect(200);
    let fields = [
        ("group", "sign-in"),
        ("was:Accounts_LoginExpiration", "90"),
        ("Accounts_LoginExpiration", "90"),
        ("was:Block_Multiple_Failed_Logins_Attempts_Until_Block_by_User", "10"),
        ("Block_Multiple_Failed_Logins_Attempts_Until_Block_by_User", "7"),
        (
            "was:Block_Multiple_Failed_Logins_Time_To_Unblock_By_User_In_Minutes",
            "5",
        ),
        ("Block_Multiple_Failed_Logins_Time_To_Unblock_By_User_In_Minutes", "0.5"),
        ("was:Block_Multiple_Failed_Logins_By_Ip", "true"),
        ("was:Accounts_TwoFactorAuthentication_Enabled", "true"),
        ("Accounts_TwoFactorAuthentication_Enabled", "on"),
    ];
    let asked = visitor.submit(PAGE, &fields).await;
    assert!(text(&asked).contains("Confirm that it’s you"), "{}", text(&asked));
    assert_eq!(value(&admin, "Block_Multiple_Failed_Logins_By_Ip").await, json!(true));
    let answer = prove(&visitor, PAGE, &asked, "password", PASSWORD).await;
    assert_eq!(location(&answer), "/admin/settings?note=settings-saved#sign-in");
    for (id, expected) in [
        ("Accounts_LoginExpiration", json!(50)),
        ("Block_Multiple_Failed_Logins_Attempts_Until_Block_by_User", json!(7)),
        (
            "Block_Multiple_Failed_Logins_Time_To_Unblock_By_User_In_Minutes",
            json!(0.5),
        ),
        ("Block_Multiple_Failed_Logins_By_Ip", json!(false)),
        ("Accounts_TwoFactorAuthentication_Enabled", json!(true)),
    ] {
        assert_eq!(value(&admin, id).await, expected, "{id}");
    }
    // The session has given its proof, which stays valid for a while.
    let name = [("was:Site_Name", "Rollcall"), ("Site_Name", "\"><b>Harbour</b>")];
    assert_eq!(visitor.submit(PAGE, &name).await.status, 303);
    let page = visitor.page("/admin/settings?is=changed").await;
    assert!(
        page.contains("&#60;b&#62;Harbour") && !page.contains("<b>Harbour"),
        "{page}"
    );
    for (id, default) in [
        ("Accounts_LoginExpiration", "default: 90"),
        ("Block_Multiple_Failed_Logins_By_Ip", "default: on"),
        ("Site_Name", "default: Rollcall"),
    ] {
        assert!(line(&page, id).contains(default), "{page}");
    }
    assert!(!page.contains("id=\"Accounts_RegistrationForm\""), "{page}");
    // The button of a setting saves the whole group, with the default of this setting.
    let fields = [
        ("was:Site_Name", "\"><b>Harbour</b>"),
        ("Site_Name", "ignored"),
        ("was:Team_Custom_Field", "team"),
        ("Team_Custom_Field", "office"),
        ("reset", "Site_Name"),
    ];
    assert_eq!(visitor.submit(PAGE, &fields).await.status, 303);
    assert_eq!(value(&admin, "Site_Name").await, json!("Rollcall"));
    assert_eq!(value(&admin, "Team_Custom_Field").await, json!("office"));
}

#[tokio::test]
async fn a_text_of_several_lines_that_was_not_changed_is_not_saved() {
    let server = TestServer::start().await;
    let (admin, visitor) = (server.admin().await, Visitor::signed_in(&server, ADMIN).await);
    let newer = "{\n\"team\": {\"type\": \"text\"}\n}";
    admin
        .post_proved("settings/Accounts_CustomFields", &json!({"value": newer}))
        .await
        .expect(200);
    // Browsers send two characters at the end of each line, also in hidden fields.
    let older = "{\r\n}";
    let fields = [
        ("was:Accounts_CustomFields", older),
        ("Accounts_CustomFields", older),
        ("was:Team_Custom_Field", "team"),
        ("Team_Custom_Field", "office"),
    ];
    assert_eq!(visitor.submit(PAGE, &fields).await.status, 303);
    assert_eq!(value(&admin, "Team_Custom_Field").await, json!("office"));
    assert_eq!(value(&admin, "Accounts_CustomFields").await, json!(newer));
}

#[tokio::test]
async fn what_a_setting_does_not_take_is_said_at_its_field_and_nothing_is_saved() {
    let server = TestServer::start().await;
    let (admin, visitor) = (server.admin().await, Visitor::signed_in(&server, ADMIN).await);
    let fields = [
        ("was:Accounts_Password_Policy_MinLength", "7"),
        ("Accounts_Password_Policy_MinLength", "2000"),
        ("was:Accounts_Password_History_Amount", "5"),
        ("Accounts_Password_History_Amount", "many"),
        ("was:Accounts_Password_History_Enabled", "false"),
        ("Accounts_Password_History_Enabled", "on"),
    ];
    // Settings with errors are shown even if the address asks for other settings.
    let answer = visitor.submit("/admin/settings?q=History_Enabled", &fields).await;
    let page = text(&answer);
    assert_eq!(answer.status, 422, "{page}");
    for (id, parts) in [
        (
            "Accounts_Password_Policy_MinLength",
            &[
                "value=\"2000\"",
                ">must be a whole number from -1 to 1024</span>",
                "now: 7",
                " touched",
            ][..],
        ),
        (
            "Accounts_Password_History_Amount",
            &[
                ">must be a whole number from 1 to 24, and is a text</span>",
                "aria-invalid=\"true\"",
            ],
        ),
        (
            "Accounts_Password_History_Enabled",
            &[" checked", "now: off", "value=\"false\""],
        ),
    ] {
        for part in parts {
            assert!(line(&page, id).contains(part), "{part} in {}", line(&page, id));
        }
    }
    assert_eq!(value(&admin, "Accounts_Password_History_Enabled").await, json!(false));
    // The operation checks rules about several settings.
    let fields = [
        ("was:Accounts_Password_Policy_MaxLength", "-1"),
        ("Accounts_Password_Policy_MaxLength", "3"),
        ("was:Accounts_Registration_Users_Default_Roles", "user"),
        ("Accounts_Registration_Users_Default_Roles", "user,captain"),
    ];
    let answer = save(&visitor, &fields).await;
    let page = text(&answer);
    assert_eq!(answer.status, 422, "{page}");
    assert!(page.contains("names the role captain, which does not exist"), "{page}");
    assert_eq!(value(&admin, "Accounts_Password_Policy_MaxLength").await, json!(-1));
}

#[tokio::test]
async fn a_setting_that_was_fixed_at_the_start_says_by_what_and_stays() {
    let fixed = [
        (SettingId::PresenceMaxConnections, SettingValue::Number(200_000)),
        (SettingId::RegistrationSecret, SettingValue::Text("open sesame".into())),
    ];
    let server = TestServer::start_with(|options| fix(options, &fixed)).await;
    let visitor = Visitor::signed_in(&server, ADMIN).await;
    let page = visitor.page("/admin/settings?is=fixed").await;
    let of_it = line(&page, "Presence_Max_Connections");
    assert!(
        of_it.contains(" disabled") && of_it.contains("fixed by <code>the test</code>"),
        "{of_it}"
    );
    assert!(
        !of_it.contains("name=\"was:") && !page.contains("open sesame"),
        "{page}"
    );
    assert!(
        page.contains("Fixed <span class=\"num\">2</span>") && !page.contains("id=\"Site_Name\""),
        "{page}"
    );
    let fields = [
        ("was:Presence_Max_Connections", "200000"),
        ("Presence_Max_Connections", "5"),
    ];
    let answer = save(&visitor, &fields).await;
    assert_eq!(answer.status, 422);
    assert!(
        text(&answer).contains("Presence_Max_Connections is fixed by the server&#39;s configuration (the test)"),
        "{}",
        text(&answer)
    );
}

#[tokio::test]
async fn a_secret_is_set_and_removed_and_never_shown() {
    let server = TestServer::start().await;
    let (admin, visitor) = (server.admin().await, Visitor::signed_in(&server, ADMIN).await);
    let id = "Accounts_RegistrationForm_SecretURL";
    let shown = format!("was:{id}");
    assert!(line(&visitor.page(PAGE).await, id).contains("No secret is set."));
    let answer = save(&visitor, &[(&shown, ""), (id, "open sesame")]).await;
    assert_eq!(answer.status, 303, "{}", text(&answer));
    assert_eq!(value(&admin, id).await, json!("open sesame"));
    let page = visitor.page(PAGE).await;
    assert!(line(&page, id).contains("A secret is set. It is never shown.") && !page.contains("open sesame"));
    save(&visitor, &[(&shown, ""), (id, "")]).await;
    assert_eq!(
        value(&admin, id).await,
        json!("open sesame"),
        "an empty field changes nothing"
    );
    let wrong = [
        (&*shown, ""),
        (id, "another"),
        ("was:API_Default_Count", "50"),
        ("API_Default_Count", "x"),
    ];
    let answer = save(&visitor, &wrong).await;
    assert!(
        answer.status == 422 && !text(&answer).contains("another"),
        "{}",
        text(&answer)
    );
    save(&visitor, &[(&shown, ""), (id, ""), ("reset", id)]).await;
    assert_eq!(value(&admin, id).await, json!(""));
    let entries = admin.get("audit.list").await.expect(200).to_string();
    assert!(!entries.contains("open sesame"), "{entries}");
}

#[tokio::test]
async fn a_search_is_in_the_address() {
    let server = TestServer::start().await;
    let visitor = Visitor::signed_in(&server, ADMIN).await;
    for (query, found) in [
        ("q=site_NAME", "Site_Name"),
        ("q=zxcvbn", "Accounts_Password_Policy_Strength"),
        ("q=days+until", "Accounts_LoginExpiration"),
    ] {
        let page = visitor.page(&format!("{PAGE}?{query}")).await;
        assert!(line(&page, found).contains(found));
        assert!(page.matches("<div class=\"setting").count() < 4, "{page}");
        assert!(page.contains(&format!("action=\"{PAGE}?{query}\"")), "{page}");
    }
    let page = visitor
        .page("/admin/settings?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&is=%3Cb%3E")
        .await;
    assert!(
        page.contains("No setting found") && !page.contains("<script>alert"),
        "{page}"
    );
    let german = Visitor::signed_in(&server, ADMIN).await.speaking("de");
    let page = german.page("/admin/settings?q=anmeldung").await;
    assert!(
        line(&page, "Accounts_LoginExpiration").contains("Tage, bis die Anmeldung abläuft"),
        "{page}"
    );
    let page = german.page(PAGE).await;
    assert_words(&page, PAGE, "de");
    assert!(
        line(&page, "DDP_Rate_Limit_IP_Enabled").contains(">Die Häufigkeit von Methodenaufrufen von einer Adresse"),
        "{page}"
    );
    let (_, forms) = page.split_once("<main").expect("the settings");
    assert!(!forms.contains("lang=\"en\""), "{page}");
}

#[tokio::test]
async fn who_may_only_see_settings_can_change_none_and_others_see_none() {
    let server = TestServer::start().await;
    let (admin, ada) = (server.admin().await, Visitor::signed_in(&server, USER).await);
    let fields = [("was:Site_Name", "Rollcall"), ("Site_Name", "Evil")];
    assert_eq!(ada.get(PAGE).await.status, 403);
    assert_eq!(ada.submit_from("/", PAGE, &fields).await.status, 403);
    let grant = json!({"permissions": [{"_id": "view-privileged-setting", "roles": ["admin", "user"]}]});
    admin.post_proved("permissions.update", &grant).await.expect(200);
    let page = ada.page(PAGE).await;
    assert!(
        page.contains("You can see the settings, but not change them."),
        "{page}"
    );
    assert!(!page.contains("name=\"was:") && !page.contains(">Save<"), "{page}");
    assert_eq!(page.matches(" disabled").count(), SettingId::ALL.len(), "{page}");
    assert_eq!(ada.submit(PAGE, &fields).await.status, 403);
    assert_eq!(value(&admin, "Site_Name").await, json!("Rollcall"));
    // A change of a setting about logins needs authority over every user.
    let grant = json!({"permissions": [{"_id": "edit-privileged-setting", "roles": ["admin", "user"]}]});
    admin.post_proved("permissions.update", &grant).await.expect(200);
    let fields = [
        ("was:Accounts_LoginExpiration", "90"),
        ("Accounts_LoginExpiration", "9000"),
    ];
    let answer = save(&ada, &fields).await;
    assert_eq!(answer.status, 422);
    assert!(
        text(&answer).contains("You cannot do this, because it concerns the permission"),
        "{}",
        text(&answer)
    );
    assert_eq!(value(&admin, "Accounts_LoginExpiration").await, json!(90));
}

#[tokio::test]
async fn a_public_path_counts_at_once_for_the_browser_that_set_it() {
    let server = TestServer::start().await;
    let visitor = Visitor::signed_in(&server, ADMIN).await;
    let url = format!("http://{}/teams", server.address);
    let answer = save(
        &visitor,
        &[("was:Site_Url", ""), ("Site_Url", &url), ("group", "server")],
    )
    .await;
    assert_eq!(location(&answer), "/teams/admin/settings?note=settings-saved#server");
    assert!(
        visitor
            .page("/teams/admin/settings")
            .await
            .contains("action=\"/teams/admin/settings?\"")
    );
}
