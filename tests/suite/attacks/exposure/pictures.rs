//! Pictures that carry more than a picture, or cost more than one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use image::ImageFormat;
use rollcall::domain::avatar::AVATAR_BYTES;
use rollcall::domain::{SettingId, SettingValue, UserId};
use rollcall::store::Change;
use serde_json::{Value, json};

use crate::support::pictures::{BLUE, RED, claiming, halves, has, noise, with_exif};
use crate::support::server::{UNLIMITED, create_user, fix};
use crate::support::store::open_store;
use crate::support::{Answer, Client, Process, TestServer, eventually};

const PLACE: &str = "GPSLatitude 52.5200";

/// A photo that was taken upright by a camera on its side.
fn photo() -> Vec<u8> {
    with_exif(&halves(600, 400, ImageFormat::Jpeg), 6, PLACE)
}

async fn shown(server: &TestServer, name: &str) -> Answer {
    let answer = server
        .anonymous()
        .send("GET", &format!("/avatar/{name}"), &[], "")
        .await;
    assert_eq!(answer.status, 200);
    answer
}

#[track_caller]
fn is_near(found: [u8; 4], expected: [u8; 3]) {
    let near = |place: usize| found[place].abs_diff(expected[place]) < 24;
    assert!((0..3).all(near), "{found:?} is not {expected:?}");
}

#[tokio::test]
async fn nothing_of_the_original_file_is_kept() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    assert!(has(&photo(), PLACE.as_bytes()));
    ada.upload(&photo(), &[]).await.expect(200);
    let answer = shown(&server, "ada").await;
    assert_eq!(answer.header("content-type"), Some("image/jpeg"));
    for part in [PLACE.as_bytes(), b"Exif", b"GPS"] {
        assert!(!has(&answer.body, part), "{}", String::from_utf8_lossy(part));
    }
    let picture = image::load_from_memory(&answer.body).expect("a picture").to_rgba8();
    assert_eq!(picture.dimensions(), (256, 256));
    // The left half is on top after the turn that the orientation asks for.
    for x in [20, 230] {
        is_near(picture.get_pixel(x, 20).0, RED);
        is_near(picture.get_pixel(x, 235).0, BLUE);
    }
}

#[tokio::test]
async fn a_script_behind_the_pixels_is_not_kept() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
        let mut polyglot = halves(64, 64, format);
        polyglot.extend(b"<html><script>alert(1)</script>");
        ada.upload(&polyglot, &[]).await.expect(200);
        assert!(!has(&shown(&server, "ada").await.body, b"<script>"), "{format:?}");
    }
}

#[tokio::test]
async fn the_settings_of_the_reference_are_honoured() {
    let off = (SettingId::AvatarResize, SettingValue::Flag(false));
    let server = TestServer::start_with(|options| fix(options, &[off])).await;
    server.user().await.upload(&photo(), &[]).await.expect(200);
    let answer = shown(&server, "ada").await;
    assert!(!has(&answer.body, PLACE.as_bytes()), "encoded again all the same");
    let picture = image::load_from_memory(&answer.body).expect("a picture");
    assert_eq!((picture.width(), picture.height()), (400, 600));

    let small = (SettingId::AvatarSize, SettingValue::Number(48));
    let server = TestServer::start_with(|options| fix(options, &[small])).await;
    server.user().await.upload(&photo(), &[]).await.expect(200);
    let picture = image::load_from_memory(&shown(&server, "ada").await.body).expect("a picture");
    assert_eq!((picture.width(), picture.height()), (48, 48));
}

#[tokio::test]
async fn transparency_is_kept_and_the_file_stays_small() {
    let large = (SettingId::AvatarSize, SettingValue::Number(512));
    let server = TestServer::start_with(|options| fix(options, &[large])).await;
    server.user().await.upload(&noise(7, 250), &[]).await.expect(200);
    let answer = shown(&server, "ada").await;
    assert_eq!(answer.header("content-type"), Some("image/png"));
    assert!(answer.body.len() <= AVATAR_BYTES, "{} bytes", answer.body.len());
    let picture = image::load_from_memory(&answer.body).expect("a picture");
    assert!(picture.color().has_alpha());
}

