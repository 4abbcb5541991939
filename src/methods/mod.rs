//! Methods: calls by name with positional parameters, over HTTP (`method.call`) and over a socket (`api.md` §9,
//! §10.2). A method parses its parameters, calls one operation, and builds the result.

mod accounts;
mod administration;
mod answer;
pub(crate) mod credentials;
mod custom_statuses;
pub(crate) mod error;
mod limits;
pub(crate) mod message;
mod params;
mod personal_tokens;
pub(crate) mod record;
mod server;
mod statuses;
mod tokens;
mod two_factor;

use std::pin::Pin;

use serde_json::Value;

pub(crate) use answer::{LoginChange, MethodAnswer};
pub(crate) use error::MethodError;
use params::Params;

use crate::app::App;
use crate::auth::{Actor, Caller, Origin};
use crate::domain::scope::RequiredScope;
use crate::domain::text::quoted;
use crate::domain::{Duty, RequestError};
use crate::hub::Connection;
use crate::ops::two_factor::PresentedCode;
use crate::ops::{proof, two_factor as second_factor};

/// The context of a method call.
#[derive(Clone, Copy)]
pub struct Context<'call> {
    /// The application that answers the call.
    pub app: &'call App,
    /// The logged-in user, if there is one.
    pub caller: Option<&'call Caller>,
    /// The address and the client of the call.
    pub origin: &'call Origin,
    /// The number of the socket, if the call came over one.
    pub socket: Option<u64>,
    /// The caller's live connection of that socket.
    pub connection: Option<&'call Connection>,
    /// The second factor sent with the call.
    pub code: Option<&'call PresentedCode>,
}

impl Context<'_> {
    /// Returns the caller.
    ///
    /// # Errors
    /// [`RequestError::NotAllowed`] without a login.
    fn caller(&self) -> Result<&Caller, RequestError> {
        self.caller.ok_or(RequestError::NotAllowed { words: "Not allowed" })
    }

    fn actor(&self) -> Result<Actor, RequestError> {
        self.caller().map(|caller| Actor::User(caller.clone()))
    }
}

type Outcome = Result<MethodAnswer, RequestError>;

type Work<'call> = Pin<Box<dyn Future<Output = Outcome> + Send + 'call>>;

/// A method and its access rules.
struct Method {
    name: &'static str,
    /// The scope that a token with scopes must have.
    need: RequiredScope,
    /// True if the call needs the second factor (`api.md` §4).
    two_factor: bool,
    /// True if the call needs a fresh proof of the caller's identity, without exceptions.
    fresh_proof: bool,
    /// The duties during which the user may still call this method.
    serves: &'static [Duty],
    run: for<'call> fn(Context<'call>, Params) -> Work<'call>,
}

/// Defines a method whose work is an async function.
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
    /// Requires the second factor.
    const fn behind_two_factor(self) -> Self {
        Self {
            two_factor: true,
            ..self
        }
    }

    /// Requires a fresh proof of the caller's identity.
    const fn behind_fresh_proof(self) -> Self {
        Self {
            fresh_proof: true,
            ..self
        }
    }

    /// Allows the call while the caller has one of these duties.
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

/// Returns the names of all methods.
pub fn names() -> impl Iterator<Item = &'static str> {
    table().map(|method| method.name)
}

/// Checks and runs a method call.
///
/// # Errors
/// [`MethodError`] in the form for clients: an unknown name, too many calls, a missing scope, a duty of the user, a
/// missing second factor, or an error of the operation.
pub async fn call(context: Context<'_>, name: &str, params: Vec<Value>) -> Result<MethodAnswer, MethodError> {
    let Some(method) = table().find(|method| method.name == name) else {
        return Err(MethodError::Unknown(quoted(name)));
    };
    let refused = |error| MethodError::of(error, method.name);
    if let Some(caller) = context.caller {
        caller.admit(method.need, method.serves).map_err(refused)?;
    }
    limits::admit(&context, method.name)?;
    run(method, context, params).await.map_err(refused)
}

/// Checks the confirmation that a method needs, and runs it.
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
