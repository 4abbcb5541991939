//! The frame of every page, around its own content, and the parts that pages share.

use askama::Template;
use askama::filters::HtmlSafe;
use fluent_bundle::FluentValue;

use super::administration::Section;
use super::assets;
use super::form_field::Field;
use super::markup::Markup;
use super::note::Note;
use super::people::Face;
use super::sentence::Sentence;
use super::visit::Visit;
use super::words::Words;
use crate::domain::{SettingId, User};

/// The frame of a page: everything around its own content.
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
    /// The message about the action before this page.
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
    pub(super) fn of(visit: &Visit, title: impl Into<String>) -> Self {
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
    pub(super) fn in_section(mut self, section: Section) -> Self {
        for link in &mut self.sections {
            link.current = link.path == section.path();
        }
        self
    }

    /// Returns the text of a key.
    pub(super) fn t(&self, key: &str) -> std::borrow::Cow<'static, str> {
        self.words.t(key)
    }

    /// Returns the text of a key with these values.
    pub(super) fn say(&self, key: &str, values: &[(&str, FluentValue<'_>)]) -> String {
        self.words.say(key, values)
    }

    /// Returns the tag of the language.
    pub(super) fn lang(&self) -> &'static str {
        self.words.language().tag()
    }

    /// Returns an icon of the sprite. It is a decoration: the words beside it say the same.
    pub(super) fn icon(&self, id: &'static str) -> Markup {
        self.drawn(id, "icon")
    }

    /// Returns a small icon.
    pub(super) fn small_icon(&self, id: &'static str) -> Markup {
        self.drawn(id, "icon s")
    }

    /// Returns the shape of a status.
    pub(super) fn dot(&self, id: &'static str) -> Markup {
        self.drawn(id, &format!("dot {id}"))
    }

    /// Returns the mark of Rollcall.
    pub(super) fn mark(&self) -> Markup {
        self.drawn("mark", "mark")
    }

    // The public path has only characters that need no escaping.
    fn drawn(&self, id: &'static str, class: &str) -> Markup {
        Markup::without_user_text(format!(
            "<svg class=\"{class}\" aria-hidden=\"true\"><use href=\"{}/icons.svg#{id}\"/></svg>",
            self.assets
        ))
    }

    /// Returns the hidden field with the token of a form.
    pub(super) fn token(&self) -> Markup {
        Markup::without_user_text(format!(
            "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
            super::form::TOKEN,
            self.form_token
        ))
    }

    /// Returns a field of a form.
    pub(super) fn field(&self, field: &Field) -> Markup {
        Markup::of(&FieldPart { f: self, field })
    }

    /// Returns the box with the error of a form.
    pub(super) fn problem(&self, text: &Sentence) -> Markup {
        Markup::of(&ProblemPart { f: self, text })
    }

    /// Returns the box with a secret that is shown only once, and a button that copies it. `id` is its id on the page.
    pub(super) fn secret(&self, id: &'static str, text: &str) -> Markup {
        Markup::of(&SecretPart { f: self, id, text })
    }

    /// Returns a picture of a person, or the initials.
    #[allow(clippy::unused_self, reason = "templates call it as the other parts")]
    pub(super) const fn face<'face>(&self, face: &'face Face, size: &'static str) -> FacePart<'face> {
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
