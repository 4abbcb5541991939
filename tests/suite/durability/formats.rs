//! Stores of every released format open under this binary.
//!
//! `tests/stores/NAME` is a data folder as that version left it. It was made by:
//! `rollcall user create admin`, `rollcall user create ada --email ada@example.com --name "Ada
//! Lovelace"` (both with the password "correct horse"), `rollcall status create` for "caught up"
//! busy, "lunch" away and "café" online, and one login of `admin`. `0.1.0-two-factor` has more; see
//! `attacks/disk.rs`. In `0.1.0-avatar`, `ada` has also put up a PNG of 60 × 40 pixels, red on the left and blue on the
//! right, with [`PLACE`] in a text of the file, by the binary of commit 84bf854: version 1 of stored pictures.
//! `0.1.0-used-codes` was made by the last binary before the import: version 4 of stored users, with no login.
//! `0.1.0-commits-2` was made by a binary of 27 November 2026, 10:51: version 2 of the number of commits. `0.1.0-users-5` is
//! of the same day, 20:20: version 5 of users, 3 of the number of commits. `0.1.0-users-6` is that one after a start of a
//! binary of 29 November 2026: version 6 of users. In all three, `ada` is busy "at the wheel" and has the
//! personal token "deploy", there is the role "night watch", and `Accounts_AllowUsernameChange` is off.

use std::path::Path;
use std::sync::Arc;

use crate::support::backup::restored;
use crate::support::files::{files_with, kept_store};
use crate::support::pictures::has;
use crate::support::process::{rollcall, run};
use crate::support::server::{ADMIN, PASSWORD, copy, new_folder};
use crate::support::store::skipped_in_cluster;
use crate::support::{Client, Process, TestServer};

const PLACE: &str = "GPSLatitude 52.5200";

#[tokio::test]
async fn a_store_of_each_released_format_opens_with_all_it_holds() {
    if skipped_in_cluster("it opens a data folder of an older version") {
        return;
    }
    let stores = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stores"));
    let mut opened = 0;
    for store in stores
        .read_dir()
        .expect("the stores")
        .map(|entry| entry.expect("an entry").path())
    {
        let home = new_folder();
        copy(&store, &home.path().join("data"));
        let mut check = rollcall(home.path());
        check.arg("check");
        let output = run(check, "");
        assert!(output.status.success(), "{}: {output:?}", store.display());

        let server = TestServer::open(home, |_| {}).await;
        let admin = server.anonymous().logged_in(ADMIN, PASSWORD).await;
        assert_eq!(admin.status_names().await, ["café", "caught up", "lunch"]);
        let ada = server.anonymous().logged_in("ADA@example.com", PASSWORD).await;
        assert_eq!(ada.get("me").await.expect(200)["name"], "Ada Lovelace");
        // Old records are written again without an error.
        admin.create_status("tea", "away").await.expect(200);
        opened += 1;
    }
    assert!(opened >= 7, "there are stores of version 0.1.0");
}

#[tokio::test]
async fn the_newer_formats_have_all_their_records() {
    if skipped_in_cluster("it opens a data folder of an older version") {
        return;
    }
    for (name, token) in [
        ("0.1.0-commits-2", "xaiB2b3zIFwQayTwW9Iv6OlJNpWYa8xgYkbqDZSB-xs"),
        ("0.1.0-users-5", "us_N3tgo3BStdaxPaDp12FWbpANDc1qRhcpjWMHHq2k"),
        ("0.1.0-users-6", "us_N3tgo3BStdaxPaDp12FWbpANDc1qRhcpjWMHHq2k"),
    ] {
        let server = TestServer::open(kept_store(name), |_| {}).await;
        let admin = server.anonymous().logged_in(ADMIN, PASSWORD).await;
        has_records(&admin, &server.anonymous(), token).await;
        server.stop().await;
    }
    let kept = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/backups/0.1.0-users-5.backup"
    ));
    let server = TestServer::open(restored(&std::fs::read(kept).expect("the backup")), |_| {}).await;
    let admin = server.anonymous().logged_in(ADMIN, PASSWORD).await;
    has_records(
        &admin,
        &server.anonymous(),
        "us_N3tgo3BStdaxPaDp12FWbpANDc1qRhcpjWMHHq2k",
    )
    .await;
}

