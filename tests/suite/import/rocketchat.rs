//! What a dump of Rocket.Chat becomes, from every form of it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use bson::doc;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::dump::{Collections, Form, bson_file, collections, gzip, user, write_bson, write_json};
use crate::support::Process;
use crate::support::backup::{call, done};
use crate::support::server::new_folder;

/// The name of a form of dumps, and the function that writes it into a folder.
type Writing<'a> = (&'a str, &'a dyn Fn(&Path));

/// Imports a dump into a new store, and returns its home. Every line of the dump is imported.
pub fn imported(collections: &Collections) -> Arc<TempDir> {
    let home = new_folder();
    write_bson(&home.path().join("dump"), collections);
    done(home.path(), &["import", "rocketchat", "dump"]);
    home
}

/// Returns the lines of an export without its header.
pub fn exported(home: &Path) -> Vec<Value> {
    lines(&done(home, &["export", "-"]))
}

/// Parses the lines of an export without its header.
pub fn lines(text: &str) -> Vec<Value> {
    let lines = text.lines().skip(1);
    lines.map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Returns the line of an object.
pub fn line<'lines>(lines: &'lines [Value], kind: &str, field: &str, value: &str) -> &'lines Value {
    let is_it = |line: &&Value| line["type"] == kind && line[field] == value;
    lines
        .iter()
        .find(is_it)
        .unwrap_or_else(|| panic!("there is no {kind} {value}: {lines:?}"))
}

#[test]
fn a_dump_becomes_users_with_all_that_belongs_to_them() {
    let home = imported(&collections());
    let lines = exported(home.path());
    let ada = line(&lines, "user", "username", "ada");
    assert!(ada["avatar"].is_string(), "{ada}");
    let mut ada = ada.clone();
    ada["avatar"].take();
    let wanted = json!({
        "type": "user", "id": "rbAXPnMktTFbNpwtJ", "username": "ada", "name": "Name of ada",
        "emails": [{"address": "ada@example.com", "verified": true}],
        "roles": ["admin", "night", "user"], "active": true, "bio": "analyst", "nickname": "countess",
        "customFields": {"team": "engine", "floor": 3, "since": "2021-03-04T05:06:07.890Z"},
        "preferences": {"idleTimeLimit": 300, "themeAppearence": "dark", "utcOffset": 5.5},
        "statusDefault": "busy", "statusText": "in a call",
        "createdAt": "2021-03-04T05:06:07.890Z", "lastLogin": "2021-03-04T05:06:07.891Z", "avatar": null,
    });
    assert_eq!(ada, wanted);
    let role = line(&lines, "role", "id", "night");
    assert_eq!(
        (&role["name"], &role["scope"]),
        (&json!("night shift"), &json!("Users"))
    );
    let status = line(&lines, "status", "id", "5f1f2e3d4c5b6a7980a1b2c3");
    assert_eq!(
        (&status["name"], &status["statusType"]),
        (&json!("caught up"), &json!("busy"))
    );
    let bot = line(&lines, "user", "username", "deploy.bot");
    assert_eq!(bot["roles"], json!(["bot", "user"]));
    let former = line(&lines, "user", "username", "former");
    assert_eq!(
        (&former["active"], &former["inactiveReason"]),
        (&json!(false), &json!("deactivated"))
    );
    assert!(!lines.iter().any(|line| line["username"] == "rocket.cat"));
    assert!(
        lines.iter().all(|line| line["secrets"].is_null()),
        "no secrets without --with-secrets"
    );
}

#[test]
fn all_forms_of_a_dump_are_imported_alike() {
    let all = collections();
    let wanted = exported(imported(&all).path());
    let write_packed = |folder: &Path| {
        fs::create_dir_all(folder).expect("a folder");
        for (name, documents) in &all {
            let packed = gzip(&bson_file(documents));
            fs::write(folder.join(format!("{name}.bson.gz")), packed).expect("a file");
        }
    };
    let within = |folder: &Path| write_bson(&folder.join("rocketchat"), &all);
    let canonical = |folder: &Path| write_json(folder, &all, Form::Canonical);
    let relaxed = |folder: &Path| write_json(folder, &all, Form::Relaxed);
    let forms: [Writing<'_>; 4] = [
        ("packed", &write_packed),
        ("in a folder", &within),
        ("canonical", &canonical),
        ("relaxed", &relaxed),
    ];
    for (name, write) in forms {
        let home = new_folder();
        write(&home.path().join("dump"));
        done(home.path(), &["import", "rocketchat", "dump"]);
        assert_eq!(exported(home.path()), wanted, "{name}");
    }
}

