//! A viewer can't find out that an offline user is really invisible, or hides from the viewer.
//!
//! Two worlds begin as copies of one store, with the same ids, tokens and times. They differ in one hidden fact. The
//! viewer makes the same calls in both and must get the same bytes and the same events.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rollcall::domain::{SettingId, SettingValue};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::server::{MINUTE, PASSWORD, UNLIMITED, copy, create_user, fix, new_folder};
use crate::support::store::skipped_in_cluster;
use crate::support::{Client, Socket, TestServer};

/// Random sequences that are played for each pair of worlds.
const SEQUENCES: usize = 5;

/// What the user `hid` really does at the moment at which all viewers see `hid` go offline.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Secret {
    /// Goes offline.
    Offline,
    /// Declares to be offline, and stays connected.
    Invisible,
    /// Hides from the viewer by name.
    HidesFromUser,
    /// Hides from a role of the viewer.
    HidesFromRole,
}

/// What `hid` does while hidden; in the world where `hid` is offline, nothing happens.
#[derive(Debug, Clone)]
enum Deed {
    Connect,
    Disconnect,
    Away(bool),
    External(u8),
    Say(u8),
    Call,
    Login,
}

#[derive(Debug, Clone)]
enum Step {
    Deed(Deed),
    /// A call of the viewer: which, and with which parameter.
    Ask(usize, usize),
    Pass(i64),
    /// An administrator renames `hid`, in both worlds.
    Rename(u8),
    /// An administrator gives `hid` a role, or takes it, in both worlds.
    Role(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let deed = prop_oneof![
        2 => Just(Deed::Connect),
        2 => Just(Deed::Disconnect),
        2 => any::<bool>().prop_map(Deed::Away),
        2 => any::<u8>().prop_map(Deed::External),
        2 => any::<u8>().prop_map(Deed::Say),
        2 => Just(Deed::Call),
        1 => Just(Deed::Login),
    ];
    prop_oneof![
        6 => deed.prop_map(Step::Deed),
        8 => (any::<usize>(), any::<usize>()).prop_map(|(which, with)| Step::Ask(which, with)),
        2 => prop_oneof![Just(1_i64), Just(5_000), Just(MINUTE)].prop_map(Step::Pass),
        1 => any::<u8>().prop_map(Step::Rename),
        1 => any::<bool>().prop_map(Step::Role),
    ]
}

/// A store with the users, all logged in, and their tokens.
struct Seed {
    folder: Arc<TempDir>,
    logins: Vec<(String, String)>,
}

impl Seed {
    async fn make() -> Self {
        let server = TestServer::start_with(|options| fix(options, &[UNLIMITED])).await;
        for name in ["hid", "eve", "bob"] {
            server.command(create_user(name)).await;
        }
        let admin = server.admin().await;
        let give = json!({"roleName": "guest", "username": "eve"});
        admin.post("roles.addUserToRole", &give).await.expect(200);
        let mut logins = Vec::new();
        // `hid` has two sessions: one is open when the worlds part, the other one comes later.
        for name in ["hid", "hid", "eve", "bob"] {
            logins.push(server.logged_in(name).await.login.expect("a login"));
        }
        logins.push(admin.login.expect("a login"));
        Self {
            folder: server.stop().await,
            logins,
        }
    }
}

struct World {
    server: TestServer,
    secret: Secret,
    hid: Client,
    hid_later: Client,
    admin: Client,
    viewer: Client,
    /// The sockets of `hid`.
    sockets: Vec<Socket>,
    /// The socket of the viewer, which hears all that can be heard.
    listener: Socket,
    at: String,
    barriers: u32,
}

impl World {
    async fn open(seed: &Seed, secret: Secret, viewer: &str, requires_connection: bool) -> Self {
        let folder = new_folder();
        copy(seed.folder.path(), folder.path());
        let server = TestServer::open(folder, |options| {
            let flag = SettingValue::Flag(requires_connection);
            fix(options, &[UNLIMITED, (SettingId::PresenceRequiresConnection, flag)]);
        })
        .await;
        let client = |place: usize| {
            let (id, token) = &seed.logins[place];
            server.anonymous().with_login(id, token)
        };
        let viewer = client(if viewer == "admin" { 4 } else { 2 });
        let hid = client(0);
        let mut listener = Socket::of(&viewer).await;
        let events = "user-status Users:NameChanged Users:Deleted updateAvatar roles-change updateCustomUserStatus";
        for event in events.split(' ') {
            listener.listen("notify-logged", event).await;
        }
        listener
            .sub("stream-user-presence", json!(["", {"added": [hid.id()]}]))
            .await;
        let world = Self {
            secret,
            hid_later: client(1),
            admin: client(4),
            viewer,
            sockets: vec![Socket::of(&hid).await],
            hid,
            listener,
            at: String::new(),
            barriers: 0,
            server,
        };
        world.server.pass(MINUTE);
        world.seen(&world.hid.clone()).await;
        world
    }

