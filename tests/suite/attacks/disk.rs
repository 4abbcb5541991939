//! What stays in the files of a store, and what a thief of a copy learns.
//!
//! `tests/stores/0.1.0-two-factor` is the store of `durability/formats.rs` with a user `grace` whose second factor
//! is on, as the binary of commit 84bf854 left it. Her password is "correct horse", her secret is [`GRACE_SECRET`],
//! her backup codes begin with [`GRACE_CODES`]. A user with the address [`GONE`] was made and deleted.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use rollcall::admin_socket::Command;
use rollcall::app::{App, Clock, Overrides};
use rollcall::auth::password::Passwords;
use rollcall::auth::{Origin, PasswordDigest};
use rollcall::config::CompactAtStart;
use rollcall::domain::{SettingId, SettingValue, StoredSecret, User, UsernameKey};
use rollcall::ops::login::{self, Credentials};
use rollcall::ops::upgrade;
use rollcall::ops::users::UserIdentifier;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use totp_rs::Secret;

use crate::api::two_factor::app_code;
use crate::support::files::{files_with, kept_store};
use crate::support::process::{rollcall, run};
use crate::support::server::{
    BEGINNING, DAY, PASSWORD, PASSWORD_DIGEST, UNLIMITED, USER, create_user, fix, new_folder,
};
use crate::support::store::open_store;
use crate::support::store::skipped_in_cluster;
use crate::support::{Client, Process, TestServer};

const GRACE_SECRET: &str = "3CWHAEHFDPH7PGMLZRG64ZKKPUTR76W7";
const GRACE_CODES: [&str; 4] = ["pEZFP3tM", "-PwtzVmG", "qRZ5zbiS", "g_A29tkf"];
const GONE: &str = "gone-for-good@example.com";

/// A PNG of 2 × 2 pixels.
const PICTURE: &str = "89504e470d0a1a0a0000000d4948445200000002000000020802000000fdd49a730000001649444154789c63100e9f7d\
                       5f258361cd03d3cabd1f01260e06592e08f9a50000000049454e44ae426082";

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("digits"), 16).expect("a byte");
    digits.map(byte).collect()
}

fn call(home: &Path, arguments: &[&str]) -> Output {
    let mut command = rollcall(home);
    command.args(arguments);
    run(command, "")
}

fn compact(home: &Path) -> String {
    let output = call(home, &["compact"]);
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Starts the real binary on the folder, which has to refuse. Returns what it says.
fn refused(home: &Arc<TempDir>, environment: &[(&str, &str)]) -> String {
    let mut command = rollcall(home.path());
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    command.envs(environment.iter().copied());
    let output = run(command, "");
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "{words}");
    words
}

/// Switches a second factor on, and returns its secret in base32 and the backup codes.
async fn enable(client: &Client) -> (String, Vec<String>) {
    let begun = client.post_proved("users.enableTotp", &json!({})).await.expect(200);
    let secret = begun["secret"].as_str().expect("a secret").to_owned();
    let code = json!({"code": app_code(&secret, BEGINNING)});
    let body = client.post("users.validateTotp", &code).await.expect(200);
    let codes = body["codes"].as_array().expect("codes").iter();
    let codes = codes.map(|code| code.as_str().expect("a code").to_owned()).collect();
    (secret, codes)
}

/// Returns the code after the one that [`enable`] used, which is refused from then on.
fn next_code(secret: &str) -> String {
    app_code(secret, BEGINNING + 30_000)
}

fn raw(secret: &str) -> Vec<u8> {
    let secret = Secret::try_from_base32(secret).expect("a secret in base32");
    secret.as_bytes().to_vec()
}

fn now_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_millis()).expect("a moment")
}

/// A user as the store has them.
async fn stored(home: &Path, username: &str) -> User {
    let store = open_store(&home.join("data")).expect("the store");
    let user = User::clone(store.read().user_named(&UsernameKey::of(username)).expect("a user"));
    store.close().await;
    user
}

fn sealed_bytes(user: &User) -> Vec<u8> {
    match &user.two_factor.secret {
        Some(StoredSecret::Sealed(sealed)) => sealed.bytes.clone(),
        other => panic!("the secret is not sealed: {other:?}"),
    }
}

