//! Clients that change everything a store holds, until the server is gone: custom statuses, users and their names,
//! pictures, personal tokens, a setting.

use std::process::Command;
use std::sync::Arc;

use rollcall::domain::picture::{CleanPicture, PictureRule};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::ledger::{Ledger, Shown, State};
use super::random::Random;
use crate::support::Client;
use crate::support::pictures::noise;
use crate::support::server::{ADMIN, PASSWORD, PASSWORD_DIGEST};

/// The clients of a load that create statuses. There is one client for each other kind of thing.
const STATUS_CLIENTS: usize = 4;

/// The key of the administrator's picture. Its state is the sum of its bytes.
const PICTURE: &str = "the picture";

/// The setting that the load changes, as its key and as its endpoint.
const SETTING: &str = "Site_Name";

/// The beginning of the keys and names of all users of a load.
const USER: &str = "person of";

/// The largest side in pixels of a picture of noise that fits into the limit in bytes.
const MAX_SIDE: usize = 250;

/// One client of the load.
#[derive(Clone)]
struct Worker {
    client: Client,
    ledger: Arc<Ledger>,
    /// The first part of the names that this client gives, which no other client gives.
    first: String,
}

/// Lets a server store pictures in the size and the format in which the load sends them.
pub fn store_pictures_as_sent(command: &mut Command) {
    command.env("OVERWRITE_SETTING_Accounts_AvatarResize", "false");
}

/// Begins the load of one round. The clients end when the server does.
pub fn begin(client: &Client, round: usize, random: &mut Random, ledger: &Arc<Ledger>) -> Vec<JoinHandle<()>> {
    let worker = |first: String| Worker {
        client: client.clone(),
        ledger: Arc::clone(ledger),
        first,
    };
    let round = format!("round {round:04}");
    let mut clients: Vec<_> = (0..STATUS_CLIENTS)
        .map(|number| tokio::spawn(worker(format!("{round} client {number}")).statuses()))
        .collect();
    clients.push(tokio::spawn(worker(round.clone()).pictures(Random::new(random.next()))));
    clients.push(tokio::spawn(worker(round.clone()).users()));
    clients.push(tokio::spawn(worker(round.clone()).tokens()));
    clients.push(tokio::spawn(worker(round).settings()));
    clients
}

impl Worker {
    /// Sends a call with the proof that some calls need. Returns `None` if the server ended or its store failed.
    async fn post(&self, endpoint: &str, body: &Value) -> Option<Value> {
        let headers = [
            ("content-type", "application/json"),
            ("x-2fa-method", "password"),
            ("x-2fa-code", PASSWORD_DIGEST),
        ];
        let path = format!("/api/v1/{endpoint}");
        let answer = self.client.try_send("POST", &path, &headers, body.to_string()).await?;
        assert!(
            answer.status == 200 || answer.status >= 500,
            "{endpoint} {body}: {answer:?}"
        );
        (answer.status == 200).then(|| answer.json())
    }

    /// Changes one thing by a call, and notes both the request and its answer. Returns `false` if there was no answer.
    async fn change(&self, key: &str, state: Option<State>, endpoint: &str, body: Value) -> bool {
        self.ledger.asked(key, state.clone());
        let is_done = self.post(endpoint, &body).await.is_some();
        if is_done {
            self.ledger.acknowledged(key, state);
        }
        is_done
    }

    /// Creates, updates and deletes custom statuses.
    async fn statuses(self) {
        for serial in 0.. {
            let name = format!("{} serial {serial:05}", self.first);
            self.ledger.asked(&name, Some((String::new(), "busy".into())));
            let create = json!({"name": name, "statusType": "busy"});
            let Some(created) = self.post("custom-user-status.create", &create).await else {
                return;
            };
            let id = created["customUserStatus"]["_id"].as_str().expect("an id").to_owned();
            self.ledger.acknowledged(&name, Some((id.clone(), "busy".into())));
            let goes_on = match serial % 3 {
                1 => {
                    let body = json!({"_id": id, "name": name, "statusType": "away"});
                    let away = Some((id, "away".into()));
                    self.change(&name, away, "custom-user-status.update", body).await
                }
                2 => {
                    let body = json!({"customUserStatusId": id});
                    self.change(&name, None, "custom-user-status.delete", body).await
                }
                _ => true,
            };
            if !goes_on {
                return;
            }
        }
    }