    /// Waits until the server has stored that this session of `hid` was used now.
    async fn seen(&self, client: &Client) {
        self.server.pass(MINUTE);
        let own = client.get("presence.getPrivacy").await.expect(200)["lastSeenAt"].clone();
        let mut now = own.clone();
        while now == own {
            now = client.get("presence.getPrivacy").await.expect(200)["lastSeenAt"].clone();
        }
    }

    /// The moment at which all viewers see `hid` go offline.
    async fn part(&mut self) {
        self.seen(&self.hid.clone()).await;
        match self.secret {
            Secret::Offline => {
                let mut socket = self.sockets.remove(0);
                socket.call("logout", json!([])).await;
            }
            Secret::Invisible => {
                let offline = json!({"status": "offline", "message": ""});
                self.hid.post("users.setStatus", &offline).await.expect(200);
            }
            Secret::HidesFromUser => self.hide(json!({"users": [self.viewer.id()]})).await,
            Secret::HidesFromRole => self.hide(json!({"roles": ["guest", "admin"]})).await,
        }
    }

    async fn part_heard(&mut self) -> Vec<String> {
        self.part().await;
        self.heard().await
    }

    /// The moment at which all viewers see `hid` come online.
    async fn come_back(&mut self) {
        match self.secret {
            Secret::Offline => {
                self.sockets.push(Socket::of(&self.hid_later).await);
                self.seen_at_once().await;
            }
            Secret::Invisible => {
                self.sockets.push(Socket::of(&self.hid_later).await);
                let online = json!({"status": "online", "message": ""});
                self.clear_external().await;
                self.hid.post("users.setStatus", &online).await.expect(200);
            }
            Secret::HidesFromUser | Secret::HidesFromRole => {
                self.sockets.push(Socket::of(&self.hid_later).await);
                self.clear_external().await;
                let online = json!({"status": "online", "message": ""});
                self.hid.post("users.setStatus", &online).await.expect(200);
                self.hide(json!({"users": [], "roles": []})).await;
            }
        }
    }

    async fn clear_external(&self) {
        for _ in 0..40 {
            self.hid
                .post("status.end", &json!({"claimId": "external"}))
                .await
                .expect(200);
        }
    }

    /// Waits until the use of the second session is stored, without passing time.
    async fn seen_at_once(&self) {
        let own = async || self.hid_later.get("presence.getPrivacy").await.expect(200)["lastSeenAt"].clone();
        let first = own().await;
        for _ in 0..200 {
            if own().await != first {
                return;
            }
        }
    }

    async fn hide(&self, from: Value) {
        let body = json!({"hideFrom": from});
        self.hid.post("presence.setPrivacy", &body).await.expect(200);
    }

    async fn perform(&mut self, deed: &Deed, logins: bool) {
        let hides = matches!(self.secret, Secret::HidesFromUser | Secret::HidesFromRole);
        match deed {
            _ if self.secret == Secret::Offline => {}
            Deed::Connect => self.sockets.push(Socket::of(&self.hid_later).await),
            Deed::Disconnect => {
                if let Some(socket) = self.sockets.pop() {
                    socket.close().await;
                }
            }
            Deed::Away(away) => {
                let method = if *away {
                    "UserPresence:away"
                } else {
                    "UserPresence:online"
                };
                if let Some(socket) = self.sockets.last_mut() {
                    socket.call(method, json!([])).await;
                }
            }
            Deed::External(number) => {
                let status = ["busy", "away", "online"][usize::from(number % 3)];
                let body = json!({
                    "status": status,
                    "message": format!("external {number}"), "emoji": "🍵", "source": "external", "claimId": "external",
                });
                self.hid.post("users.setStatus", &body).await.expect(200);
            }
            // The text of an offline user is visible, so only a user who hides may say something in secret.
            Deed::Say(number) if hides => {
                let status = ["busy", "away", "online", "offline"][usize::from(number % 4)];
                let body = json!({
                    "status": status,
                    "message": format!("secret {number}"),
                });
                self.hid.post("users.setStatus", &body).await.expect(200);
            }
            Deed::Login if logins => drop(self.server.logged_in("hid").await),
            Deed::Call | Deed::Say(_) | Deed::Login => {
                self.hid_later.get("me").await.expect(200);
            }
        }
    }

