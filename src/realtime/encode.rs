//! Encoding of events as messages of the protocol (`api.md` §10.5). Each message is encoded once for all its receivers.

use std::sync::{Arc, LazyLock};

use serde_json::{Value, json};

use super::message::changed;
use super::outbound_message::{EncodedMessages, OutboundMessage, OwnTexts, PresenceMessages, PresenceTexts};
use super::stream::{PRIVATE_SETTINGS, Stream, USER_STATUS};
use crate::app::App;
use crate::domain::Presence as Own;
use crate::domain::{ClaimSource, CustomStatus, Permission, Role, RoleId, SettingId, StatusType, User, UserId};
use crate::hub::{Changed, Event, PresenceChange, PresenceEntry, VisiblePresence};
use crate::methods::message::date;
use crate::methods::record;
use crate::ops::users::{self, UserIdentifier};

/// The index of the roles in the tuple of [`USER_STATUS`].
const ROLES_PLACE: usize = 5;

/// The event name for an added or removed role of a user.
const ROLES_CHANGE: &str = "roles-change";

/// Returns the messages for sockets about an event.
pub(super) fn encode(app: &App, happened: Event) -> Vec<OutboundMessage> {
    match happened {
        Event::Presence(change) => presence(app, change).into_iter().collect(),
        Event::User(user) => of_user(app, &user),
        Event::CustomStatus(status) => custom_status(&status).into_iter().collect(),
        Event::Role(role) => of_role(&role).into_iter().collect(),
        Event::Grant(grant) => {
            let args = json!(["updated", record::grant(&grant)]);
            vec![told(Stream::NotifyLogged, "permissions-changed", &args)]
        }
        Event::Setting(id) => setting(app, id).into_iter().collect(),
        Event::TokenEnded(token) if app.hub.is_connected(&token.user) => vec![OutboundMessage::TokenEnded(token)],
        Event::TokenEnded(_) => Vec::new(),
    }
}

/// Returns the message of an event. The document id is always `id`.
pub(super) fn event(stream: Stream, name: &str, args: &Value) -> Value {
    changed(stream.name(), "id", &json!({"eventName": name, "args": args}))
}

/// Returns a stream event for all sockets that listen to it.
fn told(stream: Stream, name: &str, args: &Value) -> OutboundMessage {
    OutboundMessage::Stream {
        stream,
        event: name.to_owned(),
        permission: None,
        about: None,
        text: EncodedMessages::of(&event(stream, name, args)),
    }
}

/// Returns the number of a status (`api.md` §6.1).
const fn code(status: StatusType) -> u8 {
    match status {
        StatusType::Offline => 0,
        StatusType::Online => 1,
        StatusType::Away => 2,
        StatusType::Busy => 3,
    }
}

fn presence(app: &App, change: Arc<PresenceChange>) -> Option<OutboundMessage> {
    let line = match (&change.after, &change.before) {
        (Some(after), _) => after.line.clone(),
        (None, Some(before)) => before.line.absent(),
        (None, None) => return None,
    };
    let user = users::find(app, &[UserIdentifier::Id(change.user.clone())]);
    let roles = user.map(|user| user.roles.clone());
    let roles: Arc<[RoleId]> = roles.unwrap_or_default().into();
    let settings = app.settings();
    let silent = settings.flag(SettingId::PresenceBroadcastDisabled);
    let before = change.before.as_deref();
    let before = before.filter(|shown| is_by_connection(shown, settings.flag(SettingId::PresenceRequiresConnection)));
    let lines = |line: PresenceEntry| before_and(before, line);
    Some(OutboundMessage::Presence(Box::new(PresenceMessages {
        now: (!silent).then(|| texts(&lines(line.clone()), &roles)),
        gone: (!silent).then(|| texts(&lines(line.absent()), &roles)),
        own: own(&change),
        seen: change.seen_by_all(),
        change,
    })))
}

/// Returns whether the visible status depends on a connection, so that the user goes offline when it ends.
fn is_by_connection(shown: &VisiblePresence, requires_connection: bool) -> bool {
    let declared = shown.presence.declared == StatusType::Online;
    shown.line.status != StatusType::Offline && (declared || requires_connection)
}