    /// Uploads pictures of all sizes.
    async fn pictures(self, mut random: Random) {
        loop {
            // Pictures that compress, or repeat an earlier one's sectors, would hide that one is torn.
            let side = u32::try_from(8 + random.below(MAX_SIDE - 8)).expect("a small number");
            let picture = noise(random.next(), side);
            let stored = CleanPicture::of(&picture, PictureRule { square: None }).expect("a picture");
            self.ledger.asked(PICTURE, Some(sum(&stored.bytes)));
            let answer = self.client.try_upload(&picture, &[]).await;
            if answer.is_none_or(|answer| answer.status != 200) {
                return;
            }
            self.ledger.acknowledged(PICTURE, Some(sum(&stored.bytes)));
        }
    }

    /// Creates users, renames them with a new e-mail address, and deletes two of three.
    async fn users(self) {
        let round = self.first.replace(' ', "-");
        for serial in 0.. {
            let key = format!("{USER} {} {serial:04}", self.first);
            let username = |name: &str| format!("{name}-{round}-{serial}");
            let state = |id: &str, name: &str| Some((id.to_owned(), format!("{0} {0}@example.com", username(name))));
            let first = username("first");
            let create = json!({
                "username": first, "name": key, "email": format!("{first}@example.com"), "password": PASSWORD,
            });
            self.ledger.asked(&key, state("", "first"));
            let Some(created) = self.post("users.create", &create).await else {
                return;
            };
            let id = created["user"]["_id"].as_str().expect("an id").to_owned();
            self.ledger.acknowledged(&key, state(&id, "first"));
            for name in ["second", "third"] {
                let data = json!({"username": username(name), "email": format!("{}@example.com", username(name))});
                let body = json!({"userId": id, "data": data});
                if !self.change(&key, state(&id, name), "users.update", body).await {
                    return;
                }
            }
            if serial % 3 > 0 && !self.change(&key, None, "users.delete", json!({"userId": id})).await {
                return;
            }
        }
    }

    /// Creates and removes one personal token.
    async fn tokens(self) {
        let (key, name) = ("the token", json!({"tokenName": "the token"}));
        let here = || Some((String::new(), String::new()));
        loop {
            let goes_on = if self.ledger.state(key).is_some() {
                self.change(key, None, "users.removePersonalAccessToken", name.clone())
                    .await
            } else {
                self.change(key, here(), "users.generatePersonalAccessToken", name.clone())
                    .await
            };
            if !goes_on {
                return;
            }
        }
    }

    /// Changes one setting.
    async fn settings(self) {
        for serial in 0.. {
            let value = format!("{} {serial}", self.first);
            let endpoint = format!("settings/{SETTING}");
            let body = json!({"value": value});
            if !self
                .change(SETTING, Some((String::new(), value)), &endpoint, body)
                .await
            {
                return;
            }
        }
    }
}

fn sum(picture: &[u8]) -> State {
    (String::new(), crc32fast::hash(picture).to_string())
}

/// Returns all that the load changes, as the server shows it to the administrator.
pub async fn shown(client: &Client) -> Shown {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let list = async |endpoint: &str, name: &str| {
        let answer = client.get(endpoint).await.expect(200);
        answer[name].as_array().expect("a list").clone()
    };
    let mut shown = Shown::new();
    for status in list("custom-user-status.list?count=0", "statuses").await {
        shown.insert(
            text(&status["name"]),
            (text(&status["_id"]), text(&status["statusType"])),
        );
    }
    for user in list("users.list?count=0", "users").await {
        let name = user["name"].as_str().unwrap_or_default().to_owned();
        if name.starts_with(USER) {
            let state = format!("{} {}", text(&user["username"]), text(&user["emails"][0]["address"]));
            shown.insert(name, (text(&user["_id"]), state));
        }
    }
    for token in list("users.getPersonalAccessTokens", "tokens").await {
        shown.insert(text(&token["name"]), State::default());
    }
    let picture = client.send("GET", &format!("/avatar/{ADMIN}"), &[], "").await;
    if picture.header("content-type") == Some("image/png") {
        shown.insert(PICTURE.into(), sum(&picture.body));
    }
    let setting = client.get(&format!("settings/{SETTING}")).await.expect(200);
    let setting = text(&setting["value"]);
    if setting.starts_with("round") {
        shown.insert(SETTING.into(), (String::new(), setting));
    }
    shown
}
