//! The page of one person.

use askama::Template;

use crate::domain::{RequestError, SettingId, UserId};
use crate::ops::people;
use crate::ops::viewed::View;
use crate::web::frame::Frame;
use crate::web::people::{Person, Portraits};
use crate::web::reply::{self, PageOutcome};
use crate::web::route::PageRoute;
use crate::web::visit::Visit;

pub(super) const ROUTES: &[PageRoute] = &[PageRoute::get("/people/:id", |visit| Box::pin(show(visit)))];

#[derive(Template)]
#[template(path = "person/person.html")]
struct PersonPage {
    f: Frame,
    person: Person,
    username: String,
    team: String,
    nickname: String,
    bio: String,
    email: String,
    /// The time on the person's clock.
    local_time: String,
}

async fn show(visit: Visit) -> PageOutcome {
    let (actor, caller) = (visit.actor()?, visit.caller()?);
    let view = View::of(&visit.app, &actor);
    let found = people::one(&visit.app, &view, caller, &UserId::new(&visit.parameter));
    let user = found.ok_or(RequestError::EndpointNotFound)?;
    let reader = visit.reader();
    let person = Person::of(&user, &Portraits::of(&visit, &reader));
    let email = user.full().and_then(|(account, _)| account.email.as_ref());
    let page = PersonPage {
        f: Frame::of(&visit, person.name.as_str()),
        username: user.username().to_string(),
        team: user
            .team(&visit.app.settings().text(SettingId::TeamField))
            .unwrap_or_default(),
        nickname: user.nickname().to_owned(),
        bio: user.bio().to_owned(),
        email: email.map(|email| email.address.to_string()).unwrap_or_default(),
        local_time: reader.time_at(user.utc_offset()),
        person,
    };
    reply::page(&visit, &page)
}
