//! The section of the administration for roles and permissions.

use serde_json::{Value, json};

use super::profile::prove;
use super::words::assert_words;
use crate::support::server::{ADMIN, MINUTE, PASSWORD, USER};
use crate::support::visitor::text;
use crate::support::{Answer, Client, TestServer, Visitor};

const MATRIX: &str = "/admin/roles";
const NEW: &str = "/admin/roles/new";

/// Sends a form of this section, and the password if the page asks for it.
async fn send(visitor: &Visitor, path: &str, fields: &[(&str, &str)]) -> Answer {
    let answer = visitor.submit_from(MATRIX, path, fields).await;
    if text(&answer).contains("Confirm that it’s you") {
        return prove(visitor, path, &answer, "password", PASSWORD).await;
    }
    answer
}

fn location(answer: &Answer) -> &str {
    answer.header("location").unwrap_or_else(|| panic!("{}", text(answer)))
}

/// Returns the roles that have a permission.
async fn holders(client: &Client, permission: &str) -> Vec<String> {
    let all = client.get("permissions.listAll").await.expect(200);
    let all = all["update"].as_array().expect("a list");
    let grant = all
        .iter()
        .find(|grant| grant["_id"] == permission)
        .expect("a permission");
    let roles = grant["roles"].as_array().expect("a list");
    let mut roles: Vec<_> = roles
        .iter()
        .map(|role| role.as_str().expect("an id").to_owned())
        .collect();
    roles.sort();
    roles
}

/// Returns the values of all fields of the matrix in their order, as a browser sends them.
fn fields(page: &str) -> Vec<(String, String)> {
    let (_, form) = page
        .split_once("<form class=\"stack\" method=\"post\"")
        .expect("a form");
    let (form, _) = form.split_once("</form>").expect("an end");
    let inputs = form
        .split("<input ")
        .skip(1)
        .map(|input| input.split('>').next().expect("a tag"));
    let value = |input: &str, name: &str| {
        let (_, rest) = input.split_once(&format!("{name}=\""))?;
        rest.split('"').next().map(str::to_owned)
    };
    let sent = inputs.filter(|input| !input.contains("\"checkbox\"") || input.ends_with(" checked"));
    sent.filter_map(|input| Some((value(input, "name")?, value(input, "value")?)))
        .collect()
}

/// Returns the position of a role among the columns.
fn place(fields: &[(String, String)], role: &str) -> String {
    let mut roles = fields.iter().filter(|(name, _)| name == "role");
    roles.position(|(_, id)| id == role).expect("a column").to_string()
}

/// Checks or unchecks these boxes on a page, and sends its matrix.
async fn change(visitor: &Visitor, page: &str, boxes: &[(&str, &str, bool)]) -> Answer {
    let mut fields = fields(page);
    for (permission, role, checked) in boxes {
        let field = ((*permission).to_owned(), place(&fields, role));
        fields.retain(|other| *other != field);
        if *checked {
            fields.push(field);
        }
    }
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let answer = visitor.post(MATRIX, &fields).await;
    if text(&answer).contains("Confirm that it’s you") {
        return prove(visitor, MATRIX, &answer, "password", PASSWORD).await;
    }
    answer
}

