//! Parts of records that most records have in their default form.

use std::fmt;
use std::ops::Deref;

/// A part of a record. In its default form it takes the memory of one pointer.
#[derive(Clone, PartialEq, Eq)]
pub struct Rare<T>(Option<Box<T>>);

/// A type whose default form can be shared by all records.
pub trait SharedDefault: Default + PartialEq + 'static {
    /// Returns the default form.
    fn shared_default() -> &'static Self;
}

/// Lets values of a type be [`Rare`].
macro_rules! shared_default {
    ($type:ty) => {
        impl $crate::domain::rare::SharedDefault for $type {
            fn shared_default() -> &'static Self {
                static DEFAULT: std::sync::LazyLock<$type> = std::sync::LazyLock::new(<$type>::default);
                &DEFAULT
            }
        }
    };
}

pub(crate) use shared_default;

impl<T: SharedDefault> From<T> for Rare<T> {
    fn from(value: T) -> Self {
        Self((value != T::default()).then(|| Box::new(value)))
    }
}

impl<T> Default for Rare<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: SharedDefault> Deref for Rare<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.0 {
            Some(value) => value,
            None => T::shared_default(),
        }
    }
}

impl<T: SharedDefault + fmt::Debug> fmt::Debug for Rare<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        T::fmt(self, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, Clone, PartialEq, Eq)]
    struct Part(Vec<u8>);

    shared_default!(Part);

    #[test]
    fn a_default_takes_no_memory_of_its_own_and_equals_itself() {
        let (set, unset) = (Rare::from(Part(vec![1])), Rare::from(Part::default()));
        assert_eq!(size_of::<Rare<Part>>(), size_of::<usize>());
        assert!(unset.0.is_none());
        assert_eq!(unset, Rare::default());
        assert_ne!(set, unset);
        assert_eq!(
            (Part::clone(&set), Part::clone(&unset)),
            (Part(vec![1]), Part::default())
        );
    }
}