/// Returns the entries to send for a change to `now`. The end of a connection changes no text. So a user who goes
/// offline with a different text gets two entries, first the text, then the status. Then a user who disconnects looks
/// the same as one who becomes invisible or hides.
fn before_and(before: Option<&VisiblePresence>, now: PresenceEntry) -> Vec<PresenceEntry> {
    let parts =
        |shown: &&VisiblePresence| now.status == StatusType::Offline && shown.line.status_text != now.status_text;
    let step = before.filter(parts).map(|shown| {
        let says_nothing = shown.line.status == shown.presence.connection && now.status_text.is_empty();
        PresenceEntry {
            status: shown.line.status,
            status_source: (!says_nothing).then_some(ClaimSource::Manual),
            ..now.clone()
        }
    });
    step.into_iter().chain([now]).collect()
}

/// Returns an entry as the tuples of both events: first the one about all users, then the one for watchers of one user.
fn tuples(line: &PresenceEntry) -> (Vec<Value>, Vec<Value>) {
    let (username, status, words) = (json!(line.username), json!(code(line.status)), json!(line.status_text));
    let mut one = vec![username, status, words];
    let mut all = vec![json!(line.id)];
    all.extend(one.clone());
    all.extend([json!(line.name), json!([])]);
    if let Some(source) = line.status_source {
        let claim = [json!(source), json!(line.status_expires_at.map(date))];
        let ends = line.status_expires_at.is_some();
        for tuple in [&mut all, &mut one] {
            tuple.extend(claim.iter().take(if ends { 2 } else { 1 }).cloned());
        }
    }
    (all, one)
}

fn texts(lines: &[PresenceEntry], roles: &Arc<[RoleId]>) -> PresenceTexts {
    let (mut all, watched): (Vec<_>, Vec<_>) = lines.iter().map(tuples).unzip();
    let of_all = |tuples: &[Vec<Value>]| {
        let events = tuples
            .iter()
            .map(|tuple| event(Stream::NotifyLogged, USER_STATUS, &json!([tuple])));
        EncodedMessages::of_all(&events.collect::<Vec<_>>())
    };
    let watched = lines.iter().zip(watched).map(|(line, one)| {
        let id = line.id.as_str();
        let fields = json!({"uid": id, "eventName": id, "args": [one]});
        changed(Stream::UserPresence.name(), id, &fields)
    });
    let (everybody, roles) = (of_all(&all), Arc::clone(roles));
    let with_roles = move || {
        for tuple in &mut all {
            tuple[ROLES_PLACE] = json!(roles);
        }
        of_all(&all)
    };
    PresenceTexts {
        everybody,
        with_roles: LazyLock::new(Box::new(with_roles)),
        watchers: EncodedMessages::of_all(&watched.collect::<Vec<_>>()),
    }
}

/// Returns the messages for the user's own sockets, if the user sees a change. The user sees more than others do, for
/// example the end of the invisibility.
fn own(change: &PresenceChange) -> Option<OwnTexts> {
    let presence =
        |shown: &Option<Arc<VisiblePresence>>| shown.as_ref().map_or(Own::ABSENT, |shown| shown.presence.clone());
    let (before, now) = (presence(&change.before), presence(&change.after));
    let lines = [&change.before, &change.after].map(|shown| shown.as_ref().map(|shown| &shown.line));
    // The messages do not contain the connection status and the declared status.
    let before = Own {
        connection: now.connection,
        declared: now.declared,
        ..before
    };
    if before == now && (lines[0] == lines[1] || lines.contains(&None)) {
        return None;
    }
    let id = change.user.as_str();
    let (mut diff, mut unset) = (json!({"status": now.status}), json!({}));
    let mut put = |name: &str, value: Option<Value>| match value {
        Some(value) => diff[name] = value,
        None => unset[name] = json!(1),
    };
    let words = Some(&now.text).filter(|words| !words.is_empty());
    put("statusText", words.map(|words| json!(words)));
    put("statusSource", now.source.map(|source| json!(source)));
    put("statusExpiresAt", now.expires_at.map(date));
    let fields = json!({"status": now.status, "statusText": now.text});
    let data = json!({"type": "updated", "id": id, "diff": diff, "unset": unset});
    Some(OwnTexts {
        document: EncodedMessages::of(&changed("users", id, &fields)),
        event: EncodedMessages::of(&user_data(&change.user, &data)),
    })
}

fn user_data(id: &UserId, data: &Value) -> Value {
    event(Stream::NotifyUser, &format!("{id}/userData"), &json!([data]))
}

