//! The JSON of pages of the list of all custom statuses. A page is made once for each state of the statuses.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::value::{RawValue, to_raw_value};

use crate::domain::Page;
use crate::domain::page::Listing;
use crate::store::{CustomStatusesVersion, Snapshot};

/// The maximum number of pages that are kept. Clients ask for the first ones.
const KEPT_PAGES: usize = 8;

/// Maximum bytes of a page that is kept.
const MAX_PAGE_BYTES: usize = 64 * 1024;

/// A page of the list of all custom statuses.
#[derive(Debug, Clone)]
pub(crate) struct StatusPage {
    /// The statuses of the page as a JSON array.
    pub json: Arc<RawValue>,
    /// The number of statuses on the page.
    pub count: usize,
    /// The number of statuses on all pages.
    pub total: usize,
}

/// The pages that were asked for last.
#[derive(Default)]
pub(crate) struct StatusPages(Mutex<KeptPages>);

#[derive(Default)]
struct KeptPages {
    /// The state of the statuses that all pages are of.
    version: Option<CustomStatusesVersion>,
    /// The oldest page first.
    pages: Vec<(Page, StatusPage)>,
}

impl StatusPages {
    /// Returns a page of the custom statuses of a snapshot; `None` if it cannot be written as JSON.
    pub(crate) fn page(&self, snapshot: &Snapshot, page: Page) -> Option<StatusPage> {
        let kept = self.lock().find(snapshot, page);
        if kept.is_some() {
            return kept;
        }
        let listing = Listing::of(snapshot.custom_statuses(), page);
        let made = StatusPage {
            json: to_raw_value(&listing.items).ok()?.into(),
            count: listing.items.len(),
            total: listing.total,
        };
        if made.json.get().len() <= MAX_PAGE_BYTES {
            self.lock().keep(snapshot, page, made.clone());
        }
        Some(made)
    }

    fn lock(&self) -> MutexGuard<'_, KeptPages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeptPages {
    fn is_of(&self, snapshot: &Snapshot) -> bool {
        let version = self.version.as_ref();
        version.is_some_and(|version| snapshot.has_custom_statuses_of(version))
    }

    fn find(&self, snapshot: &Snapshot, page: Page) -> Option<StatusPage> {
        if !self.is_of(snapshot) {
            return None;
        }
        let found = self.pages.iter().find(|(kept, _)| *kept == page);
        found.map(|(_, found)| found.clone())
    }

    fn keep(&mut self, snapshot: &Snapshot, page: Page, made: StatusPage) {
        if !self.is_of(snapshot) {
            self.pages.clear();
            self.version = Some(snapshot.custom_statuses_version());
        }
        if self.pages.len() == KEPT_PAGES {
            self.pages.remove(0);
        }
        self.pages.push((page, made));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CustomStatus, CustomStatusId, StatusName, StatusType, Timestamp};
    use crate::store::Change;

    /// Returns a snapshot with statuses of these names.
    fn snapshot(names: &[&str]) -> Snapshot {
        let change = names.iter().fold(Change::new(), |change, name| {
            change.insert(&CustomStatus {
                id: CustomStatusId::new(name),
                name: StatusName::parse(name).expect("a name"),
                status_type: StatusType::Busy,
                emoji: None,
                duration: None,
                updated_at: Timestamp::from_millis(0),
            })
        });
        Snapshot::default().after(&change).expect("a snapshot")
    }

    fn page(offset: usize, count: usize) -> Page {
        Page { offset, count }
    }

    #[test]
    fn a_page_is_made_once_for_each_state_of_the_statuses() {
        let (pages, first) = (StatusPages::default(), snapshot(&["lunch", "tea"]));
        let made = pages.page(&first, page(0, 1)).expect("a page");
        assert_eq!((made.count, made.total), (1, 2));
        assert!(made.json.get().contains("lunch") && !made.json.get().contains("tea"));
        let again = pages.page(&first.clone(), page(0, 1)).expect("a page");
        assert!(Arc::ptr_eq(&made.json, &again.json));
        let second = pages.page(&first, page(1, 1)).expect("a page");
        assert!(second.json.get().contains("tea"));
        let other = pages.page(&snapshot(&["dinner"]), page(0, 1)).expect("a page");
        assert!(other.json.get().contains("dinner"));
        assert_eq!((other.count, other.total), (1, 1));
        let back = pages.page(&first, page(1, 1)).expect("a page");
        assert_eq!(back.json.get(), second.json.get());
    }

    #[test]
    fn only_some_pages_are_kept_and_no_large_one() {
        let (pages, all) = (StatusPages::default(), snapshot(&["lunch"]));
        let first = pages.page(&all, page(0, 1)).expect("a page");
        for offset in 1..=KEPT_PAGES {
            pages.page(&all, page(offset, 1)).expect("a page");
        }
        let again = pages.page(&all, page(0, 1)).expect("a page");
        assert!(!Arc::ptr_eq(&first.json, &again.json), "the oldest page was removed");
        let names: Vec<_> = (0..1_000).map(|number| format!("status {number}")).collect();
        let large = snapshot(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let first = pages.page(&large, Page::all()).expect("a page");
        assert!(first.json.get().len() > MAX_PAGE_BYTES);
        let again = pages.page(&large, Page::all()).expect("a page");
        assert!(!Arc::ptr_eq(&first.json, &again.json));
    }
}
