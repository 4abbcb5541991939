//! The parts that several targets use: a runtime, an empty store with a login, and the bytes of a backup.

use std::sync::LazyLock;

use rollcall::app::{App, Clock, Overrides};
use rollcall::auth::password::Passwords;
use rollcall::auth::{Actor, Origin, PasswordDigest};
use rollcall::ops::login::{Credentials, login};
use rollcall::ops::users::UserIdentifier;
use rollcall::ops::users::{self, NewUser, NewUserTexts};
use rollcall::store::Store;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub mod backup;

/// The runtime of everything asynchronous in a target.
pub static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

/// The password of every user that a target creates.
pub const PASSWORD: &str = "correct horse";

/// Creates a folder in memory where the machine has one, because a target opens many files.
pub fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .expect("a temporary folder")
}

/// Opens an empty store that stays until the fuzzer ends.
pub fn app(fixed: Overrides) -> App {
    let folder = folder().keep();
    let store = Store::open(&folder).expect("a store");
    App::new(store, Clock::system(), Passwords::default(), fixed)
}

/// Creates a user, logs in, and returns the token.
pub async fn session(app: &App, username: &str) -> String {
    let texts = NewUserTexts {
        username,
        email: None,
        name: None,
        password: PASSWORD,
        roles: &[],
    };
    let new_user = NewUser::parse(texts).expect("a user");
    let created = users::create(app, &Actor::Operator, new_user).await;
    created.expect("the user is created");
    let credentials = Credentials::Password {
        account: UserIdentifier::typed(username),
        digest: PasswordDigest::of(PASSWORD),
        code: None,
    };
    let begun = login(app, &Origin::default(), credentials).await.expect("a login");
    begun.token.expose().to_owned()
}
