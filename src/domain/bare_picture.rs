//! Files of pictures that have nothing but pixels: no place, no camera, no comment, and nothing after the end.

use super::ImageKind;

/// The beginning of a PNG file.
const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The parts of a PNG file that hold pixels.
const PNG_PARTS: [&[u8]; 3] = [b"IHDR", b"IDAT", b"IEND"];

/// The marker of a JPEG file's end.
const JPEG_END: &[u8] = &[0xFF, 0xD9];

/// Returns whether a file has only the parts that hold pixels, as the encoders of this server write it.
pub(super) fn is_bare(bytes: &[u8], kind: ImageKind) -> bool {
    match kind {
        ImageKind::Png => is_bare_png(bytes).is_some(),
        ImageKind::Jpeg => is_bare_jpeg(bytes).is_some(),
        ImageKind::WebP => false,
    }
}

fn is_bare_png(bytes: &[u8]) -> Option<()> {
    let mut rest = bytes.strip_prefix(PNG_SIGNATURE)?;
    loop {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let name = after.get(..4).filter(|name| PNG_PARTS.contains(name))?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        // The name, the data, and a checksum.
        rest = after.get(length.checked_add(8)?..)?;
        if name == b"IEND" {
            return (length == 0 && rest.is_empty()).then_some(());
        }
    }
}

fn is_bare_jpeg(bytes: &[u8]) -> Option<()> {
    let mut rest = bytes.strip_prefix(&[0xFF, 0xD8])?;
    loop {
        let (marker, after) = rest.split_first_chunk::<2>()?;
        let length = usize::from(u16::from_be_bytes(*after.first_chunk::<2>()?));
        let body = after.get(2..length)?;
        match marker {
            // The version and density of pixels, without a thumbnail.
            [0xFF, 0xE0] if body.starts_with(b"JFIF\0") && body.len() == 14 => {}
            // Tables, the size, and the interval of restarts.
            [0xFF, 0xDB | 0xC0 | 0xC4 | 0xDD] => {}
            [0xFF, 0xDA] => return is_last_scan(after.get(length..)?),
            _ => return None,
        }
        rest = after.get(length..)?;
    }
}

/// Returns whether the data of a scan ends with the end of the file. Within it, 0xFF is followed by 0 or a restart.
fn is_last_scan(data: &[u8]) -> Option<()> {
    let pixels = data.strip_suffix(JPEG_END)?;
    let mut bytes = pixels.iter();
    while let Some(byte) = bytes.next() {
        if *byte == 0xFF && !matches!(bytes.next(), Some(0 | 0xD0..=0xD7)) {
            return None;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{DynamicImage, ImageFormat, RgbImage};

    use super::*;
    use crate::domain::picture::{CleanPicture, PictureRule};

    fn file(format: ImageFormat) -> Vec<u8> {
        let picture = RgbImage::from_fn(40, 40, |x, y| {
            image::Rgb([x.to_le_bytes()[0] * 6, y.to_le_bytes()[0] * 6, 90])
        });
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::from(picture)
            .write_to(&mut bytes, format)
            .expect("a file");
        bytes.into_inner()
    }

    #[test]
    fn a_file_of_our_encoders_is_bare_and_taken_as_it_is() {
        let rule = PictureRule { square: Some(32) };
        for format in [ImageFormat::Png, ImageFormat::Jpeg] {
            let ours = CleanPicture::of(&file(format), rule).expect("a picture");
            assert!(is_bare(&ours.bytes, ours.kind), "{format:?}");
            assert_eq!(CleanPicture::as_it_is(&ours.bytes, rule), Some(ours.clone()));
            let smaller = PictureRule { square: Some(16) };
            assert_eq!(CleanPicture::as_it_is(&ours.bytes, smaller), None);
        }
        assert!(is_bare(&file(ImageFormat::Png), ImageKind::Png));
    }

    #[test]
    fn what_has_more_than_pixels_or_is_cut_is_not() {
        let png = file(ImageFormat::Png);
        let with_text = {
            let mut with = png[..33].to_vec();
            with.extend([0, 0, 0, 3]);
            with.extend(b"tEXtabcsumm");
            with.extend(&png[33..]);
            with
        };
        assert!(!is_bare(&with_text, ImageKind::Png));
        assert!(!is_bare(&[&png[..], b"more"].concat(), ImageKind::Png));
        let jpeg = file(ImageFormat::Jpeg);
        assert!(is_bare(&jpeg, ImageKind::Jpeg));
        let commented = [&jpeg[..2], &[0xFF, 0xFE, 0, 5], b"abc", &jpeg[2..]].concat();
        assert!(!is_bare(&commented, ImageKind::Jpeg));
        assert!(!is_bare(&[&jpeg[..], b"<script>\xFF\xD9"].concat(), ImageKind::Jpeg));
        for cut in 0..jpeg.len() {
            assert!(!is_bare(&jpeg[..cut], ImageKind::Jpeg), "{cut}");
        }
        for cut in 0..png.len() {
            assert!(!is_bare(&png[..cut], ImageKind::Png), "{cut}");
        }
    }
}
