//! The sequences of three bytes that occur in some texts. If a sequence of the searched text is not among them, the search
//! does not read these texts.

/// The number of places. With more of them a search reads fewer texts, but each leaf of users needs more memory.
const PLACES: usize = 2_048;

const WORD_BITS: usize = 64;

/// The sequences of three bytes in some texts. Each sequence has one of 2,048 places, which it shares with others, so
/// that a sequence may seem to be there, but never seems to be absent if it is there.
#[derive(Debug, Clone)]
pub(super) struct Trigrams([u64; PLACES / WORD_BITS]);

impl Default for Trigrams {
    fn default() -> Self {
        Self([0; PLACES / WORD_BITS])
    }
}

impl Trigrams {
    /// Adds the sequences of a text.
    pub(super) fn add(&mut self, text: &str) {
        for place in places(text.as_bytes()) {
            self.0[place / WORD_BITS] |= 1 << (place % WORD_BITS);
        }
    }

    /// Returns whether one of the texts may contain the wanted one.
    pub(super) fn may_have(&self, wanted: &WantedTrigrams) -> bool {
        let is_set = |place: &usize| self.0[place / WORD_BITS] & (1 << (place % WORD_BITS)) != 0;
        wanted.0.iter().all(is_set)
    }
}

/// The sequences of a text that is searched for. A text of fewer than three bytes has none; a search for it
/// looks at all texts.
#[derive(Debug, Clone)]
pub(super) struct WantedTrigrams(Vec<usize>);

impl WantedTrigrams {
    /// Returns the sequences of a text.
    pub(super) fn of(text: &[u8]) -> Self {
        Self(places(text).collect())
    }
}

/// Returns the place of each sequence in a text.
fn places(text: &[u8]) -> impl Iterator<Item = usize> {
    const UPPER_BITS: u32 = u32::BITS - PLACES.trailing_zeros();
    text.windows(3).map(|three| {
        let number = three.iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
        // A multiplication by 2³² divided by the golden ratio spreads neighbouring numbers over the upper bits.
        (number.wrapping_mul(0x9E37_79B1) >> UPPER_BITS) as usize
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 4] = ["ada lovelace", "müller-lüdenscheidt", "", "日本語の名前"];

    #[test]
    fn no_part_of_a_text_is_passed_over() {
        let mut trigrams = Trigrams::default();
        for text in TEXTS {
            trigrams.add(text);
        }
        for text in TEXTS.map(str::as_bytes) {
            for start in 0..=text.len() {
                for end in start..=text.len() {
                    let part = &text[start..end];
                    assert!(trigrams.may_have(&WantedTrigrams::of(part)), "{part:?}");
                }
            }
        }
    }

    #[test]
    fn most_other_texts_are_passed_over() {
        let mut trigrams = Trigrams::default();
        for text in TEXTS {
            trigrams.add(text);
        }
        let others = (0..1_000).map(|number| format!("person {number:04}"));
        let passed = others.filter(|other| !trigrams.may_have(&WantedTrigrams::of(other.as_bytes())));
        assert_eq!(passed.count(), 1_000);
        assert!(
            trigrams.may_have(&WantedTrigrams::of(b"zz")),
            "two bytes are too few to tell"
        );
    }
}
