//! Pictures of users.

use super::UserId;

/// Most bytes of a picture.
pub const AVATAR_BYTES: usize = 256 * 1024;

/// A picture that a user put up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Avatar {
    /// Whose.
    pub user: UserId,
    /// Its name among this user's pictures.
    pub etag: String,
    /// What it is.
    pub kind: ImageKind,
    /// The file.
    pub bytes: Vec<u8>,
    /// Whether this server encoded the file. Versions before that was done stored files as they came,
    /// with the place and camera in them: such a file is never sent.
    pub clean: bool,
}

/// A kind of image that every browser shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageKind {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP.
    WebP,
}

impl ImageKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Png, Self::Jpeg, Self::WebP];

    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::WebP => "image/webp",
        }
    }

    /// What the bytes of a file are, whatever anybody says of them.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let found = infer::get(bytes)?.mime_type();
        Self::ALL.into_iter().find(|kind| kind.media_type() == found)
    }
}