    /// Makes a call of the viewer; all that the viewer learns.
    async fn ask(&mut self, which: usize, with: usize) -> String {
        let id = self.hid.id().to_owned();
        let sorts = [
            "",
            "&sort=%7B%22name%22%3A1%7D",
            "&sort=%7B%22status%22%3A-1%2C%22username%22%3A1%7D",
            "&sort=%7B%22lastLogin%22%3A1%7D",
            "&sort=%7B%22nothing%22%3A1%7D",
            "&count=2&offset=1",
            "&count=0",
        ];
        let sort = sorts[with % sorts.len()];
        let filters = [
            "hasLoggedIn=true",
            "hasLoggedIn=false",
            "roles[]=guest",
            "inactiveReason[]=deactivated",
            "status=active",
            "status=deactivated",
            "searchTerm=hid",
            "searchTerm=renamed",
            "searchTerm=hid@example",
        ];
        let filter = filters[with % filters.len()];
        let other = if with.is_multiple_of(3) { "bob" } else { "hid" };
        let paths = [
            format!("/api/v1/users.info?username={other}"),
            format!("/api/v1/users.info?userId={id}"),
            format!("/api/v1/users.getStatus?username={other}"),
            format!("/api/v1/users.getPresence?userId={id}"),
            "/api/v1/users.presence".to_owned(),
            format!("/api/v1/users.presence?ids={id}"),
            format!("/api/v1/users.presence?from={}", self.at),
            format!("/api/v1/users.list?{}", sort.trim_start_matches('&')),
            format!("/api/v1/users.listByStatus?{filter}{sort}"),
            "/api/v1/users.autocomplete?selector=%7B%22term%22%3A%22hi%22%7D".to_owned(),
            "/api/v1/presence.getConnections".to_owned(),
            "/api/v1/roles.getUsersInRole?role=user".to_owned(),
            format!("/avatar/{other}"),
            format!("/avatar/uid/{id}"),
            "getUserStatusText".to_owned(),
        ];
        let path = &paths[which % paths.len()];
        if path == "getUserStatusText" {
            return self.listener.call(path, json!([id])).await["result"].to_string();
        }
        let answer = self.viewer.send("GET", path, &[], "").await;
        if path.contains("users.presence") && !path.contains("ids") {
            let at = answer.json()["at"].clone();
            at.as_str().expect("a moment").clone_into(&mut self.at);
        }
        let headers: Vec<_> = answer
            .headers
            .iter()
            .filter(|(name, _)| !["date", "x-instance-id", "x-request-id"].contains(&name.as_str()))
            .map(|(name, value)| format!("{name}: {value:?}"))
            .collect();
        format!(
            "{path} {} {headers:?} {}",
            answer.status,
            String::from_utf8_lossy(&answer.body)
        )
    }