/// Checks what these stores have.
async fn has_records(admin: &Client, anonymous: &Client, token: &str) {
    let ada = admin.get("users.info?username=ada").await.expect(200)["user"].clone();
    let deploy = anonymous.with_login(ada["_id"].as_str().expect("an id"), token);
    let me = deploy.get("me").await.expect(200);
    assert_eq!(me["statusText"], "at the wheel", "{me}");
    let status = admin.get("users.getStatus?username=ada").await.expect(200);
    assert_eq!(status["message"], "at the wheel", "{status}");
    let roles = admin.get("roles.list").await.expect(200);
    let roles = roles["roles"].as_array().expect("a list");
    let role = roles.iter().find(|role| role["name"] == "night watch").expect("a role");
    assert_eq!(role["description"], "the ones awake");
    let setting = admin.get("settings/Accounts_AllowUsernameChange").await.expect(200);
    assert_eq!(setting["value"], false);
    let failed = admin.get("audit.list?action=login-failed").await.expect(200);
    assert_eq!(failed["total"], 1, "{failed}");
}

#[tokio::test]
async fn a_picture_of_the_first_version_is_encoded_again_and_leaves_nothing_behind() {
    if skipped_in_cluster("it opens a data folder of an older version") {
        return;
    }
    let home = kept_store("0.1.0-avatar");
    let data = home.path().join("data");
    assert!(
        !files_with(&data, PLACE.as_bytes()).is_empty(),
        "the picture was kept as it came"
    );
    let server = TestServer::open(Arc::clone(&home), |_| {}).await;
    let picture = loop {
        let answer = server.anonymous().send("GET", "/avatar/ada", &[], "").await;
        assert_eq!(answer.status, 200);
        assert!(!has(&answer.body, PLACE.as_bytes()), "the old file is sent");
        if answer.header("content-type") == Some("image/jpeg") {
            break image::load_from_memory(&answer.body).expect("a picture");
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((picture.width(), picture.height()), (256, 256));
    let pixels = picture.to_rgb8();
    let [left, right] = [16, 240].map(|x| pixels.get_pixel(x, 128).0);
    assert!(left[0] > 150 && left[2] < 80, "{left:?} is red");
    assert!(right[2] > 150 && right[0] < 80, "{right:?} is blue");
    server.stop().await;
    let mut compact = rollcall(home.path());
    compact.arg("compact");
    let output = run(compact, "");
    assert!(output.status.success(), "{output:?}");
    // The backup from before the upgrade has what the old store had.
    std::fs::remove_dir_all(data.join("upgrade-backups")).expect("a backup");
    assert_eq!(files_with(&data, PLACE.as_bytes()), Vec::<String>::new());
}

#[test]
fn a_store_of_a_newer_version_is_refused_by_name() {
    if skipped_in_cluster("it opens a data folder of an older version") {
        return;
    }
    let home = new_folder();
    let folder = home.path().join("data");
    let store = folder.join("store");
    std::fs::create_dir_all(&store).expect("a folder");
    let db = sled::open(&store).expect("a store");
    db.open_tree("rooms").expect("a table of the future");
    drop(db);
    let mut check = rollcall(home.path());
    check.arg("check");
    let output = run(check, "");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("rooms") && error.contains("newer rollcall"), "{error}");
}

#[tokio::test]
async fn a_stopped_folder_may_be_copied_as_a_backup() {
    if skipped_in_cluster("it opens a data folder of an older version") {
        return;
    }
    let mut server = Process::start();
    server
        .admin()
        .await
        .create_status("caught up", "busy")
        .await
        .expect(200);
    server.signal(libc::SIGTERM);
    server.wait();
    let home = new_folder();
    copy(&server.data_dir(), &home.path().join("data"));
    let restored = Process::start_in(home, |_| {});
    assert_eq!(restored.admin().await.status_names().await, ["caught up"]);
}
