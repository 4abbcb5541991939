//! What every page has around its own content, and the parts that pages share.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;
use fluent_bundle::FluentValue;

use super::administration::Section;
use super::assets;
use super::people::Face;
use super::sentence::Sentence;
use super::visit::Visit;
use super::words::Words;
use crate::domain::{SettingId, User};

/// HTML in which every text of a user is escaped.
#[derive(Debug, Clone, Default)]
pub(super) struct Markup(String);

impl Markup {
    /// Renders a part of a page.
    pub fn of(part: &impl Template) -> Self {
        // Writing to a text does not fail.
        Self(part.render().unwrap_or_default())
    }

    /// Returns an image of the `qrcode` crate as markup: SVG without any text of a user. Removes the XML declaration,
    /// because HTML pages cannot contain it.
    pub fn picture(svg: String) -> Self {
        match svg.find("<svg") {
            Some(start) => Self(svg[start..].to_owned()),
            None => Self(svg),
        }
    }
}

impl fmt::Display for Markup {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl HtmlSafe for Markup {}

/// What every page has around its own content.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    words: Words,
    /// The title of the page.
    pub title: String,
    /// The name of the server, which is the team's.
    pub site: String,
    /// The public path of the server, before every link.
    pub base: String,
    /// The path of the folder that has the assets.
    pub assets: String,
    /// The token for the forms of the page.
    pub form_token: String,
    /// The colours that the user chose; none is as the device has them.
    pub theme: Option<&'static str>,
    /// The user, where one is signed in.
    pub me: Option<SignedIn>,
    /// The sections of the administration that the user may open.
    pub sections: Vec<SectionLink>,
    /// What was done before this page, in words.
    pub toast: Option<String>,
}

/// An entry in the navigation of the administration.
#[derive(Debug, Clone)]
pub(super) struct SectionLink {
    pub path: &'static str,
    pub icon: &'static str,
    pub title: String,
    /// `true` for the section of this page.
    pub current: bool,
}

impl SectionLink {
    fn of(section: Section, words: Words) -> Self {
        Self {
            path: section.path(),
            icon: section.icon(),
            title: section.title(words),
            current: false,
        }
    }
}

/// The signed-in user in the head of a page.
#[derive(Debug, Clone)]
pub(super) struct SignedIn {
    pub username: String,
    pub face: Face,
}

impl Frame {
    /// Returns the frame of a page with this title.
    pub fn of(visit: &Visit, title: impl Into<String>) -> Self {
        let user = visit.visitor.caller.as_ref().map(|caller| &*caller.user);
        Self {
            words: visit.words,
            title: title.into(),
            site: visit.app.settings().text(SettingId::SiteName),
            base: visit.base.clone(),
            assets: format!("{}{}", visit.base, assets::folder()),
            form_token: visit.visitor.form_token(),
            theme: user.and_then(theme),
            me: user.map(|user| SignedIn {
                username: user.username.to_string(),
                face: Face::of_user(user, &visit.base),
            }),
            sections: visit.visitor.caller.as_ref().map_or_else(Vec::new, |caller| {
                let sections = Section::of(caller).into_iter();
                sections.map(|section| SectionLink::of(section, visit.words)).collect()
            }),
            toast: Note::of(visit.query.text("note")).map(|note| note.words(visit.words)),
        }
    }

    /// Returns the frame of a page in this section of the administration.
    pub fn in_section(mut self, section: Section) -> Self {
        for link in &mut self.sections {
            link.current = link.path == section.path();
        }
        self
    }

