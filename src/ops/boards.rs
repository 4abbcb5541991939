//! Boards for displays on a wall: links that show who is here to people without an account.

use std::collections::HashMap;
use std::sync::Arc;

use super::audit::note;
use super::transaction::transact;
use super::users::checked_roles;
use super::viewed::View;
use super::viewed_user::ViewedUser;
use super::vouched;
use crate::app::App;
use crate::auth::{Actor, TokenSecret};
use crate::domain::board::{BOARD_PEOPLE, BOARD_SELECTORS, BoardContent, BoardPeople, MAX_BOARDS};
use crate::domain::text::folded;
use crate::domain::{
    AuditAction, AuditParty, Board, Emoji, Permission, RequestError, Role, SettingId, StatusText, StatusType,
    Timestamp, User, UserId, Username,
};
use crate::store::{Change, Snapshot};

/// The maximum number of custom fields that a creator can choose from.
const OFFERED_FIELDS: usize = 10;

/// A board as administrators see it.
#[derive(Debug, Clone)]
pub(crate) struct ListedBoard {
    /// The stored board.
    pub board: Arc<Board>,
    /// The username of its creator; `None` for the operator at the command line.
    pub creator: Option<Username>,
    /// `true` if its link shows it now.
    pub is_valid: bool,
}

/// A board as its link shows it.
#[derive(Debug, Clone)]
pub(crate) struct ShownBoard {
    /// The stored board.
    pub board: Arc<Board>,
    /// The people on it in the order of their names, at most [`BOARD_PEOPLE`].
    pub people: Vec<BoardPerson>,
    /// The number of people whom the board selects.
    pub total: usize,
    /// The number of these people for each status that at least one of them has.
    pub counts: HashMap<StatusType, usize>,
}

/// A person on a board.
#[derive(Debug, Clone)]
pub(crate) struct BoardPerson {
    /// The id, which leads to the picture.
    pub id: UserId,
    /// The version of the picture, if the person has one.
    pub avatar: Option<String>,
    /// The whole name or its first word.
    pub name: String,
    /// The status that everyone sees. A person who is invisible, or who hides from some users, is offline.
    pub status: StatusType,
    /// The text of the status; empty if there is none, or if the board shows no texts.
    pub text: StatusText,
    /// The emoji of the status, if the board shows texts.
    pub emoji: Option<Emoji>,
    /// The time when the status ends, if the board shows texts.
    pub expires_at: Option<Timestamp>,
    /// The time at which the status began, if the board shows texts and all users may see the time.
    pub since: Option<Timestamp>,
}

/// The roles and custom fields by which a creator can let a board select people.
#[derive(Debug, Clone)]
pub(crate) struct Choices {
    /// All roles; empty if the creator may not select people by roles.
    pub roles: Vec<Arc<Role>>,
    /// The public custom fields, at most `OFFERED_FIELDS`.
    pub fields: Vec<FieldChoice>,
}

/// A public custom field with values by which a board selects people.
#[derive(Debug, Clone)]
pub(crate) struct FieldChoice {
    /// The name of the field.
    pub name: String,
    /// The values from the definition of the field, else the most common values of the active users. At most
    /// `BOARD_SELECTORS`.
    pub values: Vec<String>,
}

/// Returns the public id of a board. It reveals nothing of the secret.
#[must_use]
pub(crate) fn label(board: &Board) -> String {
    board.hash.label()
}

/// Creates a board and returns it with its link. The link has the secret, which is not stored.
///
/// # Errors
/// [`RequestError::PermissionRequired`] without `manage-boards`, or for a selection by roles without
/// `view-full-other-user-info`; [`RequestError::InvalidParams`] for a custom field that is not public;
/// [`RequestError::RoleInvalid`], [`RequestError::TooManyLinks`].
pub(crate) async fn create(
    app: &App,
    actor: &Actor,
    name: &str,
    content: &BoardContent,
) -> Result<(ListedBoard, String), RequestError> {
    actor.require(Permission::ManageBoards)?;
    refuse_private(app, actor, &content.people)?;
    let secret = TokenSecret::generate();
    let created = transact(app, |snapshot| {
        let mut content = content.clone();
        if let BoardPeople::Roles(roles) = content.people {
            content.people = BoardPeople::Roles(checked_roles(snapshot, roles)?);
        }
        let board = Board {
            place: vouched::free_place("boards", MAX_BOARDS, |place| snapshot.board_at(*place).is_none())?,
            hash: secret.hash(),
            creator: vouched::creator(actor),
            created_at: app.clock.now(),
            name: name.to_owned(),
            content,
        };
        let change = vouched::by(snapshot, actor)?.insert(&board);
        let noted = note(app, actor, AuditAction::BoardCreated, Some(party(&board)), "");
        Ok((change.insert(&noted), board))
    })
    .await?;
    let link = vouched::link(app, "board", &secret);
    Ok((listed(&app.store.read(), &Arc::new(created)), link))
}