    /// What the viewer's socket heard until now.
    async fn heard(&mut self) -> Vec<String> {
        self.barriers += 1;
        // Comes after all that happened before it.
        let name = format!("barrier {}", self.barriers);
        self.admin.create_status(&name, "busy").await.expect(200);
        let is_last = |args: &Value| args[0]["userStatusData"]["name"] == *name;
        while !is_last(&self.listener.event("notify-logged", "updateCustomUserStatus").await) {}
        self.listener.left().iter().map(ToString::to_string).collect()
    }
}

/// Plays one sequence in a world; all that the viewer learns, in order.
async fn play(world: &mut World, steps: &[Step], logins: bool) -> Vec<String> {
    let mut learned = Vec::new();
    for step in steps {
        match step {
            Step::Deed(deed) => world.perform(deed, logins).await,
            Step::Ask(which, with) => learned.push(world.ask(*which, *with).await),
            Step::Pass(millis) => world.server.pass(*millis),
            Step::Rename(number) => {
                let body = json!({"userId": world.hid.id(), "data": {"name": format!("Renamed {number}")}});
                world.admin.post("users.update", &body).await.expect(200);
            }
            Step::Role(give) => {
                let verb = if *give { "addUserToRole" } else { "removeUserFromRole" };
                let body = json!({"roleName": "bot", "username": "hid"});
                world.admin.post(&format!("roles.{verb}"), &body).await;
            }
        }
        learned.extend(world.heard().await);
    }
    learned
}

async fn compare(secret: Secret, viewer: &str, requires_connection: bool) {
    // Administrators see when a user last logged in, whatever the user shows.
    let logins = viewer != "admin";
    let seed = Seed::make().await;
    let mut real = World::open(&seed, secret, viewer, requires_connection).await;
    let mut offline = World::open(&seed, Secret::Offline, viewer, requires_connection).await;
    let mut runner = TestRunner::deterministic();
    let sequence = proptest::collection::vec(step(), 12..30);
    let check = |steps: &[Step], real: &[String], offline: &[String]| {
        for (one, other) in real.iter().zip(offline) {
            assert_eq!(
                one, other,
                "{secret:?} differs from offline for {viewer} after {steps:?}"
            );
        }
        assert_eq!(real.len(), offline.len(), "{real:#?} {offline:#?} after {steps:?}");
    };
    check(&[], &real.heard().await, &offline.heard().await);
    let asks: Vec<_> = (0..60).map(|number| Step::Ask(number, number)).collect();
    check(&[], &real.part_heard().await, &offline.part_heard().await);
    check(
        &[],
        &play(&mut real, &asks, logins).await,
        &play(&mut offline, &asks, logins).await,
    );
    for _ in 0..SEQUENCES {
        let steps = sequence.new_tree(&mut runner).expect("steps").current();
        let both = (
            play(&mut real, &steps, logins).await,
            play(&mut offline, &steps, logins).await,
        );
        check(&steps, &both.0, &both.1);
        check(
            &steps,
            &play(&mut real, &asks, logins).await,
            &play(&mut offline, &asks, logins).await,
        );
    }
    for world in [&mut real, &mut offline] {
        world.server.pass(MINUTE);
        world.come_back().await;
    }
    check(&[], &real.heard().await, &offline.heard().await);
    check(
        &[],
        &play(&mut real, &asks, logins).await,
        &play(&mut offline, &asks, logins).await,
    );
}

#[tokio::test]
async fn an_invisible_user_is_an_offline_one_to_an_ordinary_viewer() {
    if skipped_in_cluster("it copies a data folder") {
        return;
    }
    compare(Secret::Invisible, "eve", false).await;
}

#[tokio::test]
async fn an_invisible_user_is_an_offline_one_where_presence_requires_a_connection() {
    if skipped_in_cluster("it copies a data folder") {
        return;
    }
    compare(Secret::Invisible, "eve", true).await;
}

#[tokio::test]
async fn an_invisible_user_is_an_offline_one_to_an_administrator() {
    if skipped_in_cluster("it copies a data folder") {
        return;
    }
    compare(Secret::Invisible, "admin", false).await;
}

#[tokio::test]
async fn a_user_who_hides_from_the_viewer_is_an_offline_one() {
    if skipped_in_cluster("it copies a data folder") {
        return;
    }
    compare(Secret::HidesFromUser, "eve", false).await;
}

#[tokio::test]
async fn a_user_who_hides_from_a_role_is_an_offline_one_to_its_holders() {
    if skipped_in_cluster("it copies a data folder") {
        return;
    }
    compare(Secret::HidesFromRole, "eve", true).await;
}

#[tokio::test]
async fn a_user_who_hides_from_an_administrator_is_an_offline_one() {
    if skipped_in_cluster("it copies a data folder") {
        return;
    }
    compare(Secret::HidesFromUser, "admin", false).await;
}

#[tokio::test]
async fn an_invisible_user_shows_no_source_no_connection_and_a_time_that_stands_still() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let mut own = Socket::of(&ada).await;
    let mut listener = Socket::of(&admin).await;
    listener.listen("notify-logged", "user-status").await;
    server.pass(MINUTE);
    let gone = "2023-11-04T11:45:23.366Z";
    let offline = json!({"status": "offline", "message": "", "emoji": "🍵", "expiresAt": "2023-11-05T00:00:00Z"});
    ada.post("users.setStatus", &offline).await.expect(200);
    server.pass(MINUTE);
    own.call("UserPresence:away", json!([])).await;
    drop(server.user().await);
    let told = listener.event("notify-logged", "user-status").await;
    assert_eq!(told, json!([[ada.id(), "ada", 0, "", "ada", ["user"]]]));
    let status = admin.get("users.getStatus?username=ada").await.expect(200);
    let plain = json!({"_id": ada.id(), "status": "offline", "message": "", "success": true});
    assert_eq!(status, plain);
    let presence = admin.get("users.getPresence?username=ada").await.expect(200);
    assert_eq!(
        presence,
        json!({"presence": "offline", "lastSeen": gone, "success": true})
    );
    let info = admin.get("users.info?username=ada").await.expect(200)["user"].clone();
    assert_eq!(
        (&info["statusConnection"], &info["statusDefault"], &info["lastSeen"]),
        (&json!("offline"), &json!("online"), &json!(gone))
    );
    let own = ada.get("users.getStatus").await.expect(200);
    assert_eq!(
        (&own["connectionStatus"], &own["statusSource"]),
        (&json!("away"), &json!("manual"))
    );
}

