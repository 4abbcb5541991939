//! The served OpenAPI document.

use rollcall::http::routes;
use serde_json::Value;

use crate::support::TestServer;

#[tokio::test]
async fn every_endpoint_is_described_with_what_it_takes_and_answers() {
    let server = TestServer::start().await;
    let answer = server.anonymous().get("openapi.json").await;
    let document = answer.expect(200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(document["openapi"], "3.1.0");
    for route in routes::all() {
        let path = match route.endpoint.split_once("/:") {
            Some((fixed, name)) => format!("/api/v1/{fixed}/{{{name}}}"),
            None => format!("/api/v1/{}", route.endpoint),
        };
        let method = route.method.as_str().to_lowercase();
        let operation = &document["paths"][&path][&method];
        let what = format!("{method} {path}");
        assert!(operation["summary"].is_string(), "{what}");
        let has = |status: &str| {
            let response = &operation["responses"][status];
            // Errors are described once for all endpoints.
            let shared = response["$ref"]
                .as_str()
                .and_then(|reference| reference.strip_prefix('#'));
            let response = shared.map_or(Some(response), |pointer| document.pointer(pointer));
            response.is_some_and(|response| response["content"].is_object())
        };
        assert!(has(&route.status.to_string()) && has("400") && has("503"), "{what}");
        // A badge of a user needs a login. Other badges need none.
        let may_refuse = route.logged_in || ["login", "shield.svg"].contains(&route.endpoint);
        assert_eq!(has("401"), may_refuse, "{what}");
        assert_eq!(operation["security"].is_array(), route.logged_in, "{what}");
        assert_eq!(operation["requestBody"].is_object(), method == "post", "{what}");
    }
    let operations = document["paths"].as_object().expect("paths").values();
    let operations: usize = operations
        .map(|path| path.as_object().map_or(0, serde_json::Map::len))
        .sum();
    assert_eq!(operations, routes::all().len());
}

#[tokio::test]
async fn every_reference_in_it_leads_somewhere() {
    let server = TestServer::start().await;
    let document = server.anonymous().get("openapi.json").await.expect(200);
    let mut seen = 0;
    let mut waiting = vec![&document];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(reference)) = fields.get("$ref") {
                    let pointer = reference.strip_prefix('#').expect("a reference inside");
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                    seen += 1;
                }
                waiting.extend(fields.values());
            }
            Value::Array(items) => waiting.extend(items),
            _ => {}
        }
    }
    assert!(seen > 0);
}
