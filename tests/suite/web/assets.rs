//! The assets of the pages, and the documents about the site.

use std::path::Path;

use rollcall::domain::{SettingId, SettingValue};

use crate::support::server::{USER, fix};
use crate::support::visitor::text;
use crate::support::{TestServer, Visitor};

/// The addresses of all assets that a page names.
fn assets(page: &str) -> Vec<String> {
    let parts = page.split('"').filter(|part| part.contains("/assets/"));
    let mut assets: Vec<_> = parts
        .map(|part| part.split('#').next().expect("a path").to_owned())
        .collect();
    assets.sort_unstable();
    assets.dedup();
    assets
}

#[tokio::test]
async fn every_asset_of_a_page_is_there_for_ever_and_compressed() {
    let server = TestServer::start().await;
    let visitor = Visitor::signed_in(&server, USER).await;
    let assets = assets(&visitor.page("/").await);
    assert!(assets.len() >= 5, "{assets:?}");
    for asset in &assets {
        let anonymous = server.anonymous();
        let plain = anonymous.send("GET", asset, &[], "").await;
        assert_eq!((plain.status, plain.header("content-encoding")), (200, None), "{asset}");
        let keeps = plain.header("cache-control").expect("a rule");
        assert_eq!(keeps, "public, max-age=31536000, immutable", "{asset}");
        if Path::new(&asset)
            .extension()
            .is_some_and(|extension| extension == "png")
        {
            continue;
        }
        for (accepted, encoding) in [("gzip, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip")] {
            let answer = anonymous.send("GET", asset, &[("accept-encoding", accepted)], "").await;
            assert_eq!(answer.header("content-encoding"), Some(encoding), "{asset} {accepted}");
            assert!(answer.body.len() < plain.body.len(), "{asset}");
        }
        let tag = plain.header("etag").expect("a tag");
        let again = anonymous.send("GET", asset, &[("if-none-match", tag)], "").await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{asset}");
    }
}

#[tokio::test]
async fn a_page_is_compressed_for_those_who_take_it() {
    let server = TestServer::start().await;
    let visitor = Visitor::signed_in(&server, USER).await;
    let plain = visitor.get("/").await;
    let gzip = visitor
        .send("GET", "/", &[("accept-encoding", "gzip")], String::new())
        .await;
    assert_eq!(gzip.header("content-encoding"), Some("gzip"));
    assert!(gzip.body.len() * 2 < plain.body.len());
}

#[tokio::test]
async fn every_link_has_the_public_path() {
    let site = SettingValue::Text("http://example.org/teams/rollcall".into());
    let server = TestServer::start_with(|options| fix(options, &[(SettingId::SiteUrl, site)])).await;
    let visitor = Visitor::of(&server);
    let page = visitor.page("/teams/rollcall/sign-in").await;
    let token = crate::support::visitor::token(&page);
    let fields = [
        ("user", USER),
        ("password", crate::support::server::PASSWORD),
        ("form-token", &*token),
    ];
    let body = crate::support::visitor::encoded(&fields);
    let answer = visitor
        .send("POST", "/sign-in", &[("origin", "http://example.org")], body)
        .await;
    assert_eq!(answer.header("location"), Some("/teams/rollcall/"));
    for path in ["/", "/my-status", "/sign-in?other", "/setup", "/nowhere"] {
        let page = text(&visitor.get(path).await);
        for attribute in ["href", "src", "action"] {
            for link in page.split(&format!(" {attribute}=\"")).skip(1) {
                let link = link.split('"').next().expect("a link");
                let own = link.starts_with("/teams/rollcall/") || link.starts_with(['?', '#']);
                assert!(own, "{link} in {path}");
            }
        }
        for asset in assets(&page) {
            let answer = visitor.get(&asset).await;
            assert_eq!(answer.status, 200, "{asset}");
        }
    }
    let manifest = visitor.get("/teams/rollcall/manifest.webmanifest").await.json();
    assert_eq!(manifest["start_url"], "/teams/rollcall/");
}

#[tokio::test]
async fn browsers_and_programs_find_what_they_look_for() {
    let server = TestServer::start().await;
    let visitor = Visitor::of(&server);
    let manifest = visitor.get("/manifest.webmanifest").await;
    assert_eq!(manifest.header("content-type"), Some("application/manifest+json"));
    let manifest = manifest.json();
    assert_eq!(
        (&manifest["name"], &manifest["display"]),
        (&"Rollcall".into(), &"standalone".into())
    );
    for icon in manifest["icons"].as_array().expect("icons") {
        let answer = visitor.get(icon["src"].as_str().expect("a path")).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, icon["type"].as_str())
        );
    }
    let robots = visitor.get("/robots.txt").await;
    assert_eq!(text(&robots), "User-agent: *\nDisallow: /\n");
    let answer = visitor.get("/.well-known/change-password").await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (302, Some("/change-password"))
    );
}