/// Returns the roles and custom fields by which the actor can let a board select people. Reads all users once.
///
/// # Errors
/// [`RequestError::PermissionRequired`] without `manage-boards`.
pub(crate) fn choices(app: &App, actor: &Actor) -> Result<Choices, RequestError> {
    actor.require(Permission::ManageBoards)?;
    let view = View::of_wall(app);
    let roles = view.snapshot().access().roles();
    let custom = app.settings().custom_fields();
    let public = custom.fields().filter(|(name, _)| custom.is_public(name));
    let public: Vec<_> = public.take(OFFERED_FIELDS).collect();
    let free = public.iter().filter(|(_, rule)| rule.options.is_none());
    let mut common = common_values(&view, free.map(|(name, _)| *name));
    let fields = public.into_iter().map(|(name, rule)| FieldChoice {
        name: name.to_owned(),
        values: match &rule.options {
            Some(options) => options.iter().take(BOARD_SELECTORS).cloned().collect(),
            None => common.remove(name).unwrap_or_default(),
        },
    });
    Ok(Choices {
        roles: if actor.may(Permission::ViewFullOtherUserInfo) {
            roles.cloned().collect()
        } else {
            Vec::new()
        },
        fields: fields.collect(),
    })
}

/// Returns the most common values of each of these custom fields, in their order. Reads all users once.
fn common_values<'name>(view: &View<'_>, names: impl Iterator<Item = &'name str>) -> HashMap<&'name str, Vec<String>> {
    let mut counted: HashMap<&str, HashMap<&str, usize>> = names.map(|name| (name, HashMap::new())).collect();
    for user in view.snapshot().users().filter(|user| user.is_active()) {
        for (name, counts) in &mut counted {
            let value = view.custom_field(user, name).and_then(serde_json::Value::as_str);
            if let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) {
                *counts.entry(value).or_default() += 1;
            }
        }
    }
    let most_common = |counts: HashMap<&str, usize>| {
        let mut common: Vec<_> = counts.into_iter().collect();
        common.sort_unstable_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(other.0)));
        common.truncate(BOARD_SELECTORS);
        let mut values: Vec<_> = common.into_iter().map(|(value, _)| value.to_owned()).collect();
        values.sort_unstable();
        values
    };
    let fields = counted.into_iter();
    fields.map(|(name, counts)| (name, most_common(counts))).collect()
}

/// Lists all boards, the newest first. Their number is bounded.
///
/// # Errors
/// [`RequestError::PermissionRequired`] without `manage-boards`.
pub(crate) fn list(app: &App, actor: &Actor) -> Result<Vec<ListedBoard>, RequestError> {
    actor.require(Permission::ManageBoards)?;
    let snapshot = app.store.read();
    let mut found: Vec<_> = snapshot.boards().map(|board| listed(&snapshot, board)).collect();
    found.sort_by_key(|listed| std::cmp::Reverse((listed.board.created_at, listed.board.place)));
    Ok(found)
}

/// Ends a board of any creator.
///
/// # Errors
/// [`RequestError::PermissionRequired`] without `manage-boards`, [`RequestError::BoardNotFound`].
pub(crate) async fn revoke(app: &App, actor: &Actor, id: &str) -> Result<(), RequestError> {
    actor.require(Permission::ManageBoards)?;
    transact(app, |snapshot| {
        let found = snapshot.boards().find(|board| label(board) == id);
        let found = found.ok_or_else(|| RequestError::BoardNotFound { label: id.to_owned() })?;
        let noted = note(app, actor, AuditAction::BoardRevoked, Some(party(found)), "");
        Ok((Change::new().remove(&**found).insert(&noted), ()))
    })
    .await
}