/// A personal token says nothing of when its user was here; the change of `hideFrom` does.
#[tokio::test]
async fn the_time_stops_at_the_moment_of_hiding_by_whatever_token() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    let made = ada
        .post_proved("users.generatePersonalAccessToken", &json!({"tokenName": "phone"}))
        .await
        .expect(200);
    let by_token = ada.with_login(ada.id(), made["token"].as_str().expect("a token"));
    let seen = async || admin.get("users.getPresence?username=ada").await.expect(200)["lastSeen"].clone();
    server.pass(5 * MINUTE);
    assert_eq!(seen().await, "2023-11-04T11:44:23.366Z");
    let hide = json!({"hideFrom": {"users": ["admin"]}});
    by_token.post("presence.setPrivacy", &hide).await.expect(200);
    assert_eq!(seen().await, "2023-11-04T11:49:23.366Z");
    // The same audience again is no change, and later signs of life are hidden.
    server.pass(5 * MINUTE);
    by_token.post("presence.setPrivacy", &hide).await.expect(200);
    drop(Socket::of(&ada).await);
    assert_eq!(seen().await, "2023-11-04T11:49:23.366Z");
}

#[tokio::test]
async fn the_time_at_which_a_hidden_user_was_seen_survives_a_restart() {
    let server = TestServer::start().await;
    let (ada, admin) = (server.user().await, server.admin().await);
    server.pass(MINUTE);
    let offline = json!({"status": "offline"});
    ada.post("users.setStatus", &offline).await.expect(200);
    server.pass(5 * MINUTE);
    ada.get("me").await.expect(200);
    let login = admin.login.clone().expect("a login");
    let server = TestServer::open(server.stop().await, |_| {}).await;
    let admin = server.anonymous().with_login(&login.0, &login.1);
    let seen = admin.get("users.getPresence?username=ada").await.expect(200)["lastSeen"].clone();
    assert_eq!(seen, "2023-11-04T11:45:23.366Z");
}

#[tokio::test]
async fn a_filter_by_a_hidden_field_is_refused() {
    let server = TestServer::start().await;
    let (user, admin) = (server.user().await, server.admin().await);
    for filter in [
        "hasLoggedIn=false",
        "hasLoggedIn=true",
        "roles[]=admin",
        "inactiveReason[]=pending_approval",
    ] {
        let path = format!("users.listByStatus?{filter}");
        user.get(&path).await.expect(403);
        admin.get(&path).await.expect(200);
    }
    user.get("users.listByStatus?status=active&searchTerm=ad")
        .await
        .expect(200);
}