async fn create(admin: &Client, name: &str) -> String {
    let role = admin
        .post_proved("roles.create", &json!({"name": name}))
        .await
        .expect(200);
    role["role"]["_id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn a_saved_matrix_changes_the_boxes_that_were_changed_and_no_other() {
    let server = TestServer::start().await;
    // A new account needs no proof for 30 minutes.
    server.pass(31 * MINUTE);
    let (admin, visitor) = (server.admin().await, Visitor::signed_in(&server, ADMIN).await);
    let desk = create(&admin, "front & \"desk\"").await;
    let page = visitor.page(MATRIX).await;
    for part in [
        "front &#38; &#34;desk&#34;</bdi>",
        ">1 person</span>",
        ">no one</span>",
        "<code class=\"faint\">create-user</code>",
        "Manage custom statuses",
        "role=\"region\" aria-label=\"Permissions by role\"",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert_eq!(page.matches("type=\"checkbox\"").count(), 27 * 10, "{page}");
    // Another administrator saves in the meantime.
    let other = json!({"permissions": [
        {"_id": "create-user", "roles": ["admin", "guest"]},
        {"_id": "view-audit", "roles": ["admin", "bot"]},
        {"_id": "view-outside-room", "roles": ["admin", "user"]},
    ]});
    admin.post_proved("permissions.update", &other).await.expect(200);
    let boxes = [
        ("create-user", "user", true),
        ("manage-user-status", desk.as_str(), true),
        ("create-personal-access-tokens", "user", false),
    ];
    let answer = change(&visitor, &page, &boxes).await;
    assert_eq!(location(&answer), "/admin/roles?note=permissions-saved");
    assert_eq!(holders(&admin, "create-user").await, ["admin", "guest", "user"]);
    assert_eq!(holders(&admin, "view-audit").await, ["admin", "bot"]);
    assert_eq!(holders(&admin, "view-outside-room").await, ["admin", "user"]);
    assert_eq!(holders(&admin, "manage-user-status").await, [desk.as_str(), "admin"]);
    assert_eq!(holders(&admin, "create-personal-access-tokens").await, ["admin"]);
    // A matrix without a change needs no proof and changes nothing.
    let stranger = Visitor::signed_in(&server, ADMIN).await;
    let page = stranger.page(MATRIX).await;
    let answer = change(&stranger, &page, &[]).await;
    assert_eq!(answer.status, 303);
    let asked = stranger
        .submit(MATRIX, &[("role", "user"), ("was:view-audit", ""), ("view-audit", "0")])
        .await;
    assert!(text(&asked).contains("Confirm that it’s you"), "{}", text(&asked));
    assert_eq!(holders(&admin, "view-audit").await, ["admin", "bot"]);
}

#[tokio::test]
async fn a_search_saves_only_what_it_found() {
    let server = TestServer::start().await;
    let (admin, visitor) = (server.admin().await, Visitor::signed_in(&server, ADMIN).await);
    let page = visitor.page("/admin/roles?q=AUDIT+log").await;
    assert_eq!(page.matches("type=\"checkbox\"").count(), 9, "{page}");
    assert!(page.contains("action=\"/admin/roles?q=AUDIT+log\""), "{page}");
    let answer = change(&visitor, &page, &[("view-audit", "user", true)]).await;
    assert_eq!(answer.status, 303, "{}", text(&answer));
    assert_eq!(holders(&admin, "view-audit").await, ["admin", "user"]);
    assert_eq!(holders(&admin, "delete-user").await, ["admin"]);
    let page = visitor.page("/admin/roles?q=%3Cscript%3Ealert(1)").await;
    assert!(
        page.contains("No permission found") && !page.contains("<script>alert"),
        "{page}"
    );
}

#[tokio::test]
async fn a_refused_matrix_keeps_what_was_checked_and_saves_nothing() {
    let server = TestServer::start().await;
    let (admin, ada) = (server.admin().await, Visitor::signed_in(&server, USER).await);
    let desk = create(&admin, "desk").await;
    let grant = json!({"permissions": [{"_id": "access-permissions", "roles": ["admin", "user"]}]});
    admin.post_proved("permissions.update", &grant).await.expect(200);
    // Ada cannot give a permission that she does not have. Then none of her changes is saved.
    let page = ada.page(MATRIX).await;
    let boxes = [("view-d-room", &*desk, true), ("delete-user", &*desk, true)];
    let answer = change(&ada, &page, &boxes).await;
    let refused = text(&answer);
    assert_eq!(answer.status, 422, "{refused}");
    assert!(
        refused.contains("it concerns the permission delete-user, which you do not have"),
        "{refused}"
    );
    assert_eq!(refused.matches("class=\"touched\"").count(), 2, "{refused}");
    assert!(!holders(&admin, "view-d-room").await.contains(&desk));
    // The role `admin` cannot lose `access-permissions`, whatever the form contains.
    let visitor = Visitor::signed_in(&server, ADMIN).await;
    let page = visitor.page(MATRIX).await;
    assert_eq!(page.matches(" checked disabled>").count(), 1, "{page}");
    let answer = change(&visitor, &page, &[("access-permissions", "admin", false)]).await;
    assert_eq!(answer.status, 422);
    assert!(
        text(&answer).contains("Taking access-permissions from admin is not allowed"),
        "{}",
        text(&answer)
    );
    // Another administrator deletes a role in the meantime.
    admin
        .post_proved("roles.delete", &json!({"roleId": desk}))
        .await
        .expect(200);
    let answer = change(
        &visitor,
        &page,
        &[("view-audit", &desk, true), ("view-audit", "user", true)],
    )
    .await;
    assert!(
        answer.status == 422 && text(&answer).contains("Invalid role"),
        "{}",
        text(&answer)
    );
    assert_eq!(holders(&admin, "view-audit").await, ["admin"]);
}

#[tokio::test]
async fn a_role_is_created_changed_and_deleted() {
    let server = TestServer::start().await;
    // A new account needs no proof for 30 minutes.
    server.pass(31 * MINUTE);
    let (admin, visitor) = (server.admin().await, Visitor::signed_in(&server, ADMIN).await);
    let new = [
        ("name", " Front desk "),
        ("description", "People at the door"),
        ("two-step", "on"),
    ];
    let asked = visitor.submit(NEW, &new).await;
    assert!(text(&asked).contains("Confirm that it’s you"), "{}", text(&asked));
    let answer = prove(&visitor, NEW, &asked, "password", PASSWORD).await;
    assert_eq!(location(&answer), "/admin/roles?note=role-saved");
    let role = |roles: &Value| {
        let roles = roles["roles"].as_array().expect("a list").clone();
        roles.into_iter().find(|role| role["protected"] == false)
    };
    let desk = role(&admin.get("roles.list").await.expect(200)).expect("a role");
    assert_eq!(
        (
            &desk["name"],
            &desk["description"],
            &desk["mandatory2fa"],
            &desk["scope"]
        ),
        (
            &json!("Front desk"),
            &json!("People at the door"),
            &json!(true),
            &json!("Users")
        )
    );
    let id = desk["_id"].as_str().expect("an id");
    let edit = format!("/admin/roles/{id}");
    let page = visitor.page(&edit).await;
    assert!(
        page.contains("value=\"Front desk\"") && page.contains("name=\"two-step\" checked"),
        "{page}"
    );
    for (name, description, words) in [
        ("user", "", "Role name already exists"),
        ("", "", "is not valid: 1 to 120 characters"),
        ("<b>x", "", "The role name &#60;b&#62;x is not valid"),
        ("Desk", &*"x".repeat(121), "must NOT have more than 120 characters"),
    ] {
        for path in [NEW, &edit] {
            let answer = send(&visitor, path, &[("name", name), ("description", description)]).await;
            let page = text(&answer);
            assert_eq!(answer.status, 422, "{words}: {page}");
            assert!(
                page.contains(words) && page.contains("aria-invalid=\"true\""),
                "{words}: {page}"
            );
        }
    }
    let answer = send(&visitor, &edit, &[("name", "Desk"), ("description", "")]).await;
    assert_eq!(location(&answer), "/admin/roles?note=role-saved");
    let desk = role(&admin.get("roles.list").await.expect(200)).expect("a role");
    assert_eq!(
        (&desk["name"], &desk["description"], &desk["mandatory2fa"]),
        (&json!("Desk"), &json!(""), &json!(false))
    );

    let given = json!({"roleId": id, "username": USER});
    admin.post_proved("roles.addUserToRole", &given).await.expect(200);
    let page = visitor.page(&edit).await;
    assert!(
        page.contains(">1 person</p>") && page.contains("<bdi>ada</bdi>"),
        "{page}"
    );
    let question = format!("/admin/roles/delete?id={id}");
    assert!(visitor.page(&question).await.contains("Delete “\u{2068}Desk\u{2069}”?"));
    // After 31 minutes, the action needs a proof. The page that asks for it leads back to the same question.
    server.pass(31 * MINUTE);
    let asked = text(&visitor.submit(&question, &[]).await);
    assert!(asked.contains(&format!("href=\"{question}\"")), "{asked}");
    let answer = send(&visitor, &question, &[]).await;
    let page = text(&answer);
    assert!(
        answer.status == 422 && page.contains("Cannot delete role because it&#39;s in use"),
        "{page}"
    );
    admin.post_proved("roles.removeUserFromRole", &given).await.expect(200);
    for _ in 0..2 {
        let answer = send(&visitor, &question, &[]).await;
        assert_eq!(location(&answer), "/admin/roles?note=role-deleted");
    }
    assert_eq!(role(&admin.get("roles.list").await.expect(200)), None);
    assert_eq!(visitor.get(&edit).await.status, 404);
}

#[tokio::test]
async fn a_sentence_of_the_server_names_its_language_on_a_page_in_another_one() {
    let server = TestServer::start().await;
    let visitor = Visitor::signed_in(&server, ADMIN).await;
    let german = Visitor::signed_in(&server, ADMIN).await.speaking("de");
    for (path, name, words) in [
        (NEW, "user", "Role name already exists"),
        (
            "/admin/roles/delete?id=user",
            "",
            "Cannot change or delete a protected role",
        ),
    ] {
        let fields = [("name", name), ("description", "")];
        let page = text(&send(&german, path, &fields).await);
        assert!(
            page.contains(&format!("<span lang=\"en\">{words}</span>")),
            "{words}: {page}"
        );
        let page = text(&send(&visitor, path, &fields).await);
        assert!(page.contains(words) && !page.contains("<span lang="), "{words}: {page}");
    }
}

#[tokio::test]
async fn a_role_keeps_what_another_administrator_changed_in_the_meantime() {
    let server = TestServer::start().await;
    let (admin, visitor) = (server.admin().await, Visitor::signed_in(&server, ADMIN).await);
    let id = create(&admin, "desk").await;
    let path = format!("/admin/roles/{id}");
    let page = visitor.page(&path).await;
    for shown in [
        "name=\"was:name\" value=\"desk\"",
        "name=\"was:description\" value=\"\"",
        "name=\"was:two-step\" value=\"\"",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let meanwhile = json!({"roleId": id, "name": "front desk", "description": "", "mandatory2fa": true});
    admin.post_proved("roles.update", &meanwhile).await.expect(200);
    let fields = [
        ("was:name", "desk"),
        ("name", "desk"),
        ("was:description", ""),
        ("description", "People at the door"),
        ("was:two-step", ""),
    ];
    let answer = send(&visitor, &path, &fields).await;
    assert_eq!(location(&answer), "/admin/roles?note=role-saved");
    let roles = admin.get("roles.list").await.expect(200);
    let roles = roles["roles"].as_array().expect("a list").iter();
    let desk = roles.clone().find(|role| role["_id"] == id.as_str()).expect("the role");
    assert_eq!(
        (&desk["name"], &desk["description"], &desk["mandatory2fa"]),
        (&json!("front desk"), &json!("People at the door"), &json!(true))
    );
}

#[tokio::test]
async fn a_built_in_role_shows_who_has_it_and_cannot_be_changed() {
    let server = TestServer::start().await;
    let visitor = Visitor::signed_in(&server, ADMIN).await;
    let page = visitor.page("/admin/roles/user").await;
    assert!(
        page.contains("This role is built in.") && page.contains("<bdi>ada</bdi>"),
        "{page}"
    );
    assert!(!page.contains("name=\"description\""), "{page}");
    let answer = send(&visitor, "/admin/roles/user", &[("name", "mine"), ("description", "")]).await;
    assert_eq!(answer.status, 422);
    let answer = send(&visitor, "/admin/roles/delete?id=user", &[]).await;
    assert!(
        answer.status == 422 && text(&answer).contains("Cannot change or delete a protected role"),
        "{}",
        text(&answer)
    );
}

#[tokio::test]
async fn who_may_not_manage_roles_finds_no_page_and_changes_nothing() {
    let server = TestServer::start().await;
    let (admin, ada) = (server.admin().await, Visitor::signed_in(&server, USER).await);
    let desk = create(&admin, "desk").await;
    let (edit, delete) = (format!("/admin/roles/{desk}"), format!("/admin/roles/delete?id={desk}"));
    for path in [MATRIX, NEW, &edit, &delete, "/admin/roles/user"] {
        assert_eq!(ada.get(path).await.status, 403, "{path}");
    }
    let fields = [
        ("role", "user"),
        ("was:view-audit", ""),
        ("view-audit", "0"),
        ("name", "mine"),
        ("description", ""),
    ];
    for path in [MATRIX, NEW, &edit, &delete] {
        let answer = ada.submit_from("/", path, &fields).await;
        assert_eq!(answer.status, 403, "{path}: {}", text(&answer));
    }
    assert_eq!(holders(&admin, "view-audit").await, ["admin"]);
    assert!(
        admin
            .get("roles.list")
            .await
            .expect(200)
            .to_string()
            .contains("\"desk\"")
    );
}

#[tokio::test]
async fn many_roles_have_pages_in_both_languages() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for number in 10..26 {
        create(&admin, &format!("role {number}")).await;
    }
    let german = Visitor::signed_in(&server, ADMIN).await.speaking("de");
    let (first, second) = (german.page(MATRIX).await, german.page("/admin/roles?page=2").await);
    assert!(first.contains("role 24") && !first.contains("role 25"), "{first}");
    assert!(
        first.contains("1 bis 24 von 25") && first.contains("Benutzer erstellen"),
        "{first}"
    );
    assert!(second.contains("role 25") && !second.contains("role 24"), "{second}");
    assert!(second.contains("action=\"/admin/roles?page=2\""), "{second}");
    let without_codes: String = first
        .split("<code")
        .map(|part| part.split_once("</code>").map_or(part, |(_, rest)| rest))
        .collect();
    assert_words(&without_codes, MATRIX, "de");
    for path in [NEW, "/admin/roles/user"] {
        assert_words(&german.page(path).await, path, "de");
    }
    // A full page is within the limits of a form, even if the form is sent again with a proof.
    let visitor = Visitor::signed_in(&server, ADMIN).await;
    let page = visitor.page(MATRIX).await;
    let roles: Vec<_> = fields(&page)
        .into_iter()
        .filter_map(|(name, id)| (name == "role").then_some(id))
        .collect();
    let boxes: Vec<_> = rollcall::domain::Permission::ALL
        .iter()
        .flat_map(|permission| roles.iter().map(|role| (permission.as_str(), role.as_str(), true)))
        .collect();
    let answer = change(&visitor, &page, &boxes).await;
    assert_eq!(location(&answer), "/admin/roles?note=permissions-saved");
    assert_eq!(holders(&admin, "delete-user").await.len(), roles.len());
}