/// Returns what the link with this secret shows. A wrong secret does not count as a guess: the secrets have 256 random
/// bits, and a display that still loads a revoked link must not block the logins of its address.
///
/// # Errors
/// [`RequestError::BoardInvalid`].
pub(crate) fn view(app: &App, secret: &str) -> Result<ShownBoard, RequestError> {
    let hash = TokenSecret::presented(secret).hash();
    let view = View::of_wall(app);
    let snapshot = view.snapshot();
    let board = snapshot.boards().find(|board| board.hash == hash);
    let board = board
        .filter(|board| is_valid(snapshot, board))
        .ok_or(RequestError::BoardInvalid)?;
    let people = &board.content.people;
    let selected = snapshot
        .users()
        .filter(|user| user.is_active() && selects(people, &view, user));
    let mut selected: Vec<_> = selected
        .map(|user| (folded(user.shown_name().as_str()), user))
        .collect();
    let total = selected.len();
    selected.sort_by(|(one, user), (other, another)| (one, &user.id).cmp(&(other, &another.id)));
    let silent = app.settings().flag(SettingId::PresenceBroadcastDisabled);
    let mut counts = HashMap::new();
    for (_, user) in &selected {
        let status = if silent {
            StatusType::Offline
        } else {
            view.presence(&user.id).status
        };
        *counts.entry(status).or_default() += 1;
    }
    let shown = selected.into_iter().take(BOARD_PEOPLE).map(|(_, user)| {
        let viewed = view.user(user);
        person(&board.content, &if silent { viewed.without_presence() } else { viewed })
    });
    Ok(ShownBoard {
        people: shown.collect(),
        total,
        counts,
        board: Arc::clone(board),
    })
}

fn selects(people: &BoardPeople, view: &View<'_>, user: &User) -> bool {
    match people {
        BoardPeople::Everyone => true,
        BoardPeople::Roles(roles) => user.roles.iter().any(|role| roles.contains(role)),
        BoardPeople::Field { name, values } => {
            let value = view.custom_field(user, name).and_then(serde_json::Value::as_str);
            value.is_some_and(|value| values.iter().any(|wanted| wanted == value.trim()))
        }
    }
}

fn person(content: &BoardContent, user: &ViewedUser) -> BoardPerson {
    let name = user.name();
    let first = name.as_str().split_whitespace().next().unwrap_or_default();
    BoardPerson {
        id: user.id(),
        avatar: user.avatar().map(str::to_owned),
        name: if content.full_names { name.as_str() } else { first }.to_owned(),
        status: user.status(),
        text: if content.texts { user.text() } else { StatusText::EMPTY },
        emoji: user.emoji().filter(|_| content.texts),
        expires_at: user.expires_at().filter(|_| content.texts),
        since: user.status_since().filter(|_| content.texts),
    }
}

/// Refuses a selection that would show what its creator may not see, or what only some users may see.
fn refuse_private(app: &App, actor: &Actor, people: &BoardPeople) -> Result<(), RequestError> {
    match people {
        BoardPeople::Roles(_) if !actor.may(Permission::ViewFullOtherUserInfo) => Err(RequestError::PermissionRequired),
        BoardPeople::Field { name, .. } if !app.settings().custom_fields().is_public(name) => {
            let words = format!(
                "must be a custom field that the setting {} makes public",
                SettingId::CustomFields
            );
            Err(RequestError::invalid(words, "field"))
        }
        _ => Ok(()),
    }
}

fn is_valid(snapshot: &Snapshot, board: &Board) -> bool {
    vouched::still(snapshot, board.creator.as_ref(), Permission::ManageBoards).is_some()
}

fn listed(snapshot: &Snapshot, board: &Arc<Board>) -> ListedBoard {
    let creator = board.creator.as_ref().and_then(|creator| snapshot.user(creator));
    ListedBoard {
        creator: creator.map(|user| user.username.clone()),
        is_valid: is_valid(snapshot, board),
        board: Arc::clone(board),
    }
}

fn party(board: &Board) -> AuditParty {
    AuditParty::new("board", &label(board), &board.name)
}
