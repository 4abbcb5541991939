//! Ending a session.

use serde_json::json;

use crate::support::TestServer;

#[tokio::test]
async fn logout_ends_only_the_token_it_came_with() {
    let server = TestServer::start().await;
    let (one, two) = (server.user().await, server.user().await);
    let answer = one.post("logout", &json!({})).await.expect(200);
    let documented = json!({"status": "success", "data": {"message": "You've been logged out!"}});
    assert_eq!(answer, documented);
    one.get("me").await.expect(401);
    two.get("me").await.expect(200);
    one.post("logout", &json!({})).await.expect(401);
}

#[tokio::test]
async fn logout_takes_whatever_clients_send() {
    let server = TestServer::start().await;
    let json = [("content-type", "application/json")];
    for (method, body) in [("POST", ""), ("POST", "{}"), ("POST", "null"), ("GET", "")] {
        let user = server.user().await;
        let answer = user.send(method, "/api/v1/logout", &json, body).await;
        assert_eq!(answer.expect(200)["status"], "success", "{method} {body:?}");
        user.get("me").await.expect(401);
    }
}
