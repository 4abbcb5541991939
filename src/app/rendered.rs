//! A bounded cache of pictures that were drawn in another form.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use crate::domain::ImageKind;

/// The maximum size of all cached pictures together, in bytes.
const KEPT_BYTES: usize = 8 * 1024 * 1024;

/// The maximum number of cached pictures.
const KEPT_PICTURES: usize = 4096;

/// The key of a picture in one form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RenderedKey {
    /// The picture: the etag of a stored one, or initials with their colour.
    pub picture: String,
    /// The format in which it is drawn.
    pub kind: ImageKind,
    /// The side in pixels, if it is drawn in another size.
    pub side: Option<u32>,
}

/// The pictures that were drawn last. The oldest one is removed first.
#[derive(Default)]
pub(super) struct Rendered(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    pictures: HashMap<RenderedKey, Bytes>,
    order: VecDeque<RenderedKey>,
    bytes: usize,
}

impl Rendered {
    /// Returns a cached picture.
    #[must_use]
    pub(super) fn get(&self, key: &RenderedKey) -> Option<Bytes> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.pictures.get(key).cloned()
    }

    /// Adds a picture to the cache, unless it was added meanwhile.
    pub(super) fn keep(&self, key: &RenderedKey, picture: &Bytes) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.pictures.insert(key.clone(), picture.clone()).is_some() {
            return;
        }
        kept.order.push_back(key.clone());
        kept.bytes += picture.len();
        while kept.bytes > KEPT_BYTES || kept.order.len() > KEPT_PICTURES {
            let Some(oldest) = kept.order.pop_front() else { return };
            if let Some(picture) = kept.pictures.remove(&oldest) {
                kept.bytes -= picture.len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_kept_within_bounds_and_the_oldest_goes_first() {
        let rendered = Rendered::default();
        let key = |number: usize| RenderedKey {
            picture: number.to_string(),
            kind: ImageKind::Png,
            side: None,
        };
        let picture = Bytes::from(vec![0; 1024 * 1024]);
        for number in 0..9 {
            rendered.keep(&key(number), &picture);
            rendered.keep(&key(number), &picture);
        }
        assert_eq!(rendered.get(&key(0)), None);
        assert_eq!(rendered.get(&key(1)), Some(picture));
        for number in 9..5000 {
            rendered.keep(&key(number), &Bytes::new());
        }
        assert_eq!(rendered.0.lock().expect("a lock").pictures.len(), KEPT_PICTURES);
    }
}
