//! Pictures of users.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use image::ImageFormat;
use serde_json::{Value, json};

use crate::support::errors::coded;
use crate::support::pictures::{halves, noise};
use crate::support::server::MINUTE;
use crate::support::{Answer, Client, Socket, TestServer};

fn png() -> Vec<u8> {
    halves(32, 32, ImageFormat::Png)
}

async fn shown(client: &Client, path: &str, headers: &[(&str, &str)]) -> Answer {
    client.send("GET", path, headers, "").await
}

#[tokio::test]
async fn a_picture_is_encoded_again_and_can_only_be_taken_for_an_image() {
    let server = TestServer::start().await;
    let (ada, anonymous) = (server.user().await, server.anonymous());
    for (bytes, kind) in [
        (noise(1, 32), "image/png"),
        (halves(32, 32, ImageFormat::Jpeg), "image/jpeg"),
        (halves(32, 32, ImageFormat::Png), "image/jpeg"),
        (halves(32, 32, ImageFormat::WebP), "image/jpeg"),
    ] {
        assert_eq!(ada.upload(&bytes, &[]).await.expect(200), json!({"success": true}));
        let answer = shown(&anonymous, "/avatar/ADA", &[]).await;
        let picture = image::load_from_memory(&answer.body).expect("a picture");
        assert_eq!((answer.status, picture.width(), picture.height()), (200, 256, 256));
        for (name, value) in [
            ("content-type", kind),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; sandbox"),
        ] {
            assert_eq!(answer.header(name), Some(value));
        }
        let etag = answer.header("etag").expect("a name").to_owned();
        let again = shown(&anonymous, "/avatar/ada?size=50", &[("if-none-match", &etag)]).await;
        assert_eq!((again.status, again.body.len()), (304, 0));
        assert_eq!(
            etag,
            format!(
                "\"{}\"",
                ada.get("me").await.expect(200)["avatarETag"].as_str().expect("a name")
            )
        );
    }
    let place = ada.get("users.getAvatar").await;
    let expected = format!("http://{}/avatar/ada", server.address);
    assert_eq!((place.status, place.header("location")), (307, Some(expected.as_str())));
    let by_id = shown(&anonymous, &format!("/avatar/uid/{}", ada.id()), &[]).await;
    assert_eq!(by_id.body, shown(&anonymous, "/avatar/ada", &[]).await.body);
}

#[tokio::test]
async fn a_picture_may_come_as_a_data_url_and_from_nowhere_else() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let url = |data: &str| json!({"avatarUrl": data});
    let data = format!("data:image/png;base64,{}", BASE64_STANDARD.encode(png()));
    ada.post("users.setAvatar", &url(&data)).await.expect(200);
    let refused = ada
        .post("users.setAvatar", &url("http://127.0.0.1/a.png"))
        .await
        .expect(400);
    assert_eq!(refused["errorType"], "error-avatar-invalid");
    ada.post("users.setAvatar", &url("data:image/png;base64,####"))
        .await
        .expect(400);
    ada.post("users.setAvatar", &json!({})).await.expect(400);
}

#[tokio::test]
async fn only_images_of_a_bounded_size_are_taken_by_their_own_bytes() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let invalid = coded(
        "The file is not a PNG, JPEG or WebP picture",
        "error-invalid-file-type",
        Value::Null,
    );
    for bytes in [
        &b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>"[..],
        b"GIF89a",
        b"",
        b"<html>",
        b"II*\0\x08\0\0\0",
        b"MM\0*\0\0\0\x08",
    ] {
        assert_eq!(ada.upload(bytes, &[]).await.expect(400), invalid);
    }
    let mut large = png();
    large.resize(256 * 1024, 0);
    ada.upload(&large, &[]).await.expect(200);
    large.push(0);
    let refused = ada.upload(&large, &[]).await.expect(400);
    assert_eq!(
        refused["error"],
        "The picture is larger than 262144 bytes [error-avatar-too-large]"
    );
    let broken = [("content-type", "multipart/form-data; boundary=x")];
    for body in ["", "--x", "--x\r\n\r\n", "--y--"] {
        ada.send("POST", "/api/v1/users.setAvatar", &broken, body)
            .await
            .expect(400);
    }
}

