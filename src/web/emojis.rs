//! The choice of an emoji in a form.

use askama::Template;

use super::frame::Frame;

/// The emoji to choose from.
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
    /// Returns the choice in which this emoji is chosen; an empty text is none.
    pub const fn of(f: &'page Frame, chosen: &'page str) -> Self {
        Self { f, chosen, all: EMOJI }
    }

    /// Returns whether the chosen emoji is not among those of the menu.
    fn has_own(&self) -> bool {
        !self.chosen.is_empty() && !self.all.contains(&self.chosen)
    }
}
