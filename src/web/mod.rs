//! The pages: what people see of Rollcall. They call the operations that the API calls, and hold no rule of their own.

mod administration;
mod assets;
mod cookies;
mod device;
mod emojis;
mod events;
mod form;
mod form_field;
mod frame;
mod markup;
mod moments;
mod note;
mod pages;
mod people;
mod query;
mod reply;
mod route;
mod routes;
mod sentence;
mod session;
mod visit;
mod words;

use std::sync::Arc;
use std::time::Instant;

use bytes::Buf;
use futures_util::Stream;
use tracing::info;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::Method;
use warp::http::header::{CONTENT_TYPE, COOKIE, HeaderValue, USER_AGENT, VARY};
use warp::reply::Response;

use crate::app::App;
use crate::app::rates::RateKey;
use crate::auth::Origin;
use crate::domain::RequestError;
use crate::domain::avatar::AVATAR_BYTES;
use crate::intake::{self, Bound, Budget, Head, address_of, body, encoded};
use crate::observe::RouteName;
use cookies::{Cookie, Site};
pub(crate) use events::Streams;
use form::FormFields;
use note::Note;
use pages::{confirm, errors};
use reply::PageOutcome;
use route::{PageRoute, Verb};
use session::Visitor;
use visit::Visit;
use words::{Language, Words};

/// The maximum size of a form with a file, in bytes: the largest picture, and the other parts of the form.
pub(crate) const UPLOAD_FORM_BYTES: usize = AVATAR_BYTES + 64 * 1024;

/// The parts of a request on which the answer of a route without cookies depends.
const VARY_WITHOUT_COOKIES: HeaderValue = HeaderValue::from_static("Accept-Encoding, Accept-Language");

/// The bounds of the bodies of forms.
#[derive(Debug, Clone)]
pub(crate) struct FormBounds {
    /// Those of a visitor who is not signed in.
    pub anonymous: Bound,
    /// Those of a user.
    pub user: Bound,
    /// The bounds for a user's form with a file.
    pub upload: Bound,
    /// The memory of all bodies.
    pub budget: Budget,
}

struct Web {
    app: App,
    bounds: FormBounds,
    streams: Streams,
}

/// The filter for all that no other filter took.
#[must_use]
pub(crate) fn web(app: App, bounds: FormBounds, streams: Streams) -> BoxedFilter<(Response,)> {
    let web = Arc::new(Web { app, bounds, streams });
    intake::head()
        .and(warp::body::stream())
        .then(move |head: Arc<Head>, body| {
            let web = Arc::clone(&web);
            async move { web.answer(head, body).await }
        })
        .boxed()
}

impl Web {
    async fn answer<S, B>(&self, mut head: Arc<Head>, body: S) -> Response
    where
        S: Stream<Item = Result<B, warp::Error>> + Send + Unpin + 'static,
        B: Buf + Send,
    {
        if let Some(mut asset) = assets::answer(&head.path, &head.headers) {
            asset.extensions_mut().insert(RouteName::get("/assets/:name"));
            return asset;
        }
        let began = Instant::now();
        let without_cookies = routes::of(&head.path).any(|(route, _)| route.without_cookies);
        if without_cookies {
            Arc::make_mut(&mut head).headers.remove(COOKIE);
        }
        let mut visit = Box::pin(self.visit(&head)).await;
        // The server sets a cookie only for a new visitor, and this route must not set one.
        visit.visitor.is_new &= !without_cookies;
        let mut body = Some(body);
        let found = find(&head.path, &head.method);
        let name = found.as_ref().map_or(RouteName::UNKNOWN, |(route, _)| route.name());
        let outcome = match (FormFields::parse(head.query.as_bytes()), found) {
            (Ok(query), Ok(found)) => {
                let visit = Visit { query, ..visit.clone() };
                self.dispatch(&head, found, visit, &mut body).await
            }
            (Err(error), _) | (_, Err(error)) => Err(error),
        };
        if let Some(rest) = body {
            body::discard(rest, &head.headers);
        }
        let mut response = outcome.unwrap_or_else(|error| errors::answer(&visit, &head.method, &error));
        response.extensions_mut().insert(name);
        if without_cookies && response.headers().contains_key(VARY) {
            response.headers_mut().insert(VARY, VARY_WITHOUT_COOKIES);
        }
        info!(
            method = %head.method,
            path = %routes::logged(&head.path),
            status = response.status().as_u16(),
            micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
            user = visit.visitor.caller.as_ref().map(|caller| tracing::field::display(&caller.user.id)),
            address = visit.origin.address.map(tracing::field::display),
            "page"
        );
        response
    }

