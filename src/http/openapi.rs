//! The OpenAPI document, generated from the route table and its types.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use warp::http::Method;

use super::route::{Confirmation, Route};
use super::v1::info::API_VERSION;
use crate::domain::Permission;
use crate::domain::scope::RequiredScope;

/// Returns the document that describes these routes, for clients that reach them below this path.
pub(super) fn document(routes: &[Route], public_path: &str) -> Value {
    let server = if public_path.is_empty() { "/" } else { public_path };
    let mut paths = Map::new();
    for route in routes {
        let path = path(route);
        let operations = paths.entry(path).or_insert_with(|| json!({}));
        operations[route.method.as_str().to_lowercase()] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Rollcall",
            "version": API_VERSION,
            "description": "A team's users, login tokens and statuses, over Rocket.Chat's API.",
            "license": {"name": "MIT", "identifier": "MIT"}
        },
        "servers": [{"url": server}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "userId": {"type": "apiKey", "in": "header", "name": "X-User-Id"},
                "authToken": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"}
            },
            "responses": error_responses(),
            "schemas": {
                "Error": {
                    "type": "object",
                    "properties": {
                        "success": {"const": false},
                        "error": {"type": "string", "description": "in words, mostly with the code behind them"},
                        "errorType": {"type": "string", "description": "the code that clients test"},
                        "details": {"description": "what else there is to know"},
                        "message": {"type": "string", "description": "of a method that failed: its whole answer"}
                    },
                    "required": ["success"]
                },
                "NotLoggedIn": {
                    "type": "object",
                    "properties": {"status": {"const": "error"}, "message": {"type": "string"}},
                    "required": ["status", "message"],
                    "additionalProperties": false
                },
                "LoginRefused": {
                    "type": "object",
                    "properties": {
                        "success": {"const": false},
                        "status": {"const": "error"},
                        "error": {"type": "string"},
                        "message": {"type": "string"},
                        "details": {}
                    },
                    "required": ["success", "status", "error", "message"],
                    "additionalProperties": false
                }
            }
        }
    })
}

/// Returns the path of an endpoint, with its parameter in braces instead of after a colon.
fn path(route: &Route) -> String {
    match route.endpoint.split_once("/:") {
        Some((fixed, name)) => format!("/api/v1/{fixed}/{{{name}}}"),
        None => format!("/api/v1/{}", route.endpoint),
    }
}

fn generator(settings: fn(SchemaSettings) -> SchemaSettings) -> SchemaGenerator {
    let inline = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings(inline).into_generator()
}

fn operation(route: &Route) -> Value {
    let mut input = (route.input)(&mut generator(SchemaSettings::for_deserialize));
    without_null(input.ensure_object());
    let parameter = route.parameter();
    let mut parameters: Vec<_> = parameter
        .iter()
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
        .collect();
    let mut operation = json!({
        "operationId": format!("{} {}", route.method, route.endpoint),
        "summary": route.about,
        "tags": [route.endpoint.split(['.', '/']).next()],
        "responses": responses(route),
    });
    if route.method == Method::GET {
        parameters.extend(in_query(&input, parameter));
    } else {
        let schema = of_body(input, parameter);
        let media = route
            .media_types
            .iter()
            .map(|media| ((*media).to_owned(), json!({"schema": schema})));
        operation["requestBody"] = json!({"content": media.collect::<Map<_, _>>()});
    }
    operation["parameters"] = parameters.into();
    if route.logged_in {
        operation["security"] = json!([{"userId": [], "authToken": []}]);
        operation["x-permission"] = json!(route.permission.map(Permission::as_str));
        operation["x-token-scope"] = match route.need {
            RequiredScope::Any => json!("any"),
            RequiredScope::Scope(scope) => json!(scope),
            RequiredScope::Full => json!("none: only tokens without scopes"),
        };
        operation["x-two-factor"] = json!(route.confirmation != Confirmation::None);
        operation["x-fresh-proof"] = json!(route.confirmation == Confirmation::FreshProof);
    }
    operation
}