#[tokio::test]
async fn the_page_for_a_lost_server_is_the_same_for_every_visitor() {
    let server = TestServer::start().await;
    let (ada, stranger) = (Visitor::signed_in(&server, USER).await, Visitor::of(&server));
    let (of_ada, of_stranger) = (ada.get("/offline").await, stranger.get("/offline").await);
    assert_eq!((of_ada.status, &of_ada.body), (200, &of_stranger.body));
    let page = text(&of_stranger);
    assert!(page.contains("Can’t reach the server"), "{page}");
    for private in ["<script", "form-token", "manifest", "aria-label"] {
        assert!(!page.contains(private), "{private}: {page}");
    }
    assert_eq!(of_stranger.header("refresh"), Some("10"));
    assert_eq!(of_stranger.header("set-cookie"), None);
    assert_eq!(of_stranger.header("vary"), Some("Accept-Encoding, Accept-Language"));
    let german = Visitor::of(&server).speaking("de");
    assert!(
        german
            .page("/offline")
            .await
            .contains("Der Server ist nicht erreichbar")
    );

    let script = stranger.get("/service-worker.js").await;
    assert_eq!(
        (script.header("content-type"), script.header("cache-control")),
        (Some("text/javascript; charset=utf-8"), Some("no-cache"))
    );
    assert_eq!(script.header("set-cookie"), None);
    let policy = script.header("content-security-policy");
    assert_eq!(policy, Some("default-src 'none'; connect-src 'self'"));
    let script = text(&script);
    let first = script.lines().next().expect("a line").to_owned();
    let parts = first
        .strip_prefix("const PARTS = ")
        .and_then(|line| line.strip_suffix(';'));
    let parts: Vec<String> = serde_json::from_str(parts.expect("a list")).expect("a list");
    assert_eq!(parts[0], "/offline");
    for part in &parts {
        assert_eq!(stranger.get(part).await.status, 200, "{part}");
    }
    let policy = ada.get("/").await;
    let policy = policy.header("content-security-policy").expect("a policy");
    assert!(policy.contains("worker-src 'self';"), "{policy}");
}

#[tokio::test]
async fn a_security_txt_has_the_contacts_of_the_setting_until_a_day_within_a_year() {
    const PATH: &str = "/.well-known/security.txt";
    let server = TestServer::start().await;
    let (admin, visitor) = (server.admin().await, Visitor::of(&server));
    assert_eq!(visitor.get(PATH).await.status, 404);
    let set = async |value: &str| {
        let body = serde_json::json!({"value": value});
        admin.post_proved("settings/Security_Contact", &body).await.status
    };
    for wrong in [
        "security@example.com",
        "http://example.com",
        "https://example.com/\nExpires: 2020-01-01T00:00:00Z",
    ] {
        assert_eq!(set(wrong).await, 400, "{wrong}");
    }
    assert_eq!(
        set("mailto:security@example.com, https://example.com/report").await,
        200
    );
    let answer = visitor.get(PATH).await;
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(answer.header("set-cookie"), None);
    let expected = "Contact: mailto:security@example.com\nContact: https://example.com/report\n\
                    Expires: 2024-02-02T00:00:00.000Z\n";
    assert_eq!(text(&answer), expected);
    assert_eq!(set("").await, 200);
    assert_eq!(visitor.get(PATH).await.status, 404);
    assert_eq!(set("tel:+49-30-123").await, 200);
    // The time is that of the clock: the document never expires while the server runs.
    server.pass(crate::support::server::DAY * 400);
    assert!(text(&visitor.get(PATH).await).contains("Expires: 2025-03-08T00:00:00.000Z"));

    for (url, path, canonical) in [
        ("https://chat.example", PATH, true),
        ("http://chat.example", PATH, false),
        ("https://chat.example/teams", "/teams/.well-known/security.txt", false),
    ] {
        let server = TestServer::start_with(|options| {
            let contact = SettingValue::Text("tel:+49-30-123".into());
            let site = SettingValue::Text(url.into());
            fix(
                options,
                &[(SettingId::SecurityContact, contact), (SettingId::SiteUrl, site)],
            );
        })
        .await;
        let page = text(&Visitor::of(&server).get(path).await);
        let line = format!("Canonical: {url}{PATH}");
        assert_eq!(page.contains(&line), canonical, "{url}: {page}");
        assert!(page.starts_with("Contact: tel:+49-30-123\nExpires: "), "{page}");
    }
}
