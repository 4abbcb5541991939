//! Random calls of a user with a random set of permissions reach no user and no role that has a permission
//! which the user lacks.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::administrators::give;
use crate::support::server::{PASSWORD, UNLIMITED, create_user, fix};
use crate::support::{Client, TestServer};

const CALLS: usize = 40;

/// Numbers that follow from a seed (a linear congruential generator).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % bound
    }

    fn one<'list, T>(&mut self, list: &'list [T]) -> &'list T {
        &list[self.below(list.len())]
    }
}

/// What an administrator sees of all users and roles.
struct World {
    /// The login of each user, by id: username, address, roles, whether active.
    users: BTreeMap<String, Value>,
    /// The permissions of each role.
    roles: BTreeMap<String, BTreeSet<String>>,
}

impl World {
    async fn look(admin: &Client) -> Self {
        let listed = admin.get("users.list?count=0").await.expect(200);
        let mut users = BTreeMap::new();
        for user in listed["users"].as_array().expect("users") {
            let id = user["_id"].as_str().expect("an id").to_owned();
            let info = admin.get(&format!("users.info?userId={id}")).await.expect(200)["user"].clone();
            let login = json!([info["username"], info["emails"], info["roles"], info["active"]]);
            users.insert(id, login);
        }
        let mut roles: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        let grants = admin.get("permissions.listAll").await.expect(200);
        for grant in grants["update"].as_array().expect("grants") {
            for role in grant["roles"].as_array().expect("roles") {
                let held = roles.entry(role.as_str().expect("an id").to_owned()).or_default();
                held.insert(grant["_id"].as_str().expect("an id").to_owned());
            }
        }
        Self { users, roles }
    }

    fn of(&self, id: &str) -> BTreeSet<String> {
        let roles = self.users.get(id).map(|login| login[2].clone()).unwrap_or_default();
        let roles = roles.as_array().cloned().unwrap_or_default();
        let held = roles.iter().filter_map(|role| self.roles.get(role.as_str()?));
        held.flatten().cloned().collect()
    }
}

fn call(random: &mut Random, users: &[(String, String)], roles: &[String], permissions: &[String]) -> (String, Value) {
    let (id, name) = random.one(users).clone();
    let (role, other) = (random.one(roles).clone(), random.one(roles).clone());
    let update = |data: Value| ("users.update", json!({"userId": id, "data": data}));
    let (endpoint, body) = match random.below(15) {
        0 => update(json!({"roles": [role, other]})),
        1 => update(json!({"email": format!("e{}@example.com", random.below(1_000_000))})),
        2 => update(json!({"password": "Taken-over-1!"})),
        3 => update(json!({"active": false})),
        4 => (
            "users.setActiveStatus",
            json!({"userId": id, "activeStatus": random.below(2) == 0}),
        ),
        5 => ("users.delete", json!({"userId": id})),
        6 => ("users.logout", json!({"userId": id})),
        7 => ("users.createPasswordResetLink", json!({"userId": id})),
        8 => ("users.resetTOTP", json!({"userId": id})),
        9 => ("roles.addUserToRole", json!({"roleId": role, "username": name})),
        10 => ("roles.removeUserFromRole", json!({"roleId": role, "username": name})),
        11 => (
            "settings/Accounts_Registration_Users_Default_Roles",
            json!({"value": format!("{role},user")}),
        ),
        12 => {
            let number = random.below(1_000_000);
            let new = json!({
                "username": format!("new{number}"), "name": "New", "email": format!("new{number}@example.com"),
                "password": PASSWORD, "roles": [role],
            });
            ("users.create", new)
        }
        _ => {
            let grant = json!({"_id": random.one(permissions), "roles": ["admin", role, other]});
            ("permissions.update", json!({"permissions": [grant]}))
        }
    };
    (endpoint.to_owned(), body)
}

async fn search(seed: u64) {
    let server = TestServer::start_with(|options| fix(options, &[UNLIMITED])).await;
    let mut random = Random(seed);
    let admin = server.admin().await;
    let all = admin.get("permissions.listAll").await.expect(200);
    let all = all["update"].as_array().expect("a list").iter();
    let permissions: Vec<_> = all.map(|one| one["_id"].as_str().expect("an id").to_owned()).collect();
    let mut roles: Vec<_> = ["user", "guest", "bot", "admin", "moderator"].map(str::to_owned).into();
    for name in ["eve", "sam", "tom"] {
        server.command(create_user(name)).await;
        let half = permissions.iter().filter(|_| random.below(2) == 0).map(String::as_str);
        roles.push(give(&admin, name, &half.collect::<Vec<_>>()).await);
    }
    let eve = server.logged_in("eve").await;
    let begin = World::look(&admin).await;
    let own = begin.of(eve.id());
    let beyond = |set: &BTreeSet<String>| !set.is_subset(&own);
    for _ in 0..CALLS {
        let now = World::look(&admin).await;
        let users: Vec<_> = now
            .users
            .iter()
            .map(|(id, login)| (id.clone(), login[0].clone()))
            .collect();
        let users: Vec<_> = users
            .into_iter()
            .map(|(id, name)| (id, name.as_str().expect("a name").to_owned()))
            .collect();
        let (endpoint, body) = call(&mut random, &users, &roles, &permissions);
        let status = eve.post_proved(&endpoint, &body).await.status;
        let after = World::look(&admin).await;
        let case = format!("seed {seed}: {endpoint} {body} was answered {status}");
        for (id, login) in &now.users {
            if id != eve.id() && beyond(&now.of(id)) {
                assert_eq!(after.users.get(id), Some(login), "{case}");
                assert_eq!(after.of(id), now.of(id), "{case}");
            }
        }
        for id in after.users.keys() {
            let gained: BTreeSet<_> = after.of(id).difference(&now.of(id)).cloned().collect();
            assert!(!beyond(&gained), "{case}: {id} gained {gained:?}");
        }
        for (role, held) in &now.roles {
            if beyond(held) {
                assert_eq!(after.roles.get(role), Some(held), "{case}: {role}");
            }
        }
    }
    // Passwords and tokens of users with more are good still.
    for name in ["admin", "sam", "tom"] {
        let id = begin
            .users
            .iter()
            .find(|(_, login)| login[0] == name)
            .map(|(id, _)| id.clone());
        if id.is_some_and(|id| beyond(&begin.of(&id))) {
            server.logged_in(name).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_sequence_of_calls_reaches_beyond_the_permissions_of_the_caller() {
    for seed in 1..=4 {
        search(seed).await;
    }
}