    /// Returns the text of a key.
    pub fn t(&self, key: &str) -> std::borrow::Cow<'static, str> {
        self.words.t(key)
    }

    /// Returns the text of a key with these values.
    pub fn say(&self, key: &str, values: &[(&str, FluentValue<'_>)]) -> String {
        self.words.say(key, values)
    }

    /// Returns the tag of the language.
    pub fn lang(&self) -> &'static str {
        self.words.language().tag()
    }

    /// Returns an icon of the sprite. It is a decoration: the words beside it say the same.
    pub fn icon(&self, id: &'static str) -> Markup {
        self.drawn(id, "icon")
    }

    /// Returns a small icon.
    pub fn small_icon(&self, id: &'static str) -> Markup {
        self.drawn(id, "icon s")
    }

    /// Returns the shape of a status.
    pub fn dot(&self, id: &'static str) -> Markup {
        self.drawn(id, &format!("dot {id}"))
    }

    /// Returns the mark of Rollcall.
    pub fn mark(&self) -> Markup {
        self.drawn("mark", "mark")
    }

    // The public path has only characters that need no escaping.
    fn drawn(&self, id: &'static str, class: &str) -> Markup {
        Markup(format!(
            "<svg class=\"{class}\" aria-hidden=\"true\"><use href=\"{}/icons.svg#{id}\"/></svg>",
            self.assets
        ))
    }

    /// Returns the hidden field with the token of a form.
    pub fn token(&self) -> Markup {
        Markup(format!(
            "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
            super::form::TOKEN,
            self.form_token
        ))
    }

    /// Returns a field of a form.
    pub fn field(&self, field: &Field) -> Markup {
        Markup::of(&FieldPart { f: self, field })
    }

    /// Returns the box with the error of a form.
    pub fn problem(&self, text: &Sentence) -> Markup {
        Markup::of(&ProblemPart { f: self, text })
    }

    /// Returns the box with a secret that is shown only once, and a button that copies it. `id` is its id on the page.
    pub fn secret(&self, id: &'static str, text: &str) -> Markup {
        Markup::of(&SecretPart { f: self, id, text })
    }

    /// Returns a picture of a person, or the initials.
    #[allow(clippy::unused_self, reason = "templates call it as the other parts")]
    pub const fn face<'face>(&self, face: &'face Face, size: &'static str) -> FacePart<'face> {
        FacePart { face, size }
    }
}

/// Returns the colours that a user chose.
fn theme(user: &User) -> Option<&'static str> {
    let chosen = user.preferences.chosen().get("themeAppearence");
    match chosen.and_then(serde_json::Value::as_str) {
        Some("light") => Some("light"),
        Some("dark") => Some("dark"),
        _ => None,
    }
}

macro_rules! notes {
    ($($note:ident = $name:literal, $key:literal;)*) => {
        /// A message about the action before a page. The query of the page contains its name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Note { $($note),* }

        impl Note {
            /// Returns the name of the message in a query.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$note => $name),* }
            }

            /// Returns the message with this name.
            pub fn of(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$note),)*
                    _ => None,
                }
            }

            /// Returns the text of the message.
            pub fn words(self, words: Words) -> String {
                match self { $(Self::$note => words.t($key)),* }.into_owned()
            }
        }
    };
}

// The name in the query, and the key of the text.
notes! {
    SignedOut = "signed-out", "note-signed-out";
    Ended = "ended", "note-ended";
    PasswordSet = "password-set", "note-password-set";
    ProfileSaved = "saved", "note-saved";
    Registered = "registered", "note-registered";
    AwaitsApproval = "awaits-approval", "note-awaits-approval";
    StatusSet = "status-set", "note-status-set";
    StatusCleared = "status-cleared", "note-status-cleared";
    SessionEnded = "session-ended", "note-session-ended";
    SessionsEnded = "sessions-ended", "note-sessions-ended";
    TokenEnded = "token-ended", "note-token-ended";
    TwoStepOff = "two-step-off", "note-two-step-off";
    WallRevoked = "wall-revoked", "note-wall-revoked";
    InvitationRevoked = "invitation-revoked", "note-invitation-revoked";
    CustomStatusSaved = "custom-status-saved", "note-custom-status-saved";
    CustomStatusDeleted = "custom-status-deleted", "note-custom-status-deleted";
    PermissionsSaved = "permissions-saved", "note-permissions-saved";
    RoleSaved = "role-saved", "note-role-saved";
    RoleDeleted = "role-deleted", "note-role-deleted";
    SettingsSaved = "settings-saved", "note-settings-saved";
    UserCreated = "user-created", "note-user-created";
    UserSaved = "user-saved", "note-user-saved";
    UserPasswordSet = "user-password-set", "note-user-password-set";
    UserActivated = "user-activated", "note-user-activated";
    UserDeactivated = "user-deactivated", "note-user-deactivated";
    UserUnlocked = "user-unlocked", "note-user-unlocked";
    UserSignedOut = "user-signed-out", "note-user-signed-out";
    UserDeleted = "user-deleted", "note-user-deleted";
}