/// Returns the fields of a query as parameters.
fn in_query(input: &Schema, in_path: Option<&str>) -> Vec<Value> {
    let properties = input
        .get("properties")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    let required = input
        .get("required")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let in_query = properties
        .into_iter()
        .filter(|(name, _)| Some(name.as_str()) != in_path);
    in_query
        .map(|(name, schema)| {
            let required = required.iter().any(|required| *required == json!(name));
            json!({"name": name, "in": "query", "required": required, "schema": schema})
        })
        .collect()
}

/// Returns the fields of a body, without the path parameter.
fn of_body(mut input: Schema, in_path: Option<&str>) -> Value {
    let object = input.ensure_object();
    if let Some(name) = in_path {
        if let Some(Value::Object(properties)) = object.get_mut("properties") {
            properties.remove(name);
        }
        if let Some(Value::Array(required)) = object.get_mut("required") {
            required.retain(|required| *required != json!(name));
        }
    }
    input.to_value()
}

/// Removes null from the types of optional fields, since clients leave such a field out.
fn without_null(schema: &mut Map<String, Value>) {
    let null = |kind: &Value| *kind == json!("null");
    if let Some(Value::Array(kinds)) = schema.get_mut("type") {
        kinds.retain(|kind| !null(kind));
        if let [kind] = kinds.as_slice() {
            let kind = kind.clone();
            schema.insert("type".into(), kind);
        }
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|choice| *choice != json!({"type": "null"}));
        if let [Value::Object(choice)] = choices.as_slice() {
            let choice = choice.clone();
            schema.remove("anyOf");
            schema.extend(choice);
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    for inner in schema.values_mut() {
        match inner {
            Value::Object(inner) => without_null(inner),
            Value::Array(items) => items.iter_mut().filter_map(Value::as_object_mut).for_each(without_null),
            _ => {}
        }
    }
}

/// Returns the responses of a route. The errors are written once for all routes, in [`error_responses`].
fn responses(route: &Route) -> Value {
    let output = (route.output)(&mut generator(SchemaSettings::for_serialize)).to_value();
    let mut responses = Map::new();
    responses.insert(route.status.to_string(), response("Success", route.media_type, &output));
    let mut error = |status: &str, name: &str| {
        let reference = format!("#/components/responses/{name}");
        responses.insert(status.into(), json!({"$ref": reference}));
    };
    error("400", "BadRequest");
    if let Some(name) = route.unauthorized {
        error("401", name);
    }
    error("403", "Forbidden");
    if route.method != Method::GET {
        error("408", "BodyTooSlow");
        error("413", "BodyTooLarge");
    }
    error("429", "TooManyCalls");
    error("500", "InternalError");
    error("503", "Unavailable");
    Value::Object(responses)
}

/// Returns the responses of all errors, by the names to which routes refer.
fn error_responses() -> Value {
    let errors = [
        (
            "BadRequest",
            "Error",
            "The request is invalid, or the operation is refused",
        ),
        ("NotLoggedIn", "NotLoggedIn", "The caller is not logged in"),
        ("LoginRefused", "LoginRefused", "The login is refused"),
        ("Forbidden", "Error", "The caller lacks a permission or a scope"),
        ("BodyTooSlow", "Error", "The body did not arrive in time"),
        ("BodyTooLarge", "Error", "The body is too large"),
        (
            "TooManyCalls",
            "Error",
            "Too many calls; `Retry-After` says when to call again",
        ),
        (
            "InternalError",
            "Error",
            "A defect of the server; its log has the cause",
        ),
        (
            "Unavailable",
            "Error",
            "The server is overloaded, or its store cannot be written",
        ),
    ];
    let responses = errors.map(|(name, schema, about)| {
        let schema = json!({"$ref": format!("#/components/schemas/{schema}")});
        (name.to_owned(), response(about, "application/json", &schema))
    });
    Value::Object(responses.into_iter().collect())
}

fn response(about: &str, media_type: &str, schema: &Value) -> Value {
    json!({
        "description": about,
        "content": {media_type: {"schema": schema}}
    })
}