/// The audit log keeps usernames and ids of what was done, until its retention ends. Nothing else may stay.
#[tokio::test]
async fn what_is_deleted_is_in_no_file_after_a_compaction() {
    if skipped_in_cluster("a cluster compacts itself") {
        return;
    }
    let server = TestServer::start().await;
    server.command(create_user("bob")).await;
    let (ada, bob) = (server.user().await, server.logged_in("bob").await);
    bob.upload(&bytes_of(PICTURE), &[]).await.expect(200);
    ada.upload(&bytes_of(PICTURE), &[]).await.expect(200);
    let shown = bob.send("GET", "/avatar/bob", &[], "").await.body;
    let picture = shown[shown.len() / 2 - 12..shown.len() / 2 + 12].to_vec();
    let (bob_secret, _) = enable(&bob).await;
    let (ada_secret, _) = enable(&ada).await;
    let [bob_token, ada_token] = [&bob, &ada].map(|of| Sha256::digest(of.token()).to_vec());
    let folder = server.stop().await;
    let (home, data) = (folder.path(), folder.path().join("data"));
    let [bob_stored, ada_stored] = [stored(home, "bob").await, stored(home, USER).await];

    let server = TestServer::open(Arc::clone(&folder), |_| {}).await;
    let ada = ada.at(server.address);
    let code = json!({"code": next_code(&ada_secret)});
    ada.post("users.disableTotp", &code).await.expect(200);
    ada.post("users.resetAvatar", &json!({})).await.expect(200);
    let set = Command::SetPassword {
        user: USER.into(),
        password: "another horse".into(),
    };
    server.command(set).await;
    server.command(Command::DeleteUser { user: "bob".into() }).await;
    server.stop().await;

    let hash = |user: &User| user.password.as_ref().expect("a hash").expose().as_bytes().to_vec();
    let gone = [
        ("the address", b"bob@example.com".to_vec()),
        ("the sealed secret", sealed_bytes(&bob_stored)),
        ("the token's hash", bob_token),
        ("the password's hash", hash(&bob_stored)),
        ("the picture", picture),
        (
            "a backup code's digest",
            bob_stored.two_factor.backup_codes.digests[0].to_vec(),
        ),
        ("ada's sealed secret", sealed_bytes(&ada_stored)),
        ("ada's token's hash", ada_token),
        ("ada's old password's hash", hash(&ada_stored)),
    ];
    let before: Vec<_> = gone
        .iter()
        .filter(|(_, bytes)| !files_with(&data, bytes).is_empty())
        .collect();
    assert!(
        !before.is_empty(),
        "without a compaction it is there, as the search shows"
    );
    assert!(
        files_with(&data, &raw(&bob_secret)).is_empty(),
        "it was never there unsealed"
    );
    compact(home);
    for (what, bytes) in &gone {
        assert_eq!(files_with(&data, bytes), Vec::<String>::new(), "{what}");
    }

    let server = TestServer::open(Arc::clone(&folder), |_| {}).await;
    let ada = server.anonymous().logged_in(USER, "another horse").await;
    assert_eq!(
        ada.get("me").await.expect(200)["emails"][0]["address"],
        "ada@example.com"
    );
    server.stop().await;
    assert!(!files_with(&data, b"ada@example.com").is_empty(), "what is there stays");
}

