//! Methods: what clients call by name with positional parameters, over HTTP (`method.call`) and over a
//! socket (`api.md` §9, §10.2). A method translates in, calls one operation, translates out.

mod accounts;
pub mod credentials;
mod custom_statuses;
mod fault;
mod limits;
pub mod message;
mod params;
mod statuses;

use std::pin::Pin;

use serde_json::Value;

pub use fault::MethodFault;
use params::Params;

use crate::app::App;
use crate::auth::{Actor, Caller, Origin};
use crate::domain::Fault;
use crate::domain::scope::Need;
use crate::hub::Connection;
use crate::ops::two_factor::PresentedCode;

/// Who calls, from where, by what.
#[derive(Clone, Copy)]
pub struct Context<'call> {
    /// The application.
    pub app: &'call App,
    /// Who calls, if somebody is logged in.
    pub caller: Option<&'call Caller>,
    /// From where.
    pub origin: &'call Origin,
    /// The live connection that the call came over, if it came over one.
    pub connection: Option<&'call Connection>,
    /// The second factor that came with the call.
    pub code: Option<&'call PresentedCode>,
}

impl Context<'_> {
    /// Who calls.
    ///
    /// # Errors
    /// [`Fault::NotAllowed`] when nobody is logged in.
    fn caller(&self, method: &'static str) -> Result<&Caller, Fault> {
        self.caller.ok_or(Fault::NotAllowed {
            words: "Not allowed",
            method,
        })
    }

    fn actor(&self, method: &'static str) -> Result<Actor, Fault> {
        self.caller(method).map(|caller| Actor::User(caller.clone()))
    }
}

/// What a method answers: nothing, or a value.
type Outcome = Result<Option<Value>, Fault>;

type Work<'call> = Pin<Box<dyn Future<Output = Outcome> + Send + 'call>>;

/// A method.
struct Method {
    name: &'static str,
    /// What it needs of a token with scopes.
    need: Need,
    run: for<'call> fn(Context<'call>, Params) -> Work<'call>,
}

/// A method whose work is an async function.
macro_rules! method {
    ($name:literal, $need:expr, $run:path) => {
        Method {
            name: $name,
            need: $need,
            run: |context, params| Box::pin($run(context, params)),
        }
    };
}
use method;

fn table() -> impl Iterator<Item = &'static Method> {
    [accounts::METHODS, statuses::METHODS, custom_statuses::METHODS]
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
/// reach so far, and whatever the method refuses.
pub async fn call(context: Context<'_>, name: &str, params: Vec<Value>) -> Result<Option<Value>, MethodFault> {
    let Some(method) = table().find(|method| method.name == name) else {
        return Err(MethodFault::Unknown(name.to_owned()));
    };
    if let Some(caller) = context.caller {
        match caller.token.lacks(method.need) {
            Some(Some(scope)) => return Err(Fault::ScopeMissing { scope }.into()),
            Some(None) => return Err(Fault::FullTokenNeeded.into()),
            None => {}
        }
    }
    limits::admit(&context, method.name)?;
    Ok((method.run)(context, Params::new(params)).await?)
}