#[tokio::test]
async fn others_pictures_need_a_permission_and_a_reset_brings_the_initials_back() {
    let server = TestServer::start().await;
    let (admin, ada) = (server.admin().await, server.user().await);
    let refused = ada.upload(&png(), &[("username", "admin")]).await.expect(400);
    assert_eq!(
        refused,
        coded("Not allowed", "error-not-allowed", json!({"method": "users.setAvatar"}))
    );
    admin.upload(&png(), &[("userId", ada.id())]).await.expect(200);
    ada.post("users.resetAvatar", &json!({})).await.expect(200);
    let initials = shown(&server.anonymous(), "/avatar/ada", &[]).await;
    assert_eq!(initials.header("content-type"), Some("image/svg+xml"));
    let text = String::from_utf8_lossy(&initials.body);
    assert!(text.starts_with("<svg") && text.contains(">A</text>"), "{text}");
    // The answer does not reveal if there is such a user, and no name is more than letters.
    let nobody = shown(&server.anonymous(), "/avatar/%3Cscript%3Enobody", &[]).await;
    let text = String::from_utf8_lossy(&nobody.body);
    assert!(nobody.status == 200 && !text.contains("script"), "{text}");
}

#[tokio::test]
async fn a_picture_lives_through_a_restart_and_goes_with_its_user() {
    let server = TestServer::start().await;
    server.user().await.upload(&png(), &[]).await.expect(200);
    let before = shown(&server.anonymous(), "/avatar/ada", &[]).await.body;
    let server = TestServer::open(server.stop().await, |_| {}).await;
    assert_eq!(shown(&server.anonymous(), "/avatar/ada", &[]).await.body, before);
    let admin = server.admin().await;
    admin
        .post("users.delete", &json!({"username": "ada"}))
        .await
        .expect(200);
    let gone = shown(&server.anonymous(), "/avatar/ada", &[]).await;
    assert_eq!(gone.header("content-type"), Some("image/svg+xml"));
    let check = server.command(rollcall::admin_socket::Command::Check).await;
    assert!(matches!(check, rollcall::admin_socket::CommandAnswer::Findings(findings) if findings.is_empty()));
}

#[tokio::test]
async fn the_method_sets_ones_own_picture_and_with_a_second_factor_that_of_others() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let url = format!("data:image/png;base64,{}", BASE64_STANDARD.encode(noise(3, 32)));
    let etag = async |client: &Client| client.get("me").await.expect(200)["avatarETag"].clone();
    let mut socket = Socket::of(&ada).await;
    socket
        .call("setAvatarFromService", json!([url, "image/png", "upload"]))
        .await;
    let own = etag(&ada).await;
    assert!(own.is_string());
    for wrong in [json!(["https://example.com/x.png"]), json!(["data:,x"]), json!([])] {
        socket.error("setAvatarFromService", wrong).await;
    }
    let of_other = json!([url, null, null, admin.id()]);
    assert_eq!(
        socket.error("setAvatarFromService", of_other).await["error"],
        "error-not-allowed"
    );
    assert_eq!(etag(&admin).await, Value::Null);
    let mut root = Socket::of(&admin).await;
    server.pass(31 * MINUTE);
    let of_ada = json!([url, null, null, ada.id()]);
    assert_eq!(
        root.error("setAvatarFromService", of_ada).await["error"],
        "totp-required"
    );
    assert_eq!(etag(&ada).await, own);
    root.call(
        "setAvatarFromService",
        json!([url, null, null, ada.id(), Socket::proof()]),
    )
    .await;
    assert_ne!(etag(&ada).await, own);
}