    async fn visit(&self, head: &Arc<Head>) -> Visit {
        let address = self.app.public_address();
        let client = head.headers.get(USER_AGENT).and_then(|client| client.to_str().ok());
        let origin = Origin::new(
            address_of(head.peer, &head.headers, &self.app),
            client.unwrap_or_default(),
        );
        let site = Site::new(Arc::clone(&address));
        let origin = origin.with_device(device::user_of(&self.app, &site, &head.headers));
        let mut visitor = Visitor::of(&self.app, &site, &head.headers, &origin);
        if visitor.ended && Box::pin(session::learn(&self.app, &site, &head.headers, &origin)).await {
            visitor = Visitor::of(&self.app, &site, &head.headers, &origin);
        }
        let user = visitor.caller.as_ref().map(|caller| &*caller.user);
        let target = if head.query.is_empty() {
            head.path.clone()
        } else {
            format!("{}?{}", head.path, head.query)
        };
        Visit {
            words: Words::of(Language::of(user, &head.headers)),
            app: self.app.clone(),
            streams: self.streams.clone(),
            origin,
            site,
            visitor,
            head: Arc::clone(head),
            base: address.path.clone(),
            target,
            parameter: String::new(),
            query: FormFields::default(),
            form: FormFields::default(),
        }
    }

    async fn dispatch<S, B>(
        &self,
        head: &Head,
        (route, parameter): (&'static PageRoute, &str),
        mut visit: Visit,
        body: &mut Option<S>,
    ) -> PageOutcome
    where
        S: Stream<Item = Result<B, warp::Error>> + Send + Unpin,
        B: Buf + Send,
    {
        visit.parameter = encoded::part(parameter, "path")?;
        if route.verb == Verb::Post {
            session::check_origin(&self.app, &head.headers)?;
        }
        if route.signed_in && visit.visitor.caller.is_none() {
            return to_sign_in(&visit, &head.method);
        }
        if let Some(caller) = visit.visitor.caller.as_ref()
            && let Some(duty) = caller.duty
            && !route.serves_duties
        {
            return errors::duty(&visit, duty);
        }
        if route.verb == Verb::Post {
            visit.form = self.receive(head, route, &visit, body).await?;
            if !visit.visitor.accepts(visit.form.text(form::TOKEN)) {
                return errors::stale_form(&visit);
            }
            return confirm::answer(route, visit, routes::is_page).await;
        }
        (route.answer)(visit).await
    }

    async fn receive<S, B>(
        &self,
        head: &Head,
        route: &PageRoute,
        visit: &Visit,
        body: &mut Option<S>,
    ) -> Result<FormFields, RequestError>
    where
        S: Stream<Item = Result<B, warp::Error>> + Unpin,
        B: Buf,
    {
        let caller = visit.visitor.caller.as_ref();
        let bound = match caller {
            Some(_) if route.takes_file => &self.bounds.upload,
            Some(_) => &self.bounds.user,
            None => &self.bounds.anonymous,
        };
        let mut reservation = self.bounds.budget.open(RateKey::of(caller, visit.origin.source()));
        let bytes = body::read(body, &head.headers, bound, &mut reservation).await?;
        let content_type = head.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        match content_type.filter(|kind| route.takes_file && kind.starts_with("multipart/")) {
            Some(content_type) => FormFields::parse_upload(content_type, bytes).await,
            None => FormFields::parse(&bytes),
        }
    }
}

/// Returns the route of a request, and the part of the path that stands for any text.
fn find<'path>(path: &'path str, method: &Method) -> Result<(&'static PageRoute, &'path str), RequestError> {
    let wanted = if method == Method::HEAD { &Method::GET } else { method };
    let is_wanted = |route: &PageRoute| route.verb.name() == wanted.as_str();
    if let Some(found) = routes::of(path).find(|(route, _)| is_wanted(route)) {
        return Ok(found);
    }
    let mut allowed: Vec<_> = routes::of(path).map(|(route, _)| route.verb.name()).collect();
    if allowed.is_empty() {
        return Err(RequestError::EndpointNotFound);
    }
    if allowed.contains(&"GET") {
        allowed.push("HEAD");
    }
    Err(RequestError::MethodNotAllowed {
        allow: allowed.join(", "),
    })
}

/// Sends a visitor who has to sign in first to the page for it, and from there to where they wanted to go.
fn to_sign_in(visit: &Visit, method: &Method) -> PageOutcome {
    let next = if *method == Method::POST {
        "/"
    } else {
        visit.target.as_str()
    };
    let next = Some(next).filter(|next| *next != "/");
    let path = query::path("/sign-in", &query::encoded([("next", next)]));
    if !visit.visitor.ended {
        return reply::redirect(visit, &path);
    }
    let mut answer = reply::redirect_with(visit, &path, Note::Ended)?;
    visit.site.end(Cookie::Session, answer.headers_mut());
    Ok(answer)
}