#[tokio::test]
async fn roles_are_told_only_to_viewers_who_may_see_them() {
    let server = TestServer::start().await;
    server.command(create_user("eve")).await;
    let (ada, admin, eve) = (server.user().await, server.admin().await, server.logged_in("eve").await);
    let mut listeners = Vec::new();
    for client in [&admin, &eve, &ada] {
        let mut socket = Socket::of(client).await;
        socket.listen("notify-logged", "user-status").await;
        socket.listen("notify-logged", "roles-change").await;
        listeners.push(socket);
    }
    let tuple = async |socket: &mut Socket| loop {
        let args = socket.event("notify-logged", "user-status").await;
        if args[0][1] == "ada" && args[0][2] == 3 {
            return args[0][5].clone();
        }
    };
    let busy = json!({"status": "busy", "message": ""});
    ada.post("users.setStatus", &busy).await.expect(200);
    let mut roles = Vec::new();
    for listener in &mut listeners {
        roles.push(tuple(listener).await);
    }
    assert_eq!(
        roles,
        [json!(["user"]), json!([]), json!(["user"])],
        "an administrator, another, the user"
    );
    // A viewer who gets the permission hears roles from then on; one who loses it does not.
    for (viewer, expected) in [("admin", json!(["bot", "user"])), ("user", json!([]))] {
        let body = json!({"userId": eve.id(), "data": {"roles": [viewer]}});
        admin.post("users.update", &body).await.expect(200);
        if viewer == "admin" {
            let give = json!({"roleName": "bot", "username": "ada"});
            admin.post("roles.addUserToRole", &give).await.expect(200);
            let told = listeners[1].event("notify-logged", "roles-change").await;
            let mut told = told;
            while told[0]["u"]["username"] != "ada" {
                told = listeners[1].event("notify-logged", "roles-change").await;
            }
            assert_eq!(told[0]["_id"], "bot");
        }
        ada.post("users.setStatus", &json!({"status": "away"}))
            .await
            .expect(200);
        ada.post("users.setStatus", &busy).await.expect(200);
        assert_eq!(tuple(&mut listeners[1]).await, expected, "{viewer}");
    }
    let give = json!({"roleName": "guest", "username": "ada"});
    admin.post("roles.addUserToRole", &give).await.expect(200);
    ada.post("users.setStatus", &json!({"status": "away"}))
        .await
        .expect(200);
    ada.post("users.setStatus", &busy).await.expect(200);
    tuple(&mut listeners[1]).await;
    let left = listeners[1].left();
    let told =
        |message: &&Value| message["fields"]["eventName"] == "roles-change" && message.to_string().contains("guest");
    assert_eq!(left.iter().filter(told).count(), 0, "{left:?}");
}

#[tokio::test]
async fn the_reason_of_a_registration_is_for_administrators() {
    let server = TestServer::start_with(|options| {
        fix(
            options,
            &[(SettingId::RegistrationForm, SettingValue::Text("Public".into()))],
        );
    })
    .await;
    let body = json!({
        "username": "mia", "email": "mia@example.com", "pass": PASSWORD, "name": "Mia", "reason": "I was fired",
    });
    server.anonymous().post("users.register", &body).await.expect(200);
    let (user, admin) = (server.user().await, server.admin().await);
    let answer = user.get("users.info?username=mia").await;
    assert!(!String::from_utf8_lossy(&answer.body).contains("fired"), "{answer:?}");
    let info = admin.get("users.info?username=mia").await.expect(200);
    assert_eq!(info["user"]["reason"], "I was fired");
}

#[tokio::test]
async fn a_user_who_goes_invisible_or_hides_loses_the_text_before_going_offline() {
    let server = TestServer::start().await;
    server.command(create_user("eve")).await;
    let (ada, eve) = (server.user().await, server.logged_in("eve").await);
    let mut socket = Socket::of(&ada).await;
    let mut listener = Socket::of(&eve).await;
    listener.listen("notify-logged", "user-status").await;
    listener
        .sub("stream-user-presence", json!(["", {"added": [ada.id()]}]))
        .await;
    let mut told = async |events: usize| {
        let mut all = Vec::new();
        for _ in 0..events {
            let args = listener.event("notify-logged", "user-status").await;
            let watched = listener.find(|message| message["id"] == ada.id()).await;
            assert_eq!(
                watched["fields"]["args"][0][2], args[0][3],
                "both streams tell the same"
            );
            all.push((args[0][2].clone(), args[0][3].clone()));
        }
        all
    };
    let says = async |status: &str, message: &str| {
        let body = json!({"status": status, "message": message});
        ada.post("users.setStatus", &body).await.expect(200);
    };
    says("online", "in the garden").await;
    assert_eq!(told(1).await, [(json!(1), json!("in the garden"))]);
    says("offline", "").await;
    assert_eq!(told(2).await, [(json!(1), json!("")), (json!(0), json!(""))]);
    says("online", "in the garden").await;
    assert_eq!(told(1).await, [(json!(1), json!("in the garden"))]);
    says("offline", "in the garden").await;
    assert_eq!(
        told(1).await,
        [(json!(0), json!("in the garden"))],
        "as a disconnection"
    );
    says("online", "in the garden").await;
    assert_eq!(told(1).await, [(json!(1), json!("in the garden"))]);
    let hide = json!({"hideFrom": {"users": ["eve"]}});
    ada.post("presence.setPrivacy", &hide).await.expect(200);
    assert_eq!(told(2).await, [(json!(1), json!("")), (json!(0), json!(""))]);
    socket.ping().await;
}
