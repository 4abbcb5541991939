//! How many sockets there may be.

use rollcall::domain::{SettingId, SettingValue};

use crate::support::server::fix;
use crate::support::{Client, Socket, TestServer, eventually};

/// Asks until there is room.
async fn wait_for_room(client: &Client, forwarded: &str) {
    eventually(async || client.ask_for_socket(forwarded).await.status == 101).await;
}

#[tokio::test]
async fn the_server_takes_so_many_and_one_more_when_one_is_gone() {
    let server = TestServer::start_with(|options| {
        fix(options, &[(SettingId::PresenceMaxConnections, SettingValue::Number(2))]);
    })
    .await;
    let anonymous = server.anonymous();
    // With a login: of those without one, the longest idle would be closed.
    let ada = server.user().await;
    let one = Socket::of(&ada).await;
    let _other = Socket::of(&ada).await;
    let refused = anonymous.ask_for_socket("").await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("10")));
    // The API is not a socket.
    server.user().await.get("me").await.expect(200);
    drop(one);
    wait_for_room(&anonymous, "").await;
}

#[tokio::test]
async fn one_address_takes_so_many_and_others_still_have_room() {
    let server = TestServer::start_with(|options| {
        let limit = SettingValue::Number(1);
        fix(options, &[(SettingId::PresenceMaxConnectionsPerAddress, limit)]);
        options.fixed.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    })
    .await;
    let anonymous = server.anonymous();
    let first = Socket::connected(server.address).await;
    let refused = anonymous.ask_for_socket("").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("10")));
    // A proxy that is trusted says for whom it asks.
    assert_eq!(anonymous.ask_for_socket("192.0.2.7").await.status, 101);
    drop(first);
    wait_for_room(&anonymous, "").await;
}