#[test]
fn what_is_left_out_is_reported_with_its_place_and_reason() {
    let home = new_folder();
    let mut unknown = user("uuuuuuuuuuuuuuuuu", "eve");
    unknown.insert("roles", vec!["user", "livechat-agent"]);
    unknown.insert(
        "emails",
        vec![doc! {"address": "not an address"}, doc! {"address": "eve@example.com"}],
    );
    let mut deep = doc! {};
    for _ in 0..70 {
        deep = doc! {"deeper": deep};
    }
    let mut nested = user("nnnnnnnnnnnnnnnnn", "nested");
    nested.insert("customFields", deep);
    let mut without_name = user("wwwwwwwwwwwwwwwww", "none");
    without_name.remove("username");
    let mut ldap = user("lllllllllllllllll", "lea");
    ldap.insert("services", doc! {"ldap": {"id": "x"}});
    let mut same_address = user("sssssssssssssssss", "sam");
    same_address.insert("emails", vec![doc! {"address": "ADA@example.com"}]);
    let mut costly = user("ccccccccccccccccc", "cost");
    costly.insert(
        "services",
        doc! {"password": {"bcrypt": super::dump::bcrypt_of("x").replace("$04$", "$15$")}},
    );
    let users = vec![
        user("rbAXPnMktTFbNpwtJ", "ada"),
        user("bbbbbbbbbbbbbbbbb", "ADA"),
        unknown,
        nested,
        without_name,
        ldap,
        same_address,
        user("bad id", "bad"),
        user("hhhhhhhhhhhhhhhhh", "all"),
        costly,
    ];
    write_bson(&home.path().join("dump"), &vec![("users", users)]);
    let output = call(home.path(), &["import", "rocketchat", "dump", "--report", "report.txt"]);
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(words.contains("5 created") && words.contains("5 left out"), "{words}");
    let report = fs::read_to_string(home.path().join("report.txt")).expect("a report");
    for wanted in [
        "users.bson, document 2: user ADA: left out: ADA is already in use",
        "users.bson, document 3: user eve: without roles: there is no role livechat-agent",
        "users.bson, document 3: user eve: without emails: ",
        "users.bson, document 4: user: left out: it is nested deeper than 64 levels",
        "users.bson, document 5: user Name of none: left out: it has no username",
        "users.bson, document 6: user lea: without password: there is none (the user logs in by ldap)",
        "users.bson, document 7: user sam: without emails: ",
        "users.bson, document 8: user bad: left out: ",
        "users.bson, document 9: user all: left out: all is blocked",
        "users.bson, document 10: user cost: without password: the password hash has a bcrypt cost above 14",
    ] {
        assert!(report.contains(wanted), "{wanted}\nis not in\n{report}");
    }
    let mode = fs::metadata(home.path().join("report.txt"))
        .expect("a file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let lines = exported(home.path());
    assert_eq!(
        line(&lines, "user", "username", "eve")["emails"][0]["address"],
        "eve@example.com"
    );
    assert!(line(&lines, "user", "username", "sam")["emails"].is_null());
    assert!(words.contains("there is no administrator"), "{words}");
}

#[tokio::test]
async fn a_dump_is_imported_beside_a_running_server_which_shows_it_at_once() {
    let server = Process::start();
    let folder = server.folder.clone();
    let admin = server.admin().await;
    write_bson(&folder.path().join("dump"), &collections());
    done(folder.path(), &["import", "rocketchat", "dump"]);
    assert_eq!(admin.status_names().await, ["caught up"]);
    let ada = admin.get("users.info?username=ada").await.expect(200);
    assert_eq!(ada["user"]["_id"], "rbAXPnMktTFbNpwtJ");
    assert_eq!(ada["user"]["bio"], "analyst");
    let picture = server.anonymous().send("GET", "/avatar/ada", &[], "").await;
    assert_eq!(
        (picture.status, picture.header("content-type")),
        (200, Some("image/jpeg"))
    );
    let entries = admin.get("audit.list?action=user-created&target=ada").await.expect(200);
    assert_eq!(entries["entries"][0]["actor"]["kind"], "operator");
    assert_eq!(entries["entries"][0]["detail"], "import");
    let again = done(folder.path(), &["import", "rocketchat", "dump"]);
    assert!(
        again.contains("0 created, 7 unchanged, 0 updated, 0 different, 0 left out"),
        "{again}"
    );
}