#[tokio::test]
async fn bombs_and_broken_files_are_refused_and_cost_nothing() {
    let server = Process::start();
    let admin = server.admin().await;
    let before = server.resident_kib();
    let png = halves(64, 64, ImageFormat::Png);
    let jpeg = halves(64, 64, ImageFormat::Jpeg);
    // Sound, and a pixel too wide or too high.
    let [wide, high] = [(4_097, 1), (1, 4_097)].map(|(width, height)| halves(width, height, ImageFormat::Png));
    let files: [&[u8]; 11] = [
        &wide,
        &high,
        &claiming(30_000, 30_000),
        &claiming(4_097, 1),
        &claiming(0, 0),
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n<html><script>alert(1)</script>",
        &png[..png.len() / 2],
        &jpeg[..jpeg.len() / 4],
        b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\xff\xff\xff\xff\xff\xff",
        b"GIF89a",
    ];
    for _ in 0..20 {
        for (number, file) in files.iter().enumerate() {
            let refused = admin.upload(file, &[]).await;
            assert_eq!(refused.status, 400, "file {number}");
            let code = if file.starts_with(b"GIF") {
                "error-invalid-file-type"
            } else {
                "error-avatar-invalid"
            };
            assert_eq!(refused.json()["errorType"], code, "file {number}");
        }
    }
    let after = server.resident_kib();
    assert!(after < before + 64 * 1024, "{before} KiB before, {after} KiB after");
    admin.upload(&halves(4_096, 1, ImageFormat::Png), &[]).await.expect(200);
}

/// The body of `users.setAvatar` with a picture in it.
fn data_url(bytes: &[u8]) -> Value {
    let data = base64::prelude::BASE64_STANDARD.encode(bytes);
    json!({"avatarUrl": format!("data:image/jpeg;base64,{data}")})
}

#[tokio::test]
async fn a_data_url_is_decoded_like_a_file() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    ada.post("users.setAvatar", &data_url(&photo())).await.expect(200);
    assert!(!has(&shown(&server, "ada").await.body, PLACE.as_bytes()));
    let refused = ada.post("users.setAvatar", &data_url(&claiming(30_000, 30_000))).await;
    assert_eq!(refused.expect(400)["errorType"], "error-avatar-invalid");
}

#[tokio::test]
async fn a_picture_of_an_older_version_is_not_sent_before_it_was_encoded_again() {
    let server = TestServer::start().await;
    let ada = server.user().await;
    let (id, bob) = (UserId::new(ada.id()), UserId::new(server.admin().await.id()));
    ada.upload(&photo(), &[]).await.expect(200);
    server.admin().await.upload(&photo(), &[]).await.expect(200);
    let data = server.data_dir();
    let folder = server.stop().await;

    // Puts the pictures back as a version before this one stored them, one of them no picture at all.
    let store = open_store(&data).expect("the store opens");
    for (user, bytes) in [(&id, photo()), (&bob, b"\xff\xd8\xff".to_vec())] {
        let new = store.avatar(user).await.expect("a readable store").expect("a picture");
        let mut old = new.clone();
        (old.bytes, old.clean) = (bytes, false);
        store.commit(Change::new().replace(&new, &old)).await.expect("a commit");
    }
    store.close().await;

    let server = TestServer::open(folder, |_| {}).await;
    let answer = loop {
        let answer = shown(&server, "ada").await;
        assert!(!has(&answer.body, PLACE.as_bytes()));
        if answer.header("content-type") == Some("image/jpeg") {
            break answer;
        }
        tokio::task::yield_now().await;
    };
    let picture = image::load_from_memory(&answer.body).expect("a picture");
    assert_eq!((picture.width(), picture.height()), (256, 256));
    // Those of all users are done one after the other: wait for the other one's to be removed.
    let admin = server.admin().await;
    eventually(async || admin.get("me").await.expect(200).get("avatarETag").is_none()).await;
    let folder = server.stop().await;
    let store = open_store(&data).expect("the store opens");
    assert!(
        store
            .avatar(&id)
            .await
            .expect("a readable store")
            .is_some_and(|picture| picture.clean)
    );
    assert_eq!(store.avatar(&bob).await.expect("a readable store"), None);
    store.close().await;
    drop(folder);
}

