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
