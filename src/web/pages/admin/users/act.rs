//! Actions on an account that need only a confirmation. Each action has its own page.

use askama::Template;

use super::viewed_account::{Account, permit, said};
use crate::auth::Caller;
use crate::domain::password_reset::RESET_HOURS;
use crate::domain::user::Activity;
use crate::domain::{Permission, RequestError, SettingId};
use crate::ops::calls::CallRate;
use crate::ops::{avatars, lockout, passwords, proof, tokens, two_factor, users};
use crate::web::administration::Section;
use crate::web::frame::Frame;
use crate::web::note::Note;
use crate::web::pages::admin::frame;
use crate::web::pages::admin::question::{Question, ask};
use crate::web::pages::confirm;
use crate::web::reply::{self, PageOutcome};
use crate::web::sentence::Sentence;
use crate::web::visit::Visit;
use crate::web::words::{Words, isolated};

/// An action on an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub(super) enum Act {
    Unlock,
    ResetLink,
    TwoStepOff,
    SignOut,
    RemovePhoto,
    Activate,
    Deactivate,
    Delete,
}

/// The keys of the texts for an action.
struct Keys {
    verb: &'static str,
    title: &'static str,
    lead: &'static str,
}

/// A link or a button that starts an action.
pub(super) struct Entry {
    pub path: String,
    pub icon: &'static str,
    pub words: String,
    /// `true` if the user cannot sign in after the action. Pages mark such an entry.
    pub is_risky: bool,
    /// `true` if the entry leads to a question. Otherwise the entry is the form of the action.
    pub asks: bool,
}

#[derive(Template)]
#[template(path = "admin/users/link.html")]
struct LinkPage {
    f: Frame,
    title: String,
    lead: String,
    link: String,
    back: String,
}

impl Act {
    /// All actions, in the order in which pages show them.
    pub(super) const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// Returns the last part of the action's path.
    fn name(self) -> &'static str {
        self.into()
    }

    const fn icon(self) -> &'static str {
        match self {
            Self::Unlock => "lock",
            Self::ResetLink => "key",
            Self::TwoStepOff => "shield",
            Self::SignOut => "out",
            Self::RemovePhoto => "camera",
            Self::Activate => "check",
            Self::Deactivate => "x",
            Self::Delete => "trash",
        }
    }

    const fn keys(self) -> Keys {
        let (verb, title, lead) = match self {
            Self::Unlock => ("user-unlock", "user-unlock-title", "user-unlock-lead"),
            Self::ResetLink => ("user-reset-link", "user-reset-link-title", "user-reset-link-lead"),
            Self::TwoStepOff => ("user-two-step-off", "user-two-step-off-title", "user-two-step-off-lead"),
            Self::SignOut => ("user-sign-out", "user-sign-out-title", "user-sign-out-lead"),
            Self::RemovePhoto => ("user-photo", "user-photo-title", "user-photo-lead"),
            Self::Activate => ("user-activate", "user-activate-title", "user-activate-lead"),
            Self::Deactivate => ("user-deactivate", "user-deactivate-title", "user-deactivate-lead"),
            Self::Delete => ("user-delete", "user-delete-title", "user-delete-lead"),
        };
        Keys { verb, title, lead }
    }

    /// Returns the permission that the action needs, as its endpoint does. Without it, the page answers with status 403
    /// and other pages do not show the action.
    const fn permission(self) -> Permission {
        match self {
            Self::Unlock | Self::Activate | Self::Deactivate => Permission::EditOtherUserActiveStatus,
            Self::ResetLink => Permission::EditOtherUserPassword,
            Self::TwoStepOff => Permission::EditOtherUserTotp,
            Self::SignOut => Permission::LogoutOtherUser,
            Self::RemovePhoto => Permission::EditOtherUserAvatar,
            Self::Delete => Permission::DeleteUser,
        }
    }

    /// Returns the endpoint of the API for the same action.
    const fn endpoint(self) -> &'static str {
        match self {
            Self::Unlock => "POST users.unlock",
            Self::ResetLink => "POST users.createPasswordResetLink",
            Self::TwoStepOff => "POST users.resetTOTP",
            Self::SignOut => "POST users.logout",
            Self::RemovePhoto => "POST users.resetAvatar",
            Self::Activate | Self::Deactivate => "POST users.setActiveStatus",
            Self::Delete => "POST users.delete",
        }
    }

    /// Returns whether the user loses something by the action.
    const fn is_risky(self) -> bool {
        !matches!(self, Self::Unlock | Self::ResetLink | Self::Activate)
    }

    /// Returns whether a question comes before the action. It comes if the action cannot be undone or needs an
    /// explanation.
    const fn asks(self) -> bool {
        !matches!(self, Self::Unlock | Self::Activate)
    }

    /// Returns whether pages offer the action for this account. They leave out an action without effect, if the reader
    /// may see that.
    fn fits(self, visit: &Visit, account: &Account) -> bool {
        match self {
            Self::Unlock => account.full().is_none() || account.blocked_until.is_some(),
            Self::ResetLink => visit.app.settings().flag(SettingId::AllowPasswordReset),
            Self::TwoStepOff => account.has_two_step() != Some(false),
            Self::RemovePhoto => account.viewed.avatar().is_some(),
            Self::Activate => !account.viewed.is_active(),
            Self::Deactivate => account.viewed.is_active(),
            Self::SignOut | Self::Delete => true,
        }
    }

    /// Returns the entries of those actions that the caller may do and that fit the account.
    pub(super) fn entries(visit: &Visit, caller: &Caller, account: &Account, acts: &[Self]) -> Vec<Entry> {
        let wanted = |act: &&Self| caller.may(act.permission()) && act.fits(visit, account);
        let entry = |act: &Self| Entry {
            path: format!("{}/{}", account.path(), act.name()),
            icon: act.icon(),
            words: visit.words.t(act.keys().verb).into_owned(),
            is_risky: matches!(act, Self::Deactivate | Self::Delete),
            asks: act.asks(),
        };
        acts.iter().filter(wanted).map(entry).collect()
    }

    /// Does the action. Returns the link that it created, if any.
    async fn run(self, visit: &Visit, account: &Account) -> Result<Option<String>, RequestError> {
        let (app, caller, actor) = (&visit.app, visit.caller()?, visit.actor()?);
        let (id, shown) = (account.viewed.id(), confirm::proof(visit));
        match self {
            Self::Unlock | Self::Activate | Self::Deactivate | Self::Delete => {
                two_factor::require(app, caller, shown).await?;
            }
            Self::ResetLink => proof::require(app, caller, shown).await?,
            Self::TwoStepOff if account.viewed.is_own() => proof::require(app, caller, shown).await?,
            Self::TwoStepOff | Self::SignOut | Self::RemovePhoto => {
                two_factor::require_for_other(app, caller, &id, shown).await?;
            }
        }
        match self {
            Self::Unlock => lockout::unlock(app, &actor, &id).await?,
            Self::ResetLink => return passwords::make_link(app, &actor, &id).await.map(Some),
            Self::TwoStepOff => two_factor::reset(app, &actor, &id).await?,
            Self::SignOut => drop(tokens::logout_user(app, &actor, &id).await?),
            Self::RemovePhoto => avatars::reset(app, &actor, &id).await?,
            Self::Activate => users::set_active(app, &actor, &id, Activity::Active).await?,
            Self::Deactivate => users::set_active(app, &actor, &id, Activity::Deactivated).await?,
            Self::Delete => users::delete(app, &actor, &id).await?,
        }
        Ok(None)
    }

    /// Returns the message that the next page shows.
    const fn note(self) -> Note {
        match self {
            Self::Unlock => Note::UserUnlocked,
            Self::TwoStepOff => Note::TwoStepOff,
            Self::SignOut => Note::UserSignedOut,
            Self::ResetLink | Self::RemovePhoto => Note::UserSaved,
            Self::Activate => Note::UserActivated,
            Self::Deactivate => Note::UserDeactivated,
            Self::Delete => Note::UserDeleted,
        }
    }
}