/// A picture that takes a while to decode.
fn large() -> Vec<u8> {
    halves(2_000, 2_000, ImageFormat::Png)
}

#[tokio::test]
async fn a_flood_of_pictures_of_one_user_waits_in_a_short_queue() {
    const FLOOD: usize = 40;
    let server = TestServer::start_with(|options| fix(options, &[UNLIMITED])).await;
    let ada = server.user().await;
    let picture = large();
    let uploads = (0..FLOOD).map(|_| ada.upload(&picture, &[]));
    let answers = futures_util::future::join_all(uploads).await;
    let of = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    let (taken, refused) = (of(200), of(429));
    assert_eq!(
        taken + refused,
        FLOOD,
        "{:?}",
        answers.iter().map(|answer| answer.status).collect::<Vec<_>>()
    );
    assert!(taken >= 1 && refused >= 1, "{taken} taken, {refused} refused");
    let answer = answers
        .iter()
        .find(|answer| answer.status == 429)
        .expect("one that is refused");
    assert_eq!(answer.header("retry-after"), Some("1"));
    ada.upload(&picture, &[]).await.expect(200);
}

/// Uploads a picture again and again until the test stops it; returns the statuses of the answers.
async fn flood(client: Client, picture: Vec<u8>, stop: Arc<AtomicBool>) -> Vec<u16> {
    let mut statuses = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        statuses.push(client.upload(&picture, &[]).await.status);
    }
    statuses
}

#[tokio::test]
async fn the_flood_of_one_user_does_not_keep_others_from_uploading() {
    const AT_ONCE: usize = 20;
    const UPLOADS: usize = 5;
    let server = TestServer::start_with(|options| fix(options, &[UNLIMITED])).await;
    server.command(create_user("bob")).await;
    let (ada, bob) = (server.user().await, server.logged_in("bob").await);
    let stop = Arc::new(AtomicBool::new(false));
    let floods: Vec<_> = (0..AT_ONCE)
        .map(|_| tokio::spawn(flood(ada.clone(), large(), Arc::clone(&stop))))
        .collect();
    for _ in 0..UPLOADS {
        bob.upload(&photo(), &[]).await.expect(200);
    }
    stop.store(true, Ordering::Relaxed);
    let statuses = futures_util::future::join_all(floods).await;
    let statuses: Vec<_> = statuses
        .into_iter()
        .flat_map(|flood| flood.expect("a flood that ends"))
        .collect();
    assert!(statuses.contains(&429), "{statuses:?}");
}

#[tokio::test]
async fn pictures_of_all_users_together_wait_in_a_bounded_queue() {
    const USERS: usize = 16;
    let server = TestServer::start_with(|options| {
        fix(options, &[UNLIMITED]);
        options.fixed.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    })
    .await;
    let body = data_url(&large()).to_string();
    let mut uploads = Vec::new();
    let overloaded = Arc::new(AtomicBool::new(false));
    for number in 0..USERS {
        let name = format!("user{number}");
        server.command(create_user(&name)).await;
        let client = server.logged_in(&name).await;
        let (body, overloaded) = (body.clone(), Arc::clone(&overloaded));
        uploads.push(async move {
            let address = format!("192.0.2.{number}");
            let headers = [("content-type", "application/json"), ("x-forwarded-for", &*address)];
            for _ in 0..100 {
                let answer = client
                    .send("POST", "/api/v1/users.setAvatar", &headers, body.clone())
                    .await;
                if answer.status == 503 {
                    assert_eq!(answer.header("retry-after"), Some("1"));
                    overloaded.store(true, Ordering::Relaxed);
                }
                if overloaded.load(Ordering::Relaxed) {
                    return;
                }
                assert_eq!(answer.status, 200, "{answer:?}");
            }
        });
    }
    futures_util::future::join_all(uploads).await;
    assert!(
        overloaded.load(Ordering::Relaxed),
        "all pictures of {USERS} users were taken at once"
    );
}
