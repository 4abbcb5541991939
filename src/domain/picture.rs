//! Conversion of uploaded pictures: decode within limits, rotate, crop, shrink, and encode again. The result contains
//! no bytes of the original file.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, ImageResult, Limits};

use super::avatar::AVATAR_BYTES;
use super::{ImageKind, bare_picture};

/// The maximum width and height of an uploaded picture, in pixels.
pub const MAX_SIDE_PIXELS: u32 = 4096;

/// The maximum size of the decoded pixels, in bytes: [`MAX_SIDE_PIXELS`] squared, with four bytes for each pixel.
const MAX_DECODED_BYTES: u64 = 4 * (MAX_SIDE_PIXELS as u64) * (MAX_SIDE_PIXELS as u64);

/// The maximum memory of a decoder beside the pixels, in bytes.
const MAX_DECODER_BYTES: u64 = 2 * MAX_DECODED_BYTES;

/// The quality of JPEG files, from 1 to 100. At the sizes of lists, 85 shows no artefacts.
const JPEG_QUALITY: u8 = 85;

/// The shape and size in which an uploaded picture is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureRule {
    /// The side in pixels of the square that the picture is cropped and resized to; `None` leaves shape
    /// and size unchanged.
    pub square: Option<u32>,
}

/// A picture that this server encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CleanPicture {
    /// The format of the file.
    pub kind: ImageKind,
    /// The content of the file, normally at most [`AVATAR_BYTES`].
    pub bytes: Vec<u8>,
}

/// The reason why the bytes are not an accepted picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAPicture {
    /// The file has an unsupported or unknown format.
    #[error("is not a PNG, JPEG or WebP file")]
    Kind,
    /// The file is damaged or has too many pixels.
    #[error("is damaged, or has more than {MAX_SIDE_PIXELS} x {MAX_SIDE_PIXELS} pixels")]
    Content,
}

impl CleanPicture {
    /// Decodes an uploaded file and encodes it again. Only the first picture of an animation is used.
    ///
    /// Costs up to about 100 ms of CPU time and 150 MiB of memory: call it on a blocking thread.
    ///
    /// # Errors
    /// [`NotAPicture`] if the format is not supported, or the file is damaged or exceeds the limits.
    pub fn of(bytes: &[u8], rule: PictureRule) -> Result<Self, NotAPicture> {
        let kind = ImageKind::of(bytes).ok_or(NotAPicture::Kind)?;
        let picture = decoded(bytes, kind, rule).map_err(|_| NotAPicture::Content)?;
        encoded(picture).map_err(|_| NotAPicture::Content)
    }

    /// Takes a file as it is, if it is a picture of the required shape with no data beside the pixels, as this server
    /// writes it. Otherwise returns `None`.
    ///
    /// Costs as much as [`Self::of`].
    #[must_use]
    pub fn as_it_is(bytes: &[u8], rule: PictureRule) -> Option<Self> {
        let kind = ImageKind::of(bytes)?;
        if bytes.len() > AVATAR_BYTES || !bare_picture::is_bare(bytes, kind) {
            return None;
        }
        let picture = decoded(bytes, kind, PictureRule { square: None }).ok()?;
        let sides = (picture.width(), picture.height());
        // A file that was too large was halved, so that its side may be shorter.
        let fits = rule.square.is_none_or(|side| sides.0 == sides.1 && sides.0 <= side);
        fits.then(|| Self {
            kind,
            bytes: bytes.to_vec(),
        })
    }
}

/// Draws a stored picture in another form: as another kind of file, or as a square of so many pixels.
///
/// Costs up to some 10 ms of CPU: call it on a blocking thread.
///
/// # Errors
/// [`NotAPicture`] when the file is damaged.
pub fn in_form(bytes: &[u8], to: ImageKind, side: Option<u32>) -> Result<Vec<u8>, NotAPicture> {
    let kind = ImageKind::of(bytes).ok_or(NotAPicture::Kind)?;
    let picture = decoded(bytes, kind, PictureRule { square: side }).map_err(|_| NotAPicture::Content)?;
    file(&picture, to).map_err(|_| NotAPicture::Content)
}

/// Encodes a picture as a file of this kind. JPEG has no transparency: what is seen through is white there.
///
/// # Errors
/// Only what the encoder answers.
pub fn file(picture: &DynamicImage, kind: ImageKind) -> ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    if kind == ImageKind::Jpeg {
        let mut opaque = picture.to_rgba8();
        for pixel in opaque.pixels_mut() {
            let [red, green, blue, alpha] = pixel.0.map(u16::from);
            let on_white = |colour: u16| u8::try_from((colour * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX);
            pixel.0 = [on_white(red), on_white(green), on_white(blue), u8::MAX];
        }
        let opaque = DynamicImage::from(opaque).into_rgb8();
        opaque.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY))?;
    } else {
        picture.write_to(&mut Cursor::new(&mut bytes), format(kind))?;
    }
    Ok(bytes)
}

const fn format(kind: ImageKind) -> ImageFormat {
    match kind {
        ImageKind::Png => ImageFormat::Png,
        ImageKind::Jpeg => ImageFormat::Jpeg,
        ImageKind::WebP => ImageFormat::WebP,
    }
}

fn decoded(bytes: &[u8], kind: ImageKind, rule: PictureRule) -> ImageResult<DynamicImage> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE_PIXELS);
    limits.max_image_height = Some(MAX_SIDE_PIXELS);
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format(kind));
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    // Some decoders ignore the limits.
    let (width, height) = decoder.dimensions();
    limits.check_dimensions(width, height)?;
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    limits.reserve(decoder.total_bytes())?;
    // A picture with a damaged orientation is still accepted.
    let orientation = decoder.orientation().ok();
    let mut picture = DynamicImage::from_decoder(decoder)?;
    if let Some(side) = rule.square {
        let shorter = width.min(height);
        let (left, top) = ((width - shorter) / 2, (height - shorter) / 2);
        picture = picture
            .crop_imm(left, top, shorter, shorter)
            .thumbnail_exact(side, side);
    }
    if let Some(orientation) = orientation {
        // The square is centred, so that rotating it after shrinking gives the same result.
        picture.apply_orientation(orientation);
    }
    Ok(picture)
}

/// Encodes a picture as JPEG if it is opaque, otherwise as PNG. While the file is too large, halves width and height.
fn encoded(mut picture: DynamicImage) -> ImageResult<CleanPicture> {
    let opaque = !picture.color().has_alpha() || picture.to_rgba8().pixels().all(|pixel| pixel.0[3] == u8::MAX);
    loop {
        let mut bytes = Vec::new();
        let kind = if opaque {
            picture
                .to_rgb8()
                .write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY))?;
            ImageKind::Jpeg
        } else {
            picture
                .to_rgba8()
                .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)?;
            ImageKind::Png
        };
        let (width, height) = (picture.width(), picture.height());
        if bytes.len() <= AVATAR_BYTES || (width < 2 && height < 2) {
            return Ok(CleanPicture { kind, bytes });
        }
        picture = picture.thumbnail_exact((width / 2).max(1), (height / 2).max(1));
    }
}
