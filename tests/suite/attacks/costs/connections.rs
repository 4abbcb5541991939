//! Connections: how many of one address, and the descriptors kept in reserve.

use rollcall::domain::{SettingId, SettingValue};

use crate::support::server::fix;
use crate::support::{Socket, TestServer};

/// The code of a socket that made room for another.
const MADE_ROOM: Option<u16> = Some(1013);

/// A server with these numbers, behind a trusted proxy on this machine.
async fn limited(settings: &[(SettingId, i64)]) -> TestServer {
    TestServer::start_with(|options| {
        let values: Vec<_> = settings
            .iter()
            .map(|(id, number)| (*id, SettingValue::Number(*number)))
            .collect();
        fix(options, &values);
        options.fixed.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    })
    .await
}

async fn from(server: &TestServer, address: &str) -> Socket {
    Socket::connected_with(server.address, &[("x-forwarded-for", address)]).await
}

#[tokio::test]
async fn of_sockets_without_a_login_the_longest_idle_makes_room() {
    let server = limited(&[(SettingId::PresenceMaxAnonymousConnectionsPerAddress, 3)]).await;
    let mut first = Socket::connected(server.address).await;
    let mut second = Socket::connected(server.address).await;
    let mut third = Socket::connected(server.address).await;
    first.ping().await;
    let mut fourth = Socket::connected(server.address).await;
    assert_eq!(second.end().await, MADE_ROOM);
    // Other addresses have room of their own.
    let mut other = from(&server, "192.0.2.7").await;
    for socket in [&mut first, &mut third, &mut fourth, &mut other] {
        socket.ping().await;
    }
}

#[tokio::test]
async fn one_address_has_a_hundred_sockets_without_a_login() {
    const MOST: usize = 100;
    let server = TestServer::start().await;
    let mut sockets = Vec::new();
    for _ in 0..=MOST {
        sockets.push(Socket::connected(server.address).await);
    }
    let mut sockets = sockets.into_iter();
    let mut first = sockets.next().expect("a socket");
    assert_eq!(first.end().await, MADE_ROOM);
    for mut socket in sockets {
        socket.ping().await;
    }
}

#[tokio::test]
async fn all_addresses_together_have_a_tenth_of_the_sockets_without_a_login() {
    let server = limited(&[(SettingId::PresenceMaxConnections, 20)]).await;
    let mut first = from(&server, "192.0.2.1").await;
    let mut second = from(&server, "192.0.2.2").await;
    let mut third = from(&server, "192.0.2.3").await;
    assert_eq!(first.end().await, MADE_ROOM);
    second.ping().await;
    third.ping().await;

    // A setting says another number.
    let server = limited(&[
        (SettingId::PresenceMaxConnections, 20),
        (SettingId::PresenceMaxAnonymousConnections, 1),
    ])
    .await;
    let mut first = from(&server, "192.0.2.1").await;
    let mut second = from(&server, "192.0.2.2").await;
    assert_eq!(first.end().await, MADE_ROOM);
    second.ping().await;
}

#[tokio::test]
async fn a_socket_with_a_login_makes_no_room_until_its_logout() {
    let server = limited(&[(SettingId::PresenceMaxAnonymousConnectionsPerAddress, 2)]).await;
    let ada = server.user().await;
    let mut logged_in = Socket::of(&ada).await;
    let mut second = Socket::connected(server.address).await;
    let mut third = Socket::connected(server.address).await;
    logged_in.ping().await;
    second.ping().await;
    third.ping().await;
    logged_in.result("logout", serde_json::json!([])).await;
    assert_eq!(second.end().await, MADE_ROOM);
    logged_in.ping().await;
    third.ping().await;
    // It counts like any other from then on, and the longest idle one may be it.
    third.ping().await;
    let _fourth = Socket::connected(server.address).await;
    assert_eq!(logged_in.end().await, MADE_ROOM);
}

#[tokio::test]
async fn an_ended_socket_without_a_login_counts_no_more() {
    let server = limited(&[(SettingId::PresenceMaxAnonymousConnectionsPerAddress, 2)]).await;
    let mut stays = Socket::connected(server.address).await;
    for _ in 0..5 {
        Socket::connected(server.address).await.close().await;
        stays.ping().await;
    }
}

#[tokio::test]
async fn a_network_of_ipv6_counts_as_one_address() {
    let server = limited(&[(SettingId::PresenceMaxConnectionsPerAddress, 1)]).await;
    let _first = from(&server, "2001:db8:0:1::1").await;
    let anonymous = server.anonymous();
    let same = anonymous.ask_for_socket("2001:db8:0:1:ffff::2").await;
    assert_eq!((same.status, same.header("retry-after")), (429, Some("10")));
    assert_eq!(anonymous.ask_for_socket("2001:db8:0:2::1").await.status, 101);
}

#[tokio::test]
async fn a_thousand_sockets_of_one_address_are_taken_by_default() {
    assert_eq!(
        SettingId::PresenceMaxConnectionsPerAddress.default(),
        SettingValue::Number(1_000)
    );
}