/// Returns a text about a user.
fn about(words: Words, key: &str, account: &Account) -> String {
    let name = isolated(account.viewed.name().as_str());
    let hours = i64::from(RESET_HOURS);
    words.say(key, &[("name", name.into()), ("hours", hours.into())])
}

pub(super) async fn show(visit: Visit, act: Act) -> PageOutcome {
    permit(&visit, &[act.permission()])?;
    let account = Account::of(&visit)?;
    question(&visit, act, &account, Sentence::default())
}

fn question(visit: &Visit, act: Act, account: &Account, problem: Sentence) -> PageOutcome {
    let (words, keys) = (visit.words, act.keys());
    let question = Question {
        title: about(words, keys.title, account),
        lead: about(words, keys.lead, account),
        action: format!("{}/{}", account.path(), act.name()),
        button: words.t(keys.verb).into_owned(),
        is_risky: act.is_risky(),
        back: account.path(),
        problem,
    };
    ask(visit, Section::Users, question)
}

pub(super) async fn send(visit: Visit, act: Act) -> PageOutcome {
    permit(&visit, &[act.permission()])?;
    let account = Account::of(&visit)?;
    visit.count(act.endpoint(), CallRate::Default)?;
    match act.run(&visit, &account).await {
        Ok(Some(link)) => show_link(&visit, &account, link),
        Ok(None) if act == Act::Delete => reply::redirect_with(&visit, Section::Users.path(), act.note()),
        Ok(None) => reply::redirect_with(&visit, &account.path(), act.note()),
        Err(error) => {
            let problem = said(visit.words, error)?.rest(&[]);
            question(&visit, act, &account, problem)
        }
    }
}

fn show_link(visit: &Visit, account: &Account, link: String) -> PageOutcome {
    let page = LinkPage {
        f: frame(visit, Section::Users),
        title: about(visit.words, "user-link", account),
        lead: about(visit.words, "user-link-lead", account),
        link,
        back: account.path(),
    };
    reply::page(visit, &page)
}
