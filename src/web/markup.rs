//! Rendered parts of pages.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;

/// HTML in which every text of a user is escaped.
#[derive(Debug, Clone, Default)]
pub(super) struct Markup(String);

impl Markup {
    /// Renders a part of a page.
    pub(super) fn of(part: &impl Template) -> Self {
        // Writing to a text does not fail.
        Self(part.render().unwrap_or_default())
    }

    /// Returns HTML of this server as markup. It must have no text of a user.
    pub(super) const fn without_user_text(html: String) -> Self {
        Self(html)
    }

    /// Returns an image of the `qrcode` crate as markup: SVG without any text of a user. Removes the XML declaration,
    /// because HTML pages cannot contain it.
    pub(super) fn picture(svg: String) -> Self {
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