/// The kind, width and height of a picture.
fn measured(answer: &Answer) -> (Option<&str>, u32, u32) {
    let picture = image::load_from_memory(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer:?}"));
    assert_eq!(answer.status, 200);
    (answer.header("content-type"), picture.width(), picture.height())
}

#[tokio::test]
async fn a_picture_comes_in_the_form_that_is_asked_for() {
    let server = TestServer::start().await;
    let (ada, stranger) = (server.user().await, server.anonymous());
    ada.upload(&noise(5, 32), &[]).await.expect(200);
    // One user has a picture, one has none, and one is not there.
    for name in ["ada", "admin", "nobody"] {
        for (format, media_type) in [("png", "image/png"), ("jpeg", "image/jpeg"), ("webp", "image/webp")] {
            for (size, side) in [("50", 64), ("16", 16), ("9999", 512)] {
                let answer = shown(&stranger, &format!("/avatar/{name}?format={format}&size={size}"), &[]).await;
                assert_eq!(
                    measured(&answer),
                    (Some(media_type), side, side),
                    "{name} {format} {size}"
                );
                let file = infer::get(&answer.body).expect("a kind");
                assert_eq!(file.mime_type(), media_type);
            }
        }
        for wrong in ["format=gif", "size=0", "size=big", "size=-5", "format=png&size=1.5"] {
            let refused = shown(&stranger, &format!("/avatar/{name}?{wrong}"), &[]).await;
            assert_eq!(refused.expect(400)["errorType"], "invalid-params", "{name} {wrong}");
        }
        // What clients send beside these changes nothing.
        let path = format!("/avatar/{name}?format=png&rc_uid=x&rc_token=y&etag=z&_dc=1");
        measured(&shown(&stranger, &path, &[]).await);
    }
    let stored = shown(&stranger, "/avatar/ada", &[]).await;
    assert_eq!(measured(&stored).1, 256);
    assert_eq!(shown(&stranger, "/avatar/ada?format=png", &[]).await.body, stored.body);
    assert_eq!(
        measured(&shown(&stranger, "/avatar/ada?size=100", &[]).await),
        (Some("image/png"), 128, 128)
    );
    shown(&stranger, "/avatar/ada?format=svg", &[]).await.expect(400);
    let drawing = shown(&stranger, "/avatar/nobody?format=svg&size=40", &[]).await;
    assert_eq!(
        (drawing.status, drawing.header("content-type")),
        (200, Some("image/svg+xml"))
    );
    assert!(String::from_utf8_lossy(&drawing.body).contains("width=\"48\" height=\"48\""));
    assert_eq!(
        shown(&stranger, "/avatar/nobody", &[]).await.header("content-type"),
        Some("image/svg+xml")
    );
    // A new picture is shown at once, in every form.
    let before = shown(&stranger, "/avatar/ada?format=jpeg&size=64", &[]).await.body;
    ada.upload(&noise(6, 32), &[]).await.expect(200);
    assert_ne!(
        shown(&stranger, "/avatar/ada?format=jpeg&size=64", &[]).await.body,
        before
    );
}

#[tokio::test]
async fn an_address_has_so_many_drawings_in_a_minute_and_those_made_before_cost_none() {
    let server = TestServer::start().await;
    let stranger = server.anonymous();
    let mut refused = 0;
    // Pairs of letters: far more drawings than an address has.
    for pair in 0..620_u32 {
        let letter = |number: u32| char::from_u32(97 + number).expect("a letter");
        let name = format!("{}.{}", letter(pair % 26), letter(pair / 26));
        let answer = shown(&stranger, &format!("/avatar/{name}?format=png&size=16"), &[]).await;
        refused += u32::from(answer.status == 429);
        assert!([200, 429].contains(&answer.status), "{answer:?}");
    }
    assert_eq!(refused, 20);
    let again = shown(&stranger, "/avatar/a.a?format=png&size=16", &[]).await;
    assert_eq!(measured(&again), (Some("image/png"), 16, 16));
    server.pass(60_000);
    measured(&shown(&stranger, "/avatar/z.z?format=png&size=16", &[]).await);
}
