//! Avatars of users below `/avatar`, for pages and apps that show them by URL.
//!
//! An uploaded file is sent so that a browser can only treat it as an image: with the type detected from its bytes,
//! with sniffing disabled, and with a policy that forbids scripts.

use std::fmt::Write;
use std::sync::Arc;

use bytes::Bytes;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, HeaderValue,
    IF_NONE_MATCH, X_CONTENT_TYPE_OPTIONS,
};

use super::reply;
use crate::app::rates::{Counted, Left, Rate, RateKey};
use crate::app::{App, RenderedKey};
use crate::domain::text::composed;
use crate::domain::{Avatar, PictureForm, PictureFormat, RequestError, SourceAddress, UsernameKey, initials, picture};
use crate::intake::{self, Head, address_of, encoded};
use crate::observe::RouteName;
use crate::ops::avatars;
use crate::ops::users::{self, UserIdentifier};

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Background colours of initials (red, green, blue), dark enough for white letters.
const COLOURS: [[u8; 3]; 8] = [
    [0xb3, 0x26, 0x1e],
    [0x8c, 0x4a, 0x00],
    [0x5d, 0x62, 0x00],
    [0x14, 0x6c, 0x2e],
    [0x00, 0x69, 0x6d],
    [0x0b, 0x57, 0xd0],
    [0x67, 0x50, 0xa4],
    [0x98, 0x40, 0x61],
];

/// Default size of initials as SVG, in pixels.
const SVG_PIXELS: u32 = 200;

/// Default size of initials as a PNG, JPEG or WebP image, in pixels.
const INITIALS_PIXELS: u32 = 128;

/// The maximum images that the server draws for an address in a minute: enough to show a list of users at once, and
/// few enough to cost less than the address's other calls.
const DRAWINGS: Rate = Rate {
    calls: 600,
    millis: 60_000,
};

/// Returns the filter of `/avatar/USERNAME` and `/avatar/uid/ID`, with the parameters `format` and `size`.
#[must_use]
pub(crate) fn avatars(app: App) -> BoxedFilter<(warp::reply::Response,)> {
    let by_id = warp::path!("avatar" / "uid" / String).map(Named::Id);
    let by_name = warp::path!("avatar" / String).map(Named::Username);
    let method = warp::get().or(warp::head()).unify();
    method
        .and(by_id.or(by_name).unify())
        .and(intake::head())
        .then(move |named, head: Arc<Head>| {
            let app = app.clone();
            async move {
                let asked = Asked {
                    named,
                    source: address_of(head.peer, &head.headers, &app).map(SourceAddress::of),
                    known: head.headers.get(IF_NONE_MATCH).cloned(),
                };
                let answered = answer(&app, asked, &head.query).await;
                let mut response = answered.unwrap_or_else(|error| reply::sent(reply::failure(&error, "")));
                response.extensions_mut().insert(RouteName::get("/avatar/:name"));
                response
            }
        })
        .boxed()
}

/// The user in the path of the request.
enum Named {
    Id(String),
    Username(String),
}

struct Asked {
    named: Named,
    source: Option<SourceAddress>,
    /// The `ETag` of the avatar that the client has cached.
    known: Option<HeaderValue>,
}

/// Parses the requested format and size. Other parameters are ignored, since clients send some.
fn form(query: &str) -> Result<PictureForm, RequestError> {
    let (mut format, mut size) = (None, None);
    for (name, value) in encoded::pairs(query.as_bytes())? {
        match name.as_str() {
            "format" => format = Some(value),
            "size" => size = Some(value),
            _ => {}
        }
    }
    PictureForm::parse(format.as_deref(), size.as_deref())
}

/// Returns the avatar of a user, else initials. The initials are made from the name in the path only, so the response
/// for a user without an avatar is the same as for a name without a user.
async fn answer(app: &App, asked: Asked, query: &str) -> Result<warp::reply::Response, RequestError> {
    let (identifier, name) = match &asked.named {
        Named::Id(id) => (UserIdentifier::id(&encoded::part(id, "id")?), "?".to_owned()),
        Named::Username(name) => {
            let name = composed(&encoded::part(name, "username")?);
            let name = name.strip_prefix('@').unwrap_or(&name).to_owned();
            (UserIdentifier::username(&name), name)
        }
    };
    let form = form(query)?;
    let picture = match users::find(app, &[identifier]) {
        Some(user) => avatars::get(app, &user).await.ok().flatten(),
        None => None,
    };
    let etag = picture
        .as_ref()
        .map_or_else(|| Initials::of(&name).etag(), |picture| picture.etag.clone());
    let etag = format!("\"{etag}\"");
    let known = asked
        .known
        .as_ref()
        .is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let (media_type, bytes) = match picture {
        // Nothing is drawn for a client that has the avatar in its cache.
        _ if known => (None, Bytes::new()),
        Some(picture) => stored(app, picture, form, asked.source).await?,
        None => Initials::of(&name).file(app, form, asked.source).await?,
    };
    Ok(response(known, media_type, bytes, &etag))
}

