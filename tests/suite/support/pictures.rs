//! Pictures for uploads in tests.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

pub const RED: [u8; 3] = [200, 20, 20];
pub const BLUE: [u8; 3] = [20, 20, 200];

fn file(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).expect("a picture is encoded");
    bytes.into_inner()
}

/// Returns a picture whose left half is [`RED`] and whose right half is [`BLUE`].
pub fn halves(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let colour = |x: u32, _| Rgb(if x < width / 2 { RED } else { BLUE });
    file(&RgbImage::from_fn(width, height, colour).into(), format)
}

/// Returns a PNG of random dots, some of them transparent, which hardly compresses.
pub fn noise(seed: u64, side: u32) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        // xorshift64: the same seed gives the same picture.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let dots = RgbaImage::from_fn(side, side, |_, _| {
        let [red, green, blue, alpha, ..] = next();
        Rgba([red, green, blue, alpha])
    });
    file(&dots.into(), ImageFormat::Png)
}

/// Returns a JPEG with an EXIF block after its first marker: the orientation, and a place in plain text.
pub fn with_exif(jpeg: &[u8], orientation: u8, place: &str) -> Vec<u8> {
    // A TIFF header and a directory of one entry: tag 0x0112, type SHORT, one value.
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    exif.extend(place.as_bytes());
    let length = u16::try_from(exif.len() + 2).expect("a short block").to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
}

/// Returns a PNG whose header claims this width and height.
pub fn claiming(width: u32, height: u32) -> Vec<u8> {
    let mut png = halves(2, 2, ImageFormat::Png);
    // The length, "IHDR", width, height, five bytes, and their checksum follow the signature.
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = crc32fast::hash(&png[12..29]).to_be_bytes();
    png[29..33].copy_from_slice(&sum);
    png
}

/// Returns whether a file contains these bytes.
pub fn has(file: &[u8], part: &[u8]) -> bool {
    file.windows(part.len()).any(|window| window == part)
}