#[tokio::test]
async fn a_copied_store_without_its_key_gives_no_second_factor_away() {
    if skipped_in_cluster("it copies a data folder") {
        return;
    }
    let server = TestServer::start().await;
    let ada = server.user().await;
    let begun = ada.post_proved("users.enableTotp", &json!({})).await.expect(200);
    let pending = begun["secret"].as_str().expect("a secret").to_owned();
    let (secret, codes) = enable(&ada).await;
    let folder = server.stop().await;
    let data = folder.path().join("data");
    for secret in [&pending, &secret] {
        for wanted in [raw(secret), secret.as_bytes().to_vec()] {
            assert_eq!(files_with(&data, &wanted), Vec::<String>::new());
        }
    }
    for code in &codes {
        for wanted in [code.as_bytes().to_vec(), Sha256::digest(code).to_vec()] {
            assert_eq!(files_with(&data, &wanted), Vec::<String>::new());
        }
    }
    let key = data.join("secret.key");
    let text = fs::read_to_string(&key).expect("a key");
    assert!(text.trim().len() == 64 && text.trim().bytes().all(|digit| digit.is_ascii_hexdigit()));
    assert_eq!(fs::metadata(&key).expect("a file").permissions().mode() & 0o777, 0o600);
    assert_eq!(
        files_with(&data.join("store"), text.trim().as_bytes()),
        Vec::<String>::new()
    );
    assert_eq!(
        files_with(&data.join("store"), &bytes_of(text.trim())),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_server_without_the_right_key_refuses_to_start_and_says_what_to_do() {
    if skipped_in_cluster("servers of a cluster share one key") {
        return;
    }
    let server = TestServer::start().await;
    let (secret, _) = enable(&server.user().await).await;
    let folder = server.stop().await;
    let key = folder.path().join("data/secret.key");
    let kept = fs::read(&key).expect("a key");
    let put = |bytes: &[u8], mode: u32| {
        let _ = fs::remove_file(&key);
        fs::write(&key, bytes).expect("a file");
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).expect("a mode");
    };

    fs::remove_file(&key).expect("the key was there");
    let words = refused(&folder, &[]);
    for word in ["secret.key is missing", USER, "put it back", "rollcall user reset-totp"] {
        assert!(words.contains(word), "{word:?} in {words}");
    }
    assert!(!key.exists(), "no other key takes its place");
    put("5a".repeat(32).as_bytes(), 0o600);
    let words = refused(&folder, &[]);
    for word in [
        "another key",
        USER,
        "put the right file back",
        "rollcall user reset-totp",
    ] {
        assert!(words.contains(word), "{word:?} in {words}");
    }
    assert!(
        !call(folder.path(), &["compact"]).status.success(),
        "a compaction needs it too"
    );
    put(&kept, 0o644);
    assert!(refused(&folder, &[]).contains("chmod 600"));
    put(b"half a key", 0o600);
    assert!(refused(&folder, &[]).contains("64 hexadecimal digits"));

    // The right key in another place.
    let elsewhere = folder.path().join("elsewhere");
    let named = [("ROLLCALL_SECRET_KEY_FILE", elsewhere.to_str().expect("a path"))];
    assert!(refused(&folder, &named).contains("does not exist"));
    fs::write(&elsewhere, &kept).expect("a file");
    fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o400)).expect("a mode");
    fs::remove_file(&key).expect("it was there");
    let server = TestServer::open(Arc::clone(&folder), |options| {
        options.fixed.secret_key_file = Some(elsewhere.clone());
    })
    .await;
    let login = json!({"user": USER, "password": PASSWORD, "code": next_code(&secret)});
    server.anonymous().post("login", &login).await.expect(200);
    server.stop().await;
    assert!(!key.exists(), "it makes none of its own");

    // The way out of a lost key.
    let reset = call(folder.path(), &["user", "reset-totp", USER]);
    assert!(reset.status.success(), "{reset:?}");
    let server = TestServer::open(Arc::clone(&folder), |_| {}).await;
    server.user().await;
    assert!(key.exists(), "nothing needs the lost key any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_looks_at_the_key_file_too() {
    let server = TestServer::start().await;
    enable(&server.user().await).await;
    let finds = |home: &Path, words: &[&str]| {
        let output = call(home, &["check"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let listed = call(home, &["check", "--json"]).stdout;
        let listed: Value = serde_json::from_slice(&listed).expect("JSON");
        let told = listed[0]["key_file"].as_str().expect("a text");
        for word in words {
            assert!(
                text.contains(word) && told.contains(word),
                "{word:?} in {text} {listed}"
            );
        }
    };
    let is_sound = |home: &Path| {
        let output = call(home, &["check"]);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "the store is sound");
    };
    let key = server.data_dir().join("secret.key");
    let kept = fs::read(&key).expect("a key");
    let put = |bytes: &[u8], mode: u32| {
        fs::write(&key, bytes).expect("a file");
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).expect("a mode");
    };
    let all = |home: &Path| {
        is_sound(home);
        put(&kept, 0o644);
        finds(home, &["mode 644", "chmod 600"]);
        put("5a".repeat(32).as_bytes(), 0o600);
        finds(home, &["another key", USER, "put the right file back"]);
        fs::remove_file(&key).expect("it was there");
        finds(home, &["secret.key is missing", USER, "rollcall user reset-totp"]);
        assert!(!key.exists(), "a check makes no key");
        put(&kept, 0o600);
        is_sound(home);
    };
    // Beside a running server, and without one.
    let home = Arc::clone(&server.folder);
    tokio::task::block_in_place(|| all(home.path()));
    server.stop().await;
    all(home.path());
}

fn old_store() -> Arc<TempDir> {
    kept_store("0.1.0-two-factor")
}

fn credentials(username: &str, code: &str) -> Credentials {
    Credentials::Password {
        account: UserIdentifier::typed(username),
        digest: PasswordDigest::of(PASSWORD),
        code: Some(code.to_owned()),
    }
}