/// A file and its media type.
type File = (Option<&'static str>, Bytes);

/// Returns a stored avatar in this format and size.
async fn stored(
    app: &App,
    picture: Avatar,
    form: PictureForm,
    source: Option<SourceAddress>,
) -> Result<File, RequestError> {
    let kind = match form.format {
        None => picture.kind,
        Some(PictureFormat::Pixels(kind)) => kind,
        Some(PictureFormat::Svg) => {
            let words = "must be png, jpeg or webp: the user has a picture, which is sent as pixels";
            return Err(RequestError::invalid(words, "format"));
        }
    };
    if kind == picture.kind && form.side.is_none() {
        return Ok((Some(kind.media_type()), picture.bytes.into()));
    }
    let key = RenderedKey {
        picture: picture.etag,
        kind,
        side: form.side,
    };
    let bytes = picture.bytes;
    let draw = move || picture::in_form(&bytes, kind, form.side).ok();
    drawn(app, key, source, draw).await
}

/// Returns the image from the cache, or draws it within the rate limit [`DRAWINGS`] of the address.
async fn drawn(
    app: &App,
    key: RenderedKey,
    source: Option<SourceAddress>,
    draw: impl FnOnce() -> Option<Vec<u8>> + Send + 'static,
) -> Result<File, RequestError> {
    let media_type = Some(key.kind.media_type());
    if let Some(bytes) = app.pictures.drawn(&key) {
        return Ok((media_type, bytes));
    }
    let counted = Counted {
        what: "pictures drawn".into(),
        who: RateKey::Address(source),
    };
    app.rates.count(&app.clock, DRAWINGS, &counted).map_err(Left::refusal)?;
    Ok((media_type, app.pictures.draw(key, draw).await?))
}

/// The initials of a user without an avatar, and their background colour.
struct Initials {
    letters: String,
    colour: [u8; 3],
}

impl Initials {
    fn of(name: &str) -> Self {
        let place = UsernameKey::of(name).as_str().bytes().map(usize::from).sum::<usize>() % COLOURS.len();
        Self {
            letters: letters_of(name),
            colour: COLOURS[place],
        }
    }

    fn hex(&self) -> String {
        let [red, green, blue] = self.colour;
        format!("{red:02x}{green:02x}{blue:02x}")
    }

    fn etag(&self) -> String {
        self.letters.chars().fold(self.hex(), |mut etag, letter| {
            // Writing to a `String` cannot fail.
            let _ = write!(etag, "-{:x}", u32::from(letter));
            etag
        })
    }

    /// Returns the initials as SVG, or as a raster image if the request asks for one.
    async fn file(self, app: &App, form: PictureForm, source: Option<SourceAddress>) -> Result<File, RequestError> {
        let Some(PictureFormat::Pixels(kind)) = form.format else {
            let drawing = svg(&self.letters, &self.hex(), form.side.unwrap_or(SVG_PIXELS));
            return Ok((Some("image/svg+xml"), drawing.into()));
        };
        let side = form.side.unwrap_or(INITIALS_PIXELS);
        let key = RenderedKey {
            picture: self.etag(),
            kind,
            side: Some(side),
        };
        let draw = move || picture::file(&initials::drawn(&self.letters, self.colour, side), kind).ok();
        drawn(app, key, source, draw).await
    }
}

fn response(known: bool, media_type: Option<&'static str>, bytes: Bytes, etag: &str) -> warp::reply::Response {
    let mut response = warp::reply::Response::new(bytes.into());
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    if let Some(media_type) = media_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; sandbox"),
    );
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("inline"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Ok(etag) = HeaderValue::from_str(etag) {
        headers.insert(ETAG, etag);
    }
    response
}

/// Returns the initials of a name; a question mark for a name without letters.
fn letters_of(name: &str) -> String {
    Some(initials::letters(name))
        .filter(|letters| !letters.is_empty())
        .unwrap_or_else(|| "?".to_owned())
}

/// Returns an SVG square with letters. They are alphanumeric, so they need no escaping.
fn svg(initials: &str, colour: &str, side: u32) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 200 200\" width=\"{side}\" height=\"{side}\">\
         <rect width=\"200\" height=\"200\" fill=\"#{colour}\"/>\
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
            assert_eq!(letters_of(name), expected, "{name}");
        }
    }
}
