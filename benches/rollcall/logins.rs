//! Logins, compared with password hashing alone.

use rollcall::auth::PasswordDigest;
use rollcall::auth::password::Passwords;
use tokio::runtime::Runtime;

use crate::Outcome;
use crate::driver;
use crate::measure::{self, Caller, Extent, Measured};
use crate::plan::Plan;
use crate::server::Server;
use crate::table::{self, Rate};

/// Numbers of concurrent clients.
const AT_ONCE: [usize; 2] = [1, 16];

pub fn run(plan: &Plan) -> Outcome {
    let folder = plan.temporary()?;
    let server = Server::unlimited(folder.path())?;
    let logins = server.logins(AT_ONCE[1])?;
    let mut rows = Vec::new();
    for at_once in AT_ONCE {
        let measured = plan.in_turn(&mut [
            Box::new(|extent| hashing(at_once, extent)),
            Box::new(|extent| driver::drive(&server, logins[..at_once].to_vec(), extent)),
        ])?;
        let [hashing, login] = measured.try_into().map_err(|_| "two subjects")?;
        rows.push(Rate {
            what: "argon2id (floor)".into(),
            at_once,
            measured: hashing.clone(),
            floor: None,
        });
        rows.push(Rate {
            what: "POST login".into(),
            at_once,
            measured: login,
            floor: Some((hashing, "argon2id")),
        });
    }
    table::rates(
        "Logins, each of a user and an address of its own, with a durable token",
        &rows,
    );
    Ok(())
}

/// Measures hashing as the server does it, with as many hashes at a time as there are cores.
fn hashing(at_once: usize, extent: Extent) -> Outcome<Measured> {
    struct Hasher(Passwords);
    impl Caller for Hasher {
        async fn call(&mut self) -> Outcome {
            self.0.hash(PasswordDigest::of("correct horse")).await?;
            Ok(())
        }
    }

    let passwords = Passwords::default();
    let hashers = (0..at_once).map(|_| Hasher(passwords.clone())).collect();
    Runtime::new()?.block_on(measure::measure(hashers, extent, std::process::id()))
}