/// A field of a form.
#[derive(Debug, Clone, Default)]
#[allow(clippy::struct_excessive_bools)] // The switches of a template.
pub(super) struct Field {
    /// The name, and the id on the page.
    pub name: &'static str,
    pub label: String,
    /// The type of the control.
    pub kind: &'static str,
    pub value: String,
    pub autocomplete: &'static str,
    /// Maximum characters; 0 is no bound.
    pub most: usize,
    /// The number of visible lines of a text of several lines; 0 for a field of one line.
    pub rows: usize,
    pub required: bool,
    pub focused: bool,
    /// Whether the text is a name or a code, which no one writes with capitals or a spelling checker.
    pub is_code: bool,
    /// The word beside the label.
    pub aside: String,
    /// The value that the page showed when it was made, if the form sends it back.
    pub shown: Option<String>,
    /// What is wrong with the value.
    pub error: Sentence,
    pub hint: String,
    /// Whether a script fills the field with the part of the address behind its `#`, and hides it.
    pub from_link: bool,
}

#[derive(Template)]
#[template(path = "field.html")]
struct FieldPart<'page> {
    f: &'page Frame,
    field: &'page Field,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPart<'page> {
    f: &'page Frame,
    text: &'page Sentence,
}

#[derive(Template)]
#[template(path = "secret.html")]
struct SecretPart<'page> {
    f: &'page Frame,
    id: &'static str,
    text: &'page str,
}

#[derive(Template)]
#[template(path = "face.html")]
pub(super) struct FacePart<'page> {
    face: &'page Face,
    size: &'static str,
}

// A template escapes the texts in it.
impl HtmlSafe for FacePart<'_> {}

impl Field {
    fn new(name: &'static str, label: impl Into<String>, kind: &'static str, autocomplete: &'static str) -> Self {
        Self {
            name,
            label: label.into(),
            kind,
            autocomplete,
            required: true,
            ..Self::default()
        }
    }

    /// A line of text.
    pub fn line(name: &'static str, label: impl Into<String>, autocomplete: &'static str) -> Self {
        Self::new(name, label, "text", autocomplete)
    }

    /// Returns a field for a text of several lines. The page shows this number of lines.
    pub fn block(name: &'static str, label: impl Into<String>, rows: usize) -> Self {
        Self {
            rows,
            ..Self::line(name, label, "off")
        }
    }

    /// A username, or another text that is written exactly.
    pub fn code(name: &'static str, label: impl Into<String>, autocomplete: &'static str) -> Self {
        Self {
            is_code: true,
            ..Self::line(name, label, autocomplete)
        }
    }

    /// An e-mail address.
    pub fn email(label: impl Into<String>) -> Self {
        Self::new("email", label, "email", "email")
    }

    /// A password that the user has.
    pub fn password(label: impl Into<String>) -> Self {
        Self::new("password", label, "password", "current-password")
    }

    /// A password that the user chooses.
    pub fn new_password(name: &'static str, label: impl Into<String>) -> Self {
        Self::new(name, label, "password", "new-password")
    }

    /// The same with the value that was sent before. Passwords are never sent back.
    pub fn with(self, value: &str) -> Self {
        Self {
            value: value.to_owned(),
            ..self
        }
    }

    /// The same, which sends this value back as the one that the page showed ([`FormFields::changed`](super::form::FormFields::changed)).
    pub fn showing(self, shown: String) -> Self {
        Self {
            shown: Some(shown),
            ..self
        }
    }

    /// The same with this below it.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: hint.into(),
            ..self
        }
    }

    /// The same, which may stay empty.
    pub fn optional(self, word: impl Into<String>) -> Self {
        Self {
            required: false,
            aside: word.into(),
            ..self
        }
    }

    /// The same with at most so many characters.
    pub fn most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// The same, in which the cursor is.
    pub fn focused(self) -> Self {
        Self { focused: true, ..self }
    }

    /// The same with what is wrong with it, which also has the cursor.
    pub fn wrong(self, error: impl Into<Sentence>) -> Self {
        let error = error.into();
        Self {
            focused: self.focused || !error.is_empty(),
            error,
            ..self
        }
    }
}
