//! Lists of users as an ordinary user requests them, with 100 and with 20,000 users in the store.

use rollcall::admin_socket::{self, Command};
use rollcall::app::Overrides;
use rollcall::domain::DisplayName;
use tokio::runtime::Runtime;

use crate::driver::{self, Request};
use crate::plan::Plan;
use crate::server::{PASSWORD, Server};
use crate::table::{self, Rate};
use crate::{Outcome, population};

/// Numbers of users in the store.
const SIZES: [u64; 2] = [100, 20_000];

/// Number of concurrent connections.
const CONNECTIONS: usize = 4;

/// The ordinary user who sends the requests.
const VIEWER: &str = "viewer";

/// The requests: a name for the table, and the path.
const QUERIES: [(&str, &str); 9] = [
    ("users.list", "users.list"),
    ("users.list, last page", "users.list?offset=19950"),
    ("users.list?count=0", "users.list?count=0"),
    (
        "users.list, sorted by name, downwards",
        "users.list?sort=%7B%22name%22%3A-1%7D",
    ),
    (
        "users.list, sorted by three fields",
        "users.list?sort=%7B%22status%22%3A1%2C%22name%22%3A-1%2C%22_id%22%3A1%7D",
    ),
    (
        "users.listByStatus, a term that fits none",
        "users.listByStatus?searchTerm=zzz",
    ),
    (
        "users.listByStatus, a term that fits all, sorted by name",
        "users.listByStatus?status=active&searchTerm=er&sort=%7B%22name%22%3A-1%7D",
    ),
    (
        "users.autocomplete, a term that fits none",
        "users.autocomplete?selector=%7B%22term%22%3A%22zzz%22%7D",
    ),
    ("users.presence, a tenth is here", "users.presence"),
];

pub fn run(plan: &Plan) -> Outcome {
    for users in SIZES {
        let folder = plan.temporary()?;
        population::fill_with(folder.path(), users, named, |change, user| {
            let number = user.username.as_str().trim_start_matches("user");
            if number.ends_with('7') {
                change.insert(&population::busy(&user.id, None))
            } else {
                change
            }
        })?;
        add_viewer(folder.path())?;
        let server = &Server::unlimited(folder.path())?;
        let credentials = server.credentials_of(VIEWER)?;
        let requests = QUERIES.map(|(_, path)| Request::get(&format!("/api/v1/{path}"), &credentials));
        for request in &requests {
            driver::ask(server, request)?;
        }
        let mut subjects: Vec<crate::plan::Subject> = Vec::new();
        for request in &requests {
            subjects.push(Box::new(move |extent| {
                driver::drive(server, vec![request.clone(); CONNECTIONS], extent)
            }));
        }
        let measured = plan.in_turn(&mut subjects)?;
        let rows: Vec<_> = QUERIES
            .iter()
            .zip(measured)
            .map(|((what, _), measured)| Rate {
                what: (*what).to_owned(),
                at_once: CONNECTIONS,
                measured,
                floor: None,
            })
            .collect();
        table::rates(&format!("Lists, {} users", table::count(users)), &rows);
    }
    Ok(())
}

fn named(number: u64, user: rollcall::domain::User) -> Outcome<rollcall::domain::User> {
    Ok(rollcall::domain::User {
        name: Some(DisplayName::parse(&format!(
            "Person Number {}",
            number * 7919 % 20_011
        ))?),
        ..user
    })
}

/// Adds the ordinary user, with a password.
fn add_viewer(folder: &std::path::Path) -> Outcome {
    let command = Command::CreateUser {
        username: VIEWER.into(),
        email: Some("viewer@example.com".into()),
        name: None,
        password: PASSWORD.into(),
        roles: Vec::new(),
    };
    let ran = Runtime::new()?.block_on(admin_socket::run(folder, Overrides::default(), command));
    ran.map(drop).map_err(|failure| format!("{failure:?}").into())
}
