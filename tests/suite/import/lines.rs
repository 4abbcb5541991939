//! Files that are not as `rollcall export` writes them, and lines of other rollcalls.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread;

use crate::support::backup::{call, done};
use crate::support::process::{rollcall, run};
use crate::support::server::new_folder;

const HEADER: &str = r#"{"type":"header","format":"rollcall-export","version":1,"exportedAt":"2026-11-27T13:00:00.000Z","server":"0.1.0","secrets":false}"#;

fn user(id: &str, username: &str) -> String {
    format!(r#"{{"type":"user","id":"{id}","username":"{username}","roles":["user"]}}"#)
}

fn end(lines: usize) -> String {
    format!(r#"{{"type":"end","lines":{lines}}}"#)
}

/// Imports these lines, and returns what is printed. The exit code is 1.
#[track_caller]
fn refused(home: &Path, lines: &[&str]) -> String {
    fs::write(home.join("x.jsonl"), lines.join("\n")).expect("a file");
    let output = call(home, &["import", "x.jsonl"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_file_of_another_format_or_of_a_newer_version_is_not_imported() {
    let home = new_folder();
    let ada = user("ada", "ada");
    for (first, wanted) in [
        ("", "the file is empty"),
        ("no export", "line 1: file: left out: it is not an export of rollcall"),
        (&*ada, "it does not begin with the header of an export"),
        (
            &*HEADER.replace("rollcall-export", "other"),
            "the format is not rollcall-export",
        ),
        (
            &*HEADER
                .replace("\"version\":1", "\"version\":2")
                .replace("0.1.0", "9.9.9"),
            "rollcall 9.9.9 wrote version 2 of the format",
        ),
    ] {
        let words = refused(home.path(), &[first, &ada, &end(2)]);
        let is_first = first != ada && !first.is_empty();
        assert!(
            words.contains(wanted) || (!is_first && words.contains("it does not begin with")),
            "{wanted}: {words}"
        );
        assert!(words.contains("0 created"), "{words}");
    }
}

#[test]
fn one_bad_line_is_left_out_with_its_number_and_the_others_are_imported() {
    let home = new_folder();
    let (ada, bob) = (user("ada", "ada"), user("bob", "bob"));
    let long = user("long", "long").replace("\"roles\"", &format!("\"bio\":\"{}\",\"roles\"", "x".repeat(800_000)));
    let deep = format!(
        r#"{{"type":"user","id":"deep","username":"deep","customFields":{}}}"#,
        "{\"a\":".repeat(200) + "1" + &"}".repeat(200)
    );
    let unknown = r#"{"type":"user","id":"eve","username":"eve","colour":"red"}"#;
    let lines = [
        HEADER,
        &ada,
        "{not json}",
        &long,
        &deep,
        unknown,
        r#"{"type":"nonsense"}"#,
        r#"{"type":"user","id":"a/b","username":"slash"}"#,
        r#"{"type":"setting","id":"No_Such_Setting","value":1}"#,
        r#"{"type":"setting","id":"Accounts_Password_Policy_MinLength","value":"x"}"#,
        r#"{"type":"grant","permission":"no-such-permission","roles":["user"]}"#,
        r#"{"type":"role","id":"rooms","name":"rooms","scope":"Subscriptions"}"#,
        r#"{"type":"status","id":"s","name":"<b>","statusType":"busy"}"#,
        r#"{"type":"avatar","user":"nobody","picture":"AAAA"}"#,
        HEADER,
        &bob,
        &end(16),
    ];
    let words = refused(home.path(), &lines);
    assert!(
        words.contains("2 created, 0 unchanged, 0 updated, 0 different, 13 left out"),
        "{words}"
    );
    for number in 3..=15 {
        assert!(words.contains(&format!("line {number}: ")), "{number}: {words}");
    }
    assert!(
        words.contains("line 4: line: left out: it has more than 786432 bytes"),
        "{words}"
    );
    assert!(words.contains("colour"), "{words}");
    let users = done(home.path(), &["user", "list"]);
    assert!(
        users.contains("ada") && users.contains("bob") && !users.contains("eve"),
        "{users}"
    );
}

#[test]
fn parts_that_break_a_rule_are_left_out_with_the_reason() {
    let home = new_folder();
    let ada = r#"{"type":"user","id":"ada","username":"ada","roles":["admin","gone"],"emails":[{"address":"x"}],"bio":"BIO",
        "preferences":{"nonsense":1,"themeAppearence":"dark"},"statusDefault":"asleep","createdAt":"2999-01-01T00:00:00.000Z",
        "avatar":"bm90IGEgcGljdHVyZQ==","hideFrom":{"roles":["gone"]},"secrets":{"password":"plain","tokens":[{"hash":"AA==",
        "name":"short"},{"hash":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","name":"bad end","expiresAt":"soon"}],
        "totp":{"secret":"1"}}}"#;
    let ada = ada.replace('\n', " ").replace("BIO", &"x".repeat(300));
    fs::write(home.path().join("x.jsonl"), [HEADER, &ada, &end(2)].join("\n")).expect("a file");
    let words = done(home.path(), &["import", "x.jsonl"]);
    assert!(words.contains("1 created"), "{words}");
    for part in [
        "roles: there is no role gone",
        "emails: ",
        "bio: ",
        "preferences: ",
        "statusDefault: ",
        "createdAt: is in the future",
        "avatar: ",
        "hideFrom: there is no role gone",
        "password: the password hash is neither",
        "tokens: ",
        "totp: ",
    ] {
        assert!(
            words.contains(&format!("line 2: user ada: without {part}")),
            "{part}: {words}"
        );
    }
    let text = done(home.path(), &["export", "-", "--with-secrets"]);
    assert!(!text.contains("bad end") && !text.contains("2999"), "{text}");
    assert!(text.contains("themeAppearence"), "{text}");
}

#[test]
fn an_export_is_read_from_standard_input_and_cut_files_are_noticed() {
    let home = new_folder();
    let mut command = rollcall(home.path());
    command.args(["import", "-"]);
    let output = run(command, &[HEADER, &user("ada", "ada"), ""].join("\n"));
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(
        words.contains("1 created") && words.contains("the file is cut short"),
        "{words}"
    );
    let words = refused(home.path(), &[HEADER, &user("ada", "ada"), &end(7)]);
    assert!(
        words.contains("1 unchanged") && words.contains("more or fewer lines"),
        "{words}"
    );
}

#[test]
fn what_was_imported_before_an_error_of_the_server_is_reported() {
    let home = new_folder();
    let mut private = fs::DirBuilder::new();
    private.mode(0o700).create(home.path().join("data")).expect("a folder");
    let listener = UnixListener::bind(home.path().join("data/admin.sock")).expect("a socket");
    let answering = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a client");
        let mut questions = BufReader::new(&stream).lines();
        let mut answer = |text: &str| {
            questions.next().expect("a question").expect("text");
            writeln!(&stream, "{text}").expect("a client");
        };
        answer(r#"{"Ok":"Import"}"#);
        let reports = r#"[{"outcome":"Created","notes":[]},{"outcome":{"LeftOut":"its reason"},"notes":[]}]"#;
        answer(&format!(
            r#"{{"Ok":{{"Imported":{{"reports":{reports},"has_administrator":true,"failure":"the disk is full"}}}}}}"#
        ));
    });
    let lines = [
        HEADER.to_owned(),
        user("a", "a"),
        user("b", "b"),
        user("c", "c"),
        end(4),
    ];
    fs::write(home.path().join("x.jsonl"), lines.join("\n")).expect("a file");
    let output = call(home.path(), &["import", "x.jsonl"]);
    answering.join().expect("the server ends");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let words = String::from_utf8_lossy(&output.stdout);
    assert!(
        words.contains("1 created") && words.contains("1 left out"),
        "{output:?}"
    );
    assert!(words.contains("line 3: user b: left out: its reason"), "{output:?}");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        error.contains("the disk is full; what was imported stays"),
        "{output:?}"
    );
}

#[test]
fn the_help_says_how() {
    let home = new_folder();
    for command in [
        &["export", "--help"][..],
        &["import", "--help"],
        &["import", "rocketchat", "--help"],
    ] {
        assert!(done(home.path(), command).contains("Examples:\n"), "{command:?}");
    }
    assert_eq!(call(home.path(), &["import"]).status.code(), Some(2));
    assert_eq!(call(home.path(), &["export"]).status.code(), Some(2));
    for missing in [&["import", "gone.jsonl"][..], &["import", "rocketchat", "gone"]] {
        let output = call(home.path(), missing);
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&output.stderr).contains("gone"), "{output:?}");
    }
}
