//! The field of a form in which a user chooses an emoji.

use askama::Template;

use super::frame::Frame;
use super::markup::Markup;

/// The emoji that the menu offers.
const EMOJI: [&str; 32] = [
    "💬",
    "🎧",
    "🥪",
    "☕",
    "📞",
    "🗓️",
    "🏠",
    "🚆",
    "🚲",
    "🚗",
    "✈️",
    "🌴",
    "🤒",
    "🦷",
    "🍼",
    "🎓",
    "🛠️",
    "🚢",
    "🔥",
    "✍️",
    "📦",
    "🎤",
    "🤝",
    "🏃",
    "🎉",
    "🧘",
    "💤",
    "🐕",
    "🌧️",
    "🎨",
    "🔬",
    "🧑‍🍳",
];

/// The button that shows the chosen emoji, and the menu that it opens.
#[derive(Template)]
#[template(path = "emojis.html")]
pub(super) struct Emojis<'page> {
    f: &'page Frame,
    chosen: &'page str,
    all: [&'static str; 32],
}

impl<'page> Emojis<'page> {
    /// Returns the field with this emoji as the chosen one. An empty text means that no emoji is chosen.
    pub(super) const fn of(f: &'page Frame, chosen: &'page str) -> Self {
        Self { f, chosen, all: EMOJI }
    }

    /// Returns `true` if the chosen emoji is not in the menu.
    fn has_own(&self) -> bool {
        !self.chosen.is_empty() && !self.all.contains(&self.chosen)
    }
}

impl Frame {
    /// Returns the button and the menu with which a user chooses the emoji of a status.
    pub(super) fn emojis(&self, chosen: &str) -> Markup {
        Markup::of(&Emojis::of(self, chosen))
    }
}
