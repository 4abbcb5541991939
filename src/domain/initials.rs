//! Initials of a name as text, and as pixels for clients that take no SVG.

use font8x8::{BASIC_FONTS, GREEK_FONTS, LATIN_FONTS, UnicodeFonts};
use image::imageops::{self, FilterType};
use image::{DynamicImage, GrayImage, Luma, Rgb, RgbImage};

/// Pixels of a side of a letter in the font.
const LETTER_PIXELS: u32 = 8;

/// The part of the side that a letter takes, in percent.
const LETTER_PERCENT: u32 = 38;

/// How far a pixel of the enlarged letter is from the middle of the edge, until it is fully letter or fully ground.
const EDGE: i32 = 4;

/// Returns the first letters of the first and the last word, in upper case. They are alphanumeric.
#[must_use]
pub(crate) fn letters(name: &str) -> String {
    let mut words = name
        .split(|character: char| !character.is_alphanumeric())
        .filter_map(|word| word.chars().next());
    let first = words.next();
    let letters = first.into_iter().chain(words.next_back());
    letters.flat_map(char::to_uppercase).take(2).collect()
}

/// Draws white letters on a square of this colour. A letter that the font does not have (it has Latin and Greek ones) is
/// drawn as a question mark.
#[must_use]
pub(crate) fn drawn(initials: &str, ground: [u8; 3], side: u32) -> DynamicImage {
    let letters: Vec<_> = initials.chars().map(glyph).collect();
    let count = u32::try_from(letters.len()).unwrap_or(1).max(1);
    let mut small = GrayImage::new(count * LETTER_PIXELS, LETTER_PIXELS);
    for (place, letter) in (0..).zip(&letters) {
        for (y, row) in (0..).zip(letter) {
            for x in (0..LETTER_PIXELS).filter(|x| row >> x & 1 == 1) {
                small.put_pixel(place * LETTER_PIXELS + x, y, Luma([u8::MAX]));
            }
        }
    }
    let height = (side * LETTER_PERCENT / 100).max(1);
    let letters = imageops::resize(&small, count * height, height, FilterType::CatmullRom);
    let mut picture = RgbImage::from_pixel(side, side, Rgb(ground));
    let (left, top) = (side.saturating_sub(letters.width()) / 2, (side - height) / 2);
    for (x, y, Luma([light])) in letters.enumerate_pixels() {
        let white = ((i32::from(*light) - 128) * EDGE + 128).clamp(0, 255);
        let mixed = |ground: u8| {
            let mixed = (i32::from(ground) * (255 - white) + 255 * white) / 255;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        };
        if let Some(pixel) = picture.get_pixel_mut_checked(left + x, top + y) {
            pixel.0 = ground.map(mixed);
        }
    }
    picture.into()
}

fn glyph(letter: char) -> [u8; 8] {
    let found = BASIC_FONTS.get(letter).or_else(|| LATIN_FONTS.get(letter));
    let found = found
        .or_else(|| GREEK_FONTS.get(letter))
        .or_else(|| BASIC_FONTS.get('?'));
    found.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_white_in_the_middle_and_differ() {
        let ground = [0x14, 0x6c, 0x2e];
        let (a, b) = (drawn("A", ground, 64).into_rgb8(), drawn("B", ground, 64).into_rgb8());
        assert_eq!((a.width(), a.height()), (64, 64));
        assert_ne!(a, b);
        for picture in [&a, &b] {
            assert!(picture.pixels().any(|pixel| pixel.0 == [255; 3]));
            assert_eq!(picture.get_pixel(0, 0).0, ground);
        }
        assert_eq!(drawn("Я", ground, 16), drawn("?", ground, 16));
        for initials in ["", "AL", "ÅØ", "ΣΩ"] {
            assert_eq!(drawn(initials, ground, 16).width(), 16);
        }
    }
}
