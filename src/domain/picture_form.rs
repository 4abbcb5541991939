//! The form in which a picture is asked for: its format and size.

use super::{ImageKind, RequestError};

/// The sides in pixels in which pictures are drawn. Another size is answered with the next larger one, so that few
/// pictures are drawn and kept.
const SIDES_PIXELS: [u32; 8] = [16, 32, 48, 64, 96, 128, 256, 512];

/// A format in which pictures are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum PictureFormat {
    /// A picture of pixels.
    Pixels(ImageKind),
    /// A drawing. Only initials are sent as one.
    Svg,
}

/// The form in which a picture is asked for.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PictureForm {
    /// The format; without one, that in which the picture is stored.
    pub format: Option<PictureFormat>,
    /// The side of a square in pixels; without one, the shape and size in which the picture is stored.
    pub side: Option<u32>,
}

impl PictureForm {
    /// Parses the parameters `format` and `size`.
    ///
    /// # Errors
    /// [`RequestError::InvalidParams`] that names the parameter and what is allowed.
    pub(crate) fn parse(format: Option<&str>, size: Option<&str>) -> Result<Self, RequestError> {
        let format = match format {
            None | Some("") => None,
            Some("png") => Some(PictureFormat::Pixels(ImageKind::Png)),
            Some("jpeg" | "jpg") => Some(PictureFormat::Pixels(ImageKind::Jpeg)),
            Some("webp") => Some(PictureFormat::Pixels(ImageKind::WebP)),
            Some("svg") => Some(PictureFormat::Svg),
            Some(_) => return Err(RequestError::invalid("must be png, jpeg, webp or svg", "format")),
        };
        let stepped_side = match size.filter(|size| !size.is_empty()) {
            None => None,
            Some(size) => {
                let wanted = size.parse::<u32>().ok().filter(|side| *side > 0);
                let wanted =
                    wanted.ok_or_else(|| RequestError::invalid("must be a number of pixels from 1", "size"))?;
                Some(stepped(wanted))
            }
        };
        Ok(Self {
            format,
            side: stepped_side,
        })
    }
}

/// Returns the smallest side that is at least this one, else the largest.
fn stepped(wanted: u32) -> u32 {
    let largest = SIDES_PIXELS[SIDES_PIXELS.len() - 1];
    SIDES_PIXELS.into_iter().find(|side| *side >= wanted).unwrap_or(largest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_rounded_up_to_a_step_and_a_form_is_refused_by_name() {
        for (size, side) in [("1", 16), ("16", 16), ("50", 64), ("512", 512), ("4294967295", 512)] {
            assert_eq!(
                PictureForm::parse(None, Some(size)).expect("a form").side,
                Some(side),
                "{size}"
            );
        }
        for size in ["0", "-1", "x", "1.5", "4294967296"] {
            assert!(PictureForm::parse(None, Some(size)).is_err(), "{size}");
        }
        for format in ["gif", "PNG", "png "] {
            assert!(PictureForm::parse(Some(format), None).is_err(), "{format}");
        }
        assert_eq!(PictureForm::parse(Some(""), Some("")), Ok(PictureForm::default()));
    }
}