async fn grace_logs_in(server: &Process, code: &str, status: u16) {
    let login = json!({"user": "grace", "password": PASSWORD, "code": code});
    let mut answer = server.anonymous().post("login", &login).await;
    if answer.status == 503 {
        // The upgrade has hashed her backup codes while this call was verified: it happens once, and is asked again.
        answer = server.anonymous().post("login", &login).await;
    }
    answer.expect(status);
}

#[tokio::test]
async fn an_old_store_is_sealed_and_compacted_at_its_first_start() {
    if skipped_in_cluster("it opens a data folder of an older version") {
        return;
    }
    let home = old_store();
    let data = home.path().join("data");
    assert!(
        !files_with(&data, &raw(GRACE_SECRET)).is_empty(),
        "it was stored unsealed"
    );
    assert!(
        !files_with(&data, GONE.as_bytes()).is_empty(),
        "it was deleted and stayed"
    );
    let mut server = Process::start_in(Arc::clone(&home), |command| {
        // What is unsealed is removed in any case.
        command.args(["--compact-at-start", "never"]);
    });
    // The backup from before the upgrade has what the old store had.
    std::fs::remove_dir_all(data.join("upgrade-backups")).expect("a backup");
    for wanted in [raw(GRACE_SECRET), GONE.as_bytes().to_vec()] {
        assert_eq!(files_with(&data, &wanted), Vec::<String>::new());
    }
    // The store was opened twice and its codes are being hashed: neither keeps memory for each record.
    assert!(server.resident_kib() < 256 * 1024, "{} KiB", server.resident_kib());
    grace_logs_in(&server, "000000", 401).await;
    grace_logs_in(&server, &app_code(GRACE_SECRET, now_millis()), 200).await;
    grace_logs_in(&server, GRACE_CODES[0], 200).await;
    grace_logs_in(&server, GRACE_CODES[0], 401).await;
    server.signal(libc::SIGTERM);
    server.wait();

    // Its backup codes get their slow hash beside what the server does; a compaction does the rest.
    compact(home.path());
    for code in GRACE_CODES {
        assert_eq!(files_with(&data, &Sha256::digest(code)), Vec::<String>::new(), "{code}");
    }
    let grace = stored(home.path(), "grace").await;
    assert!(grace.two_factor.backup_codes.salt.is_some());
    assert_eq!(grace.two_factor.backup_codes.digests.len(), 11);
    let server = Process::start_in(home, |_| {});
    grace_logs_in(&server, GRACE_CODES[0], 401).await;
    grace_logs_in(&server, GRACE_CODES[1], 200).await;
}

#[tokio::test]
async fn old_backup_codes_are_good_before_and_after_their_slow_hash() {
    if skipped_in_cluster("it opens a data folder of an older version") {
        return;
    }
    let home = old_store();
    let store = open_store(&home.path().join("data")).expect("the store");
    let app = App::new(store, Clock::system(), Passwords::default(), Overrides::default());
    let codes = || {
        let snapshot = app.store.read();
        let grace = snapshot.user_named(&UsernameKey::of("grace")).expect("a user");
        grace.two_factor.backup_codes.clone()
    };
    let log_in = async |code: &str| {
        login::login(&app, &Origin::default(), credentials("grace", code))
            .await
            .is_ok()
    };
    assert_eq!((codes().salt, codes().digests.len()), (None, 12));
    assert!(log_in(GRACE_CODES[0]).await);
    assert!(!log_in(GRACE_CODES[0]).await);
    let fast = codes().digests;
    upgrade::harden_backup_codes(&app).await.expect("they are hashed");
    assert!(codes().salt.is_some());
    assert_eq!(codes().digests.len(), 11);
    assert!(codes().digests.iter().all(|digest| !fast.contains(digest)));
    assert!(!log_in(GRACE_CODES[0]).await);
    assert!(log_in(GRACE_CODES[1]).await);
    assert!(!log_in(GRACE_CODES[1]).await);
    assert_eq!(codes().digests.len(), 10);
    app.store.close().await;
}

