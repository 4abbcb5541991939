//! Pictures of users, below `/avatar`, for pages and apps that show them by their address.
//!
//! What a user put up is sent so that a browser can only take it for an image: under the type that
//! its own bytes have, never guessed at, and with a policy under which nothing in it runs.

use std::fmt::Write;

use warp::filters::BoxedFilter;
use warp::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap, HeaderName,
    HeaderValue, IF_NONE_MATCH, X_CONTENT_TYPE_OPTIONS,
};
use warp::http::{Response, StatusCode};
use warp::{Filter, Reply};

use super::{encoded, reply};
use crate::app::App;
use crate::domain::text::composed;
use crate::domain::{User, UserId, UsernameKey};
use crate::ops::avatars;

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Colours behind initials, dark enough for white letters.
const COLOURS: [&str; 8] = [
    "#b3261e", "#8c4a00", "#5d6200", "#146c2e", "#00696d", "#0b57d0", "#6750a4", "#984061",
];

/// `/avatar/USERNAME` and `/avatar/uid/ID`.
#[must_use]
pub fn avatars(app: App) -> BoxedFilter<(warp::reply::Response,)> {
    let of_user = app.clone();
    let by_id = warp::path!("avatar" / "uid" / String)
        .and(warp::header::headers_cloned())
        .map(move |id: String, headers: HeaderMap| {
            let id = match encoded::part(&id, "id") {
                Ok(id) => UserId::new(&id),
                Err(fault) => return reply::failure(&fault).into_response(),
            };
            let user = of_user.store.read().user(&id).cloned();
            answer(&of_user, user.as_deref(), "?", &headers)
        });
    let by_name = warp::path!("avatar" / String).and(warp::header::headers_cloned()).map(
        move |name: String, headers: HeaderMap| {
            let name = match encoded::part(&name, "username") {
                Ok(name) => composed(&name),
                Err(fault) => return reply::failure(&fault).into_response(),
            };
            let name = name.strip_prefix('@').unwrap_or(&name);
            let user = app.store.read().user_named(&UsernameKey::of(name)).cloned();
            answer(&app, user.as_deref(), name, &headers)
        },
    );
    let method = warp::get().or(warp::head()).unify();
    method.and(by_id.or(by_name).unify()).boxed()
}

/// The picture of a user, else initials. Initials come from the name in the path alone, so that a user without
/// a picture is answered as a name that no user has.
fn answer(app: &App, user: Option<&User>, name: &str, headers: &HeaderMap) -> warp::reply::Response {
    let picture = user.and_then(|user| avatars::get(app, user).ok().flatten());
    let (media_type, etag, bytes) = if let Some(picture) = picture {
        (picture.kind.media_type(), picture.etag, picture.bytes)
    } else {
        let initials = initials(name);
        let colour = COLOURS[UsernameKey::of(name).as_str().bytes().map(usize::from).sum::<usize>() % COLOURS.len()];
        let etag = initials.chars().fold(String::from(&colour[1..]), |mut etag, letter| {
            // Writing to a text does not fail.
            let _ = write!(etag, "-{:x}", u32::from(letter));
            etag
        });
        ("image/svg+xml", etag, svg(&initials, colour).into_bytes())
    };
    let etag = format!("\"{etag}\"");
    let known = headers
        .get(IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let mut response = if known {
        Response::new(Vec::new())
    } else {
        Response::new(bytes)
    };
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; sandbox"),
    );
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("inline"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(ETAG, etag);
    }
    response.into_response()
}

/// The first letters of the first and the last word.
fn initials(name: &str) -> String {
    let mut words = name
        .split(|character: char| !character.is_alphanumeric())
        .filter_map(|word| word.chars().next());
    let first = words.next();
    let letters = first.into_iter().chain(words.next_back());
    let initials: String = letters.flat_map(char::to_uppercase).take(2).collect();
    if initials.is_empty() { "?".to_owned() } else { initials }
}

/// A square with letters, which are alphanumeric and so need no escaping.
fn svg(initials: &str, colour: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 200 200\" width=\"200\" height=\"200\">\
         <rect width=\"200\" height=\"200\" fill=\"{colour}\"/>\
         <text x=\"100\" y=\"100\" dy=\".35em\" text-anchor=\"middle\" font-family=\"sans-serif\" font-size=\"90\" \
         fill=\"#fff\">{initials}</text></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_letters_and_nothing_else() {
        for (name, expected) in [
            ("Ada Lovelace", "AL"),
            ("ada", "A"),
            ("ada.k.lovelace", "AL"),
            ("Åse Marie Østby", "ÅØ"),
            ("<script>alert(1)</script>", "SS"),
            ("\"><svg", "S"),
            ("", "?"),
            ("...", "?"),
        ] {
            assert_eq!(initials(name), expected, "{name}");
        }
    }
}
