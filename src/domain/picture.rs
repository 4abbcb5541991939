//! Making a stored picture of an uploaded one: decoded within limits, turned upright, cropped, made
//! small and encoded again, so that nothing of the original file is kept.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, ImageResult, Limits};

use super::ImageKind;
use super::avatar::AVATAR_BYTES;

/// Most pixels of an uploaded picture, in each direction.
pub const MAX_SIDE_PIXELS: u32 = 4096;

/// Most bytes of the decoded pixels: all that [`MAX_SIDE_PIXELS`] allows at four bytes each.
const MAX_DECODED_BYTES: u64 = 4 * (MAX_SIDE_PIXELS as u64) * (MAX_SIDE_PIXELS as u64);

/// Most bytes that a decoder may allocate beside the pixels.
const MAX_DECODER_BYTES: u64 = 2 * MAX_DECODED_BYTES;

/// The quality of JPEG files, of 100: no artefacts are seen at the sizes of lists.
const JPEG_QUALITY: u8 = 85;

/// The shape and size in which an uploaded picture is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureRule {
    /// The side in pixels of the square that it is cropped and resized to; without one it keeps its
    /// shape and size.
    pub square: Option<u32>,
}

/// A picture that was encoded again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CleanPicture {
    /// The format.
    pub kind: ImageKind,
    /// The file, of at most [`AVATAR_BYTES`].
    pub bytes: Vec<u8>,
}

/// The bytes are not a picture that this server takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAPicture {
    /// The file is of another kind, or none that is known.
    #[error("is not a PNG, JPEG or WebP file")]
    Kind,
    /// The file is damaged, or has too many pixels.
    #[error("is damaged, or has more than {MAX_SIDE_PIXELS} x {MAX_SIDE_PIXELS} pixels")]
    Content,
}

impl CleanPicture {
    /// Decodes an uploaded file and encodes it again. Of an animation, the first picture is taken.
    ///
    /// Costs up to some 100 ms of CPU and 150 MiB of memory: call it on a blocking thread.
    ///
    /// # Errors
    /// [`NotAPicture`] when the file is of another kind, damaged, or larger than the limits.
    pub fn of(bytes: &[u8], rule: PictureRule) -> Result<Self, NotAPicture> {
        let kind = ImageKind::of(bytes).ok_or(NotAPicture::Kind)?;
        let picture = decoded(bytes, kind, rule).map_err(|_| NotAPicture::Content)?;
        encoded(picture).map_err(|_| NotAPicture::Content)
    }
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
    // Not all decoders look at the limits by themselves.
    let (width, height) = decoder.dimensions();
    limits.check_dimensions(width, height)?;
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    limits.reserve(decoder.total_bytes())?;
    // A damaged orientation is no reason to refuse the picture.
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
        // The square is centred, so that it may be turned after it was made small.
        picture.apply_orientation(orientation);
    }
    Ok(picture)
}

/// Encodes a picture: JPEG if it is opaque, PNG if not. One whose file is too large is made smaller.
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