#[tokio::test]
async fn a_compaction_needs_the_folder_for_itself_and_says_what_to_do() {
    if skipped_in_cluster("a cluster compacts itself") {
        return;
    }
    let mut server = Process::start();
    server.admin().await.create_status("lunch", "away").await.expect(200);
    let output = call(server.folder.path(), &["compact"]);
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(
        words.contains("a server runs on") && words.contains("stop it"),
        "{words}"
    );
    server.signal(libc::SIGTERM);
    server.wait();
    let home = server.folder.clone();
    let words = compact(home.path());
    assert!(words.contains("bytes before") && words.contains("bytes now"), "{words}");
    let server = Process::start_in(home, |_| {});
    assert_eq!(server.admin().await.status_names().await, ["lunch"]);
    let nowhere = call(new_folder().path(), &["compact"]);
    assert_eq!(nowhere.status.code(), Some(1), "{nowhere:?}");
}

#[tokio::test]
async fn a_start_compacts_where_its_setting_says_so() {
    if skipped_in_cluster("a cluster compacts itself") {
        return;
    }
    let server = TestServer::start().await;
    server.command(create_user("bob")).await;
    server.command(Command::DeleteUser { user: "bob".into() }).await;
    let mut folder = server.stop().await;
    for (setting, stays) in [
        (CompactAtStart::Never, true),
        // The store was begun less than a day ago.
        (CompactAtStart::Auto, true),
        (CompactAtStart::Always, false),
    ] {
        let server = TestServer::open(folder, |options| options.fixed.compact_at_start = setting).await;
        server.user().await;
        let found = files_with(&server.data_dir(), b"bob@example.com");
        assert_eq!(!found.is_empty(), stays, "{setting:?}: {found:?}");
        folder = server.stop().await;
    }
}

/// Milliseconds for which a code of an app is shown.
const STEP: i64 = 30_000;

/// Whether a start a day from now would compact the store.
async fn is_due_in_a_day(home: &Path) -> bool {
    let store = open_store(&home.join("data")).expect("the store");
    assert!(
        !store.is_compaction_due(Clock::system().now(), 75),
        "it was begun today"
    );
    let due = store.is_compaction_due(Clock::system().now().plus_seconds(DAY / 1000), 75);
    store.close().await;
    due
}

#[tokio::test]
async fn a_compaction_is_due_a_day_after_something_secret_or_personal_was_erased() {
    type Erasure = fn(&Client) -> std::pin::Pin<Box<dyn Future<Output = ()> + '_>>;
    if skipped_in_cluster("a cluster compacts itself") {
        return;
    }
    let server = TestServer::start().await;
    let ada = server.user().await;
    // Nothing of this is personal, and nothing replaces a secret.
    server.admin().await.create_status("lunch", "away").await.expect(200);
    ada.post("users.setStatus", &json!({"status": "busy", "message": "here"}))
        .await
        .expect(200);
    let mut folder = server.stop().await;
    assert!(!is_due_in_a_day(folder.path()).await);
    let erasures: [(&str, Erasure); 5] = [
        ("a token", |ada| {
            Box::pin(async {
                ada.logged_in(USER, PASSWORD)
                    .await
                    .post("logout", &json!({}))
                    .await
                    .expect(200);
            })
        }),
        ("an e-mail address", |ada| {
            Box::pin(async {
                let data = json!({"data": {"email": "ada2@example.com", "currentPassword": PASSWORD_DIGEST}});
                ada.post("users.updateOwnBasicInfo", &data).await.expect(200);
            })
        }),
        ("a picture", |ada| {
            Box::pin(async {
                ada.upload(&bytes_of(PICTURE), &[]).await.expect(200);
                ada.post("users.resetAvatar", &json!({})).await.expect(200);
            })
        }),
        ("a second factor", |ada| {
            Box::pin(async {
                let (secret, _) = enable(ada).await;
                let code = json!({"code": app_code(&secret, BEGINNING + STEP)});
                ada.post("users.disableTotp", &code).await.expect(200);
            })
        }),
        ("a user", |ada| {
            Box::pin(async {
                let password = json!({"password": PASSWORD_DIGEST});
                ada.post("users.deleteOwnAccount", &password).await.expect(200);
            })
        }),
    ];
    let delete_own = (SettingId::AllowDeleteOwnAccount, SettingValue::Flag(true));
    for (what, erase) in erasures {
        compact(folder.path());
        assert!(!is_due_in_a_day(folder.path()).await, "{what}: all is gone");
        let server = TestServer::open(folder, |options| fix(options, &[UNLIMITED, delete_own.clone()])).await;
        let ada = ada.at(server.address);
        erase(&ada).await;
        folder = server.stop().await;
        assert!(is_due_in_a_day(folder.path()).await, "{what} was erased");
    }
}
