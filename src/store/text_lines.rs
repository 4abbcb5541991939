//! Many short texts in one allocation, which a search reads in order.

use memchr::memmem::Finder;

use super::trigrams::{Trigrams, WantedTrigrams};

/// Many texts, one after the other, each with a line feed at its end.
#[derive(Debug, Default, Clone)]
pub(super) struct TextLines {
    lines: String,
    trigrams: Trigrams,
}

/// A text that is searched for in [`TextLines`].
pub(super) struct WantedText<'text> {
    finder: &'text Finder<'text>,
    trigrams: WantedTrigrams,
}

impl<'text> WantedText<'text> {
    /// Returns the text of a finder.
    pub(super) fn of(finder: &'text Finder<'text>) -> Self {
        Self {
            finder,
            trigrams: WantedTrigrams::of(finder.needle()),
        }
    }
}

/// The place of one text in [`TextLines`], in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct TextSpan {
    start: u32,
    bytes: u16,
}

impl TextSpan {
    /// Returns the place that begins at this byte.
    pub(super) const fn at(start: u32, bytes: u16) -> Self {
        Self { start, bytes }
    }

    /// Returns the place of the line feed after the text.
    pub(super) const fn end(self) -> u32 {
        self.start + self.bytes as u32
    }

    /// Returns the place of the next text, which has this length. A line feed is between the two.
    pub(super) const fn next(self, bytes: u16) -> Self {
        Self::at(self.end() + 1, bytes)
    }
}

/// Returns the number of bytes of a text that [`TextLines`] stores. It stores at most 65,535 bytes of a text. The texts
/// of accounts are much shorter.
pub(super) fn length(text: &str) -> u16 {
    u16::try_from(stored(text).len()).unwrap_or(u16::MAX)
}

fn stored(text: &str) -> &str {
    &text[..text.floor_char_boundary(usize::from(u16::MAX))]
}

impl TextLines {
    /// Stores these texts, one after the other, and returns the position of the first one. Texts that are at the old
    /// position stay there; others are added at the end. A line feed separates the texts, so that a search cannot match
    /// across two of them.
    pub(super) fn put<const TEXTS: usize>(&mut self, texts: [Option<&str>; TEXTS], old: Option<u32>) -> u32 {
        let mut lines = String::new();
        for text in texts.into_iter().flatten() {
            lines.push_str(stored(text));
            lines.push('\n');
        }
        let is_there = |start: &u32| {
            self.lines
                .get(*start as usize..)
                .is_some_and(|rest| rest.starts_with(&lines))
        };
        if let Some(old) = old.filter(is_there) {
            return old;
        }
        let start = u32::try_from(self.lines.len()).unwrap_or(u32::MAX);
        self.lines.push_str(&lines);
        for text in texts.into_iter().flatten() {
            self.trigrams.add(stored(text));
        }
        start
    }

    /// Returns the length of all texts with their line feeds, in bytes.
    pub(super) const fn bytes(&self) -> usize {
        self.lines.len()
    }

    /// Returns the text at a place.
    pub(super) fn get(&self, place: TextSpan) -> &str {
        self.lines
            .get(place.start as usize..place.end() as usize)
            .unwrap_or_default()
    }

    /// Returns whether one of the texts contains this one.
    pub(super) fn has(&self, text: &WantedText<'_>) -> bool {
        self.trigrams.may_have(&text.trigrams) && text.finder.find(self.lines.as_bytes()).is_some()
    }
}
