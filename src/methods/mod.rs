//! Methods: what clients call by name with positional parameters, over HTTP (`method.call`) and over a
//! socket (`api.md` §9, §10.2). A method translates in, calls one operation, translates out.

mod accounts;
mod administration;
mod answer;
pub mod credentials;
mod custom_statuses;
mod fault;
mod limits;
pub mod message;
mod params;
mod personal_tokens;
pub mod record;
mod server;
mod statuses;
mod tokens;
mod two_factor;

use std::pin::Pin;

use serde_json::Value;

pub use answer::{Answer, LoginChange};
pub use fault::MethodFault;
use params::Params;

use crate::app::App;
use crate::auth::{Actor, Caller, Origin};
use crate::domain::scope::Need;
use crate::domain::text::quoted;
use crate::domain::{Duty, Fault};
use crate::hub::Connection;
use crate::ops::two_factor::PresentedCode;
use crate::ops::{proof, two_factor as second_factor};

/// Who calls, from where, by what.
#[derive(Clone, Copy)]
pub struct Context<'call> {
    /// The application.
    pub app: &'call App,
    /// Who calls, if somebody is logged in.
    pub caller: Option<&'call Caller>,
    /// From where.
    pub origin: &'call Origin,
    /// The number of the socket that the call came over, if it came over one.
    pub socket: Option<u64>,
    /// The live connection of the caller behind that socket.
    pub connection: Option<&'call Connection>,
    /// The second factor that came with the call.
    pub code: Option<&'call PresentedCode>,
}

impl Context<'_> {
    /// Who calls.
    ///
    /// # Errors
    /// [`Fault::NotAllowed`] when nobody is logged in.
    fn caller(&self) -> Result<&Caller, Fault> {
        self.caller.ok_or(Fault::NotAllowed { words: "Not allowed" })
    }

    fn actor(&self) -> Result<Actor, Fault> {
        self.caller().map(|caller| Actor::User(caller.clone()))
    }
}

type Outcome = Result<Answer, Fault>;

type Work<'call> = Pin<Box<dyn Future<Output = Outcome> + Send + 'call>>;

/// A method.
struct Method {
    name: &'static str,
    /// What it needs of a token with scopes.
    need: Need,
    /// Whether the caller shows a second factor before it (`api.md` §4).
    two_factor: bool,
    /// Whether it needs a fresh proof of who the caller is, which nothing excuses.
    fresh_proof: bool,
    /// The duties that it serves, so that it passes while one of them is due.
    serves: &'static [Duty],
    run: for<'call> fn(Context<'call>, Params) -> Work<'call>,
}

/// A method whose work is an async function.
macro_rules! method {
    ($name:expr, $need:expr, $run:path) => {
        Method {
            name: $name,
            need: $need,
            two_factor: false,
            fresh_proof: false,
            serves: &[],
            run: |context, params| Box::pin($run(context, params)),
        }
    };
}
use method;

impl Method {
    /// The same behind a second factor.
    const fn behind_two_factor(self) -> Self {
        Self {
            two_factor: true,
            ..self
        }
    }

    /// The same behind a fresh proof.
    const fn behind_fresh_proof(self) -> Self {
        Self {
            fresh_proof: true,
            ..self
        }
    }

    /// The same, passing while one of these duties is due.
    const fn serves(self, duties: &'static [Duty]) -> Self {
        Self { serves: duties, ..self }
    }
}

fn table() -> impl Iterator<Item = &'static Method> {
    [
        accounts::METHODS,
        administration::METHODS,
        tokens::METHODS,
        personal_tokens::METHODS,
        two_factor::METHODS,
        statuses::METHODS,
        custom_statuses::METHODS,
        server::METHODS,
    ]
    .into_iter()
    .flatten()
}

/// The names of all methods.
pub fn names() -> impl Iterator<Item = &'static str> {
    table().map(|method| method.name)
}

/// Calls a method.
///
/// # Errors
/// [`MethodFault`], as clients are told of it: an unknown name, too many calls, a token that does not
/// reach so far, a duty of the user that is due, a second factor that is missing, and whatever the method refuses.
pub async fn call(context: Context<'_>, name: &str, params: Vec<Value>) -> Result<Answer, MethodFault> {
    let Some(method) = table().find(|method| method.name == name) else {
        return Err(MethodFault::Unknown(quoted(name)));
    };
    let refused = |fault| MethodFault::of(fault, method.name);
    if let Some(caller) = context.caller {
        check_access(method, caller).map_err(refused)?;
    }
    limits::admit(&context, method.name)?;
    run(method, context, params).await.map_err(refused)
}

/// Checks that the scopes of the caller's token and the caller's duties let a method pass.
fn check_access(method: &Method, caller: &Caller) -> Result<(), Fault> {
    match caller.token.lacks(method.need) {
        Some(Some(scope)) => return Err(Fault::ScopeMissing { scope }),
        Some(None) => return Err(Fault::FullTokenNeeded),
        None => {}
    }
    caller.duty.map_or(Ok(()), |duty| duty.permit(method.serves))
}

/// Runs a method after the confirmation that it needs.
async fn run(method: &Method, context: Context<'_>, params: Vec<Value>) -> Outcome {
    let mut params = Params::new(params);
    let with_params = params.take_code();
    let context = Context {
        code: context.code.or(with_params.as_ref()),
        ..context
    };
    if let Some(caller) = context.caller {
        if method.fresh_proof {
            proof::require(context.app, caller, context.code.cloned()).await?;
        } else if method.two_factor {
            second_factor::require(context.app, caller, context.code.cloned()).await?;
        }
    }
    (method.run)(context, params).await
}
