//! Method calls over HTTP (`api.md` §9). The method named inside the message is called and logged; the one in the
//! path is ignored.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::auth::{Caller, Origin};
use crate::domain::{Duty, RequestError};
use crate::http::request::{AnyRequest, Called, UserRequest};
use crate::http::route::{CallRate, Route};
use crate::methods::message::{self, MethodCall};
use crate::methods::{self, Context};
use crate::ops::two_factor::PresentedCode;

pub(super) fn routes() -> Vec<Route> {
    // Each method checks its own rate limit and scope.
    vec![
        Route::post("method.call/:method", "Call a method", call)
            .any_token()
            .serves(Duty::ALL)
            .rate(CallRate::Unbounded),
        Route::post(
            "method.callAnon/:method",
            "Call a method without a login",
            call_anonymously,
        )
        .rate(CallRate::Unbounded),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Message {
    #[serde(rename = "method")]
    _method: String,
    /// `{"msg":"method","id":"1","method":"…","params":[…]}`, as text.
    message: String,
}

#[derive(Serialize, JsonSchema)]
struct Answer {
    /// `{"msg":"result","id":"1","result":…}`, as text.
    message: String,
}

async fn call(call: UserRequest, sent: Message) -> Result<Answer, RequestError> {
    let origin = call.caller.origin.clone();
    run(
        &call.app,
        Some(&call.caller),
        &origin,
        call.code.as_ref(),
        &call.method_name,
        &sent.message,
    )
    .await
}

async fn call_anonymously(call: AnyRequest, sent: Message) -> Result<Answer, RequestError> {
    run(
        &call.app,
        call.caller.as_ref(),
        &call.origin,
        call.code.as_ref(),
        &call.method_name,
        &sent.message,
    )
    .await
}

async fn run(
    app: &crate::app::App,
    caller: Option<&Caller>,
    origin: &Origin,
    code: Option<&PresentedCode>,
    method_name: &Called,
    text: &str,
) -> Result<Answer, RequestError> {
    let MethodCall { id, method, params } = MethodCall::parse(text)?;
    method_name.set(&method);
    let context = Context {
        app,
        caller,
        origin,
        socket: None,
        connection: None,
        code,
    };
    let outcome = methods::call(context, &method, params).await;
    let message = message::answer(&id, &outcome).to_string();
    match outcome {
        Ok(_) => Ok(Answer { message }),
        Err(_) => Err(RequestError::MethodFailed { message }),
    }
}