fn of_user(app: &App, user: &Changed<User>) -> Vec<OutboundMessage> {
    let mut all = match (&user.before, &user.after) {
        (Some(before), Some(after)) => changes(before, after),
        (Some(before), None) => {
            let gone = json!([{"userId": before.id, "messageErasureType": "Delete"}]);
            vec![told(Stream::NotifyLogged, "Users:Deleted", &gone)]
        }
        _ => Vec::new(),
    };
    // A deleted user has no connections any more.
    let concerns = |before: &&Arc<User>| user.after.is_none() || app.hub.is_connected(&before.id);
    if let Some(before) = user.before.as_ref().filter(concerns) {
        // Last, so that users still receive the messages about their own removal.
        all.push(OutboundMessage::User {
            id: before.id.clone(),
            own: user.after.as_ref().map(|after| own_record(before, after)),
            user: user.after.clone(),
        });
    }
    all
}

/// Returns the messages for the user's own sockets about a changed record.
fn own_record(before: &User, after: &User) -> OwnTexts {
    let (mut fields, old) = (record::own_user(after), record::own_user(before));
    if let Value::Object(fields) = &mut fields {
        fields.retain(|name, value| old[name.as_str()] != *value);
    }
    let id = after.id.as_str();
    let data = json!({"type": "updated", "id": id, "diff": fields, "unset": {}});
    OwnTexts {
        document: EncodedMessages::of(&changed("users", id, &fields)),
        event: EncodedMessages::of(&user_data(&after.id, &data)),
    }
}

/// Returns the messages for all users about a changed record.
fn changes(before: &User, after: &User) -> Vec<OutboundMessage> {
    let mut all = Vec::new();
    let mut tell = |name: &str, args: Value| all.push(told(Stream::NotifyLogged, name, &args));
    if (&before.name, &before.username) != (&after.name, &after.username) {
        let names = json!({"_id": after.id, "name": after.shown_name(), "username": after.username});
        tell("Users:NameChanged", json!([names]));
    }
    if before.avatar != after.avatar {
        let avatar = json!({"username": after.username, "etag": after.avatar});
        tell("updateAvatar", json!([avatar]));
    }
    for (kind, some, others) in [
        ("added", &after.roles, &before.roles),
        ("removed", &before.roles, &after.roles),
    ] {
        for role in some.iter().filter(|role| !others.contains(role)) {
            let who = json!({"_id": after.id, "username": after.username});
            let args = json!([{"type": kind, "_id": role, "u": who}]);
            all.push(OutboundMessage::Stream {
                stream: Stream::NotifyLogged,
                event: ROLES_CHANGE.to_owned(),
                // Other responses show the roles only to users with this permission.
                permission: Some(Permission::ViewFullOtherUserInfo),
                about: Some(after.id.clone()),
                text: EncodedMessages::of(&event(Stream::NotifyLogged, ROLES_CHANGE, &args)),
            });
        }
    }
    all
}

fn of_role(role: &Changed<Role>) -> Option<OutboundMessage> {
    let (kind, role) = match (&role.before, &role.after) {
        (_, Some(role)) => ("changed", role),
        (Some(role), None) => ("removed", role),
        (None, None) => return None,
    };
    let mut record = json!(role);
    record["type"] = json!(kind);
    Some(told(Stream::Roles, "roles", &json!([record])))
}

fn custom_status(status: &Changed<CustomStatus>) -> Option<OutboundMessage> {
    let (name, status) = match (&status.before, &status.after) {
        (_, Some(status)) => ("updateCustomUserStatus", status),
        (Some(status), None) => ("deleteCustomUserStatus", status),
        (None, None) => return None,
    };
    let args = json!([{"userStatusData": record::custom_status(status)}]);
    Some(told(Stream::NotifyLogged, name, &args))
}

/// Returns the message about a changed setting: none for secrets, and only for callers with the permission if the
/// setting is not public.
fn setting(app: &App, id: SettingId) -> Option<OutboundMessage> {
    if id.is_secret() {
        return None;
    }
    let args = json!(["updated", record::setting(id, &app.settings().value(id))]);
    if id.is_public() {
        return Some(told(Stream::NotifyAll, "public-settings-changed", &args));
    }
    Some(OutboundMessage::Stream {
        stream: Stream::NotifyLogged,
        event: PRIVATE_SETTINGS.to_owned(),
        permission: Some(Permission::ViewPrivilegedSetting),
        about: None,
        text: EncodedMessages::of(&event(Stream::NotifyLogged, PRIVATE_SETTINGS, &args)),
    })
}
