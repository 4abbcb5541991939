//! The live tokens of all users, for administrators. A list never has the secret of a token.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::app::App;
use crate::auth::Actor;
use crate::domain::page::{Direction, Listing, Sort};
use crate::domain::text::folded;
use crate::domain::{Page, Permission, RequestError, SearchTerm, Token, User, UserId};

/// The fields by which a client may sort the list.
pub(crate) const SORT_FIELDS: &[&str] = &["loginAt", "_user.username", "_user.name"];

/// Maximum tokens in one response, whatever the requested count.
const MAX_PAGE: usize = 1_000;

/// The tokens that a caller asks for, and their order. A condition that is `None` matches all.
#[derive(Debug, Default, Clone)]
pub(crate) struct DeviceFilter {
    /// Only tokens of this user.
    pub user: Option<UserId>,
    /// Only sessions (true), or only personal access tokens (false).
    pub sessions: Option<bool>,
    /// Only tokens with this text in the user's names, the client, the address or the token's name.
    pub term: Option<SearchTerm>,
    /// The fields to sort by; empty means the newest first.
    pub sort: Sort,
}

/// A live token and its user.
#[derive(Debug, Clone)]
pub(crate) struct Device {
    /// The session or personal access token.
    pub token: Arc<Token>,
    /// The user to whom the token belongs.
    pub user: Arc<User>,
}

impl DeviceFilter {
    fn wants(&self, device: &Device) -> bool {
        self.sessions
            .is_none_or(|wanted| wanted == device.token.session().is_some())
            && self.term.as_ref().is_none_or(|term| device.has(term))
    }

    fn compare(&self, a: &Device, b: &Device) -> Ordering {
        if self.sort.is_empty() {
            return b.token.created_at.cmp(&a.token.created_at);
        }
        self.sort.iter().fold(Ordering::Equal, |so_far, (field, direction)| {
            so_far.then_with(|| direction_of(*direction, field, a, b))
        })
    }
}

fn direction_of(direction: Direction, field: &str, a: &Device, b: &Device) -> Ordering {
    direction.of(match field {
        "_user.username" => a.user.username.key().cmp(&b.user.username.key()),
        "_user.name" => folded(a.user.shown_name().as_str()).cmp(&folded(b.user.shown_name().as_str())),
        _ => a.token.created_at.cmp(&b.token.created_at),
    })
}

impl Device {
    /// Returns whether a text of the device contains this term.
    fn has(&self, term: &SearchTerm) -> bool {
        let session = self.token.session();
        let address = session
            .and_then(|session| session.address)
            .map(|address| address.to_string());
        let name = self.user.shown_name();
        let texts = [
            Some(self.user.username.as_str()),
            Some(name.as_str()),
            session.map(|session| &*session.client),
            address.as_deref(),
            self.token.personal().map(|personal| &*personal.name),
        ];
        texts.into_iter().flatten().any(|text| term.is_in(text))
    }
}

/// Lists live tokens: sessions and personal access tokens.
///
/// # Errors
/// [`RequestError::PermissionRequired`] without `logout-other-user`.
pub(crate) fn list(
    app: &App,
    actor: &Actor,
    filter: &DeviceFilter,
    page: Page,
) -> Result<Listing<Device>, RequestError> {
    actor.require(Permission::LogoutOtherUser)?;
    let (snapshot, now) = (app.store.read(), app.clock.now());
    let device = |token: &Arc<Token>| {
        let user = snapshot.user(&token.user).filter(|_| token.is_live(now))?;
        Some(Device {
            token: Arc::clone(token),
            user: Arc::clone(user),
        })
    };
    let page = Page {
        count: page.count.min(MAX_PAGE),
        ..page
    };
    let wanted = |device: &Device| filter.wants(device);
    let compare = |a: &Device, b: &Device| filter.compare(a, b);
    Ok(match &filter.user {
        Some(user) => Listing::sorted(
            snapshot.tokens_of(user).filter_map(device).filter(wanted),
            page,
            compare,
        ),
        None => Listing::sorted(snapshot.tokens().filter_map(device).filter(wanted), page, compare),
    })
}
