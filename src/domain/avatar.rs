//! Avatars: the pictures of users.

use super::UserId;

/// The maximum size of a stored avatar file, in bytes.
pub const AVATAR_BYTES: usize = 256 * 1024;

/// A user's uploaded avatar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Avatar {
    /// The user whose avatar this is.
    pub user: UserId,
    /// The tag of this file, different for each upload of the user.
    pub etag: String,
    /// The image format of the file.
    pub kind: ImageKind,
    /// The content of the file.
    pub bytes: Vec<u8>,
    /// `true` if this server encoded the file. Older versions stored files as uploaded, with their metadata (place,
    /// camera). Such a file is never sent.
    pub clean: bool,
}

/// An image format that all browsers support.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::VariantArray)]
pub enum ImageKind {
    /// The format PNG, `image/png`.
    Png,
    /// The format JPEG, `image/jpeg`.
    Jpeg,
    /// The format WebP, `image/webp`.
    WebP,
}

impl ImageKind {
    /// All supported image formats.
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// Returns the media type, for the header `Content-Type`.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::WebP => "image/webp",
        }
    }

    /// Detects the format from the bytes of a file. A declared media type is ignored.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let found = infer::get(bytes)?.mime_type();
        Self::ALL.iter().copied().find(|kind| kind.media_type() == found)
    }
}
