//! Stores of every released format open under this binary.
//!
//! `tests/stores/NAME` is a data folder as that version left it. It was made by:
//! `rollcall user create admin`, `rollcall user create ada --email ada@example.com --name "Ada
//! Lovelace"` (both with the password "correct horse"), `rollcall status create` for "caught up"
//! busy, "lunch" away and "café" online, and one login of `admin`. `0.1.0-two-factor` has more; see
//! `attacks/disk.rs`.

use std::path::Path;

use crate::support::process::{rollcall, run};
use crate::support::server::{ADMIN, PASSWORD, copy, new_folder};
use crate::support::{Process, TestServer};

#[tokio::test]
async fn a_store_of_each_released_format_opens_with_all_it_holds() {
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
        // What is old is written anew without a stumble.
        admin.create_status("tea", "away").await.expect(200);
        opened += 1;
    }
    assert!(opened >= 2, "there are stores of version 0.1.0");
}

#[test]
fn a_store_of_a_newer_version_is_refused_by_name() {
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
