//! A cluster that asks for TLS and a password.

use rollcall::config::ClusterSecurity;

use super::SharedStore;
use crate::support::Process;
use crate::support::etcd::Etcd;
use crate::support::server::new_folder;
use crate::support::tls::Pair;

/// The password of the user in etcd.
const SECRET: &str = "a password of etcd";

/// Runs the commands of `docs/cluster.md` that make a user for one store.
fn make_user(etcd: &Etcd, name: &str) {
    let prefix = format!("/rollcall/{name}/");
    etcd.control(&["user", "add", &format!("root:{SECRET}")]);
    etcd.control(&["user", "grant-role", "root", "root"]);
    etcd.control(&["role", "add", "rollcall"]);
    etcd.control(&[
        "role",
        "grant-permission",
        "rollcall",
        "readwrite",
        &prefix,
        "--prefix=true",
    ]);
    etcd.control(&["user", "add", &format!("rollcall:{SECRET}")]);
    etcd.control(&["user", "grant-role", "rollcall", "rollcall"]);
    etcd.control(&["auth", "enable"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_of_its_own_keys_over_tls_is_enough_and_others_are_refused_in_words() {
    let home = new_folder();
    // The certificate is its own authority.
    let pair = Pair::long(home.path());
    let etcd = Etcd::with_tls(&pair);
    let mut store = SharedStore::in_etcd(&etcd);
    make_user(&etcd, &store.address.name);
    store.address.security = ClusterSecurity {
        ca: Some(pair.certificate.clone()),
        identity: None,
        user: Some(("rollcall".into(), SECRET.into())),
    };
    let (one, other) = (store.first().await, store.further().await);
    let admin = one.admin().await;
    admin.create_status("over TLS", "busy").await.expect(200);
    assert_eq!(admin.at(other.address).get("me").await.status, 200);
    one.stop().await;
    other.stop().await;

    let refused = |name: &str, user: &str, password: &str| {
        let address = store.address.to_string().replace(&store.address.name, name);
        let started = Process::try_start_in(new_folder(), |command| {
            command.env("ROLLCALL_STORE", address);
            command.env("ROLLCALL_STORE_CA", &pair.certificate);
            if !user.is_empty() {
                command.env("ROLLCALL_STORE_USER", user);
                command.env("ROLLCALL_STORE_PASSWORD", password);
            }
        });
        let words = started.err().expect("it does not start");
        assert!(!words.contains(SECRET), "{words}");
        words
    };
    let own = store.address.name.clone();
    assert!(refused(&own, "", "").contains("it refuses this user"));
    assert!(refused(&own, "rollcall", "wrong").contains("it refuses this user"));
    assert!(refused("another", "rollcall", SECRET).contains("it refuses this user"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_missing_is_told() {
    let store = SharedStore::new();
    let one = store.first().await;
    let started = Process::try_start_in(new_folder(), |command| {
        command.env("ROLLCALL_STORE", store.address.to_string());
    });
    let told = started.err().expect("it does not start");
    assert!(
        told.contains("other servers share the store: copy secret.key"),
        "{told}"
    );
    one.stop().await;
}
