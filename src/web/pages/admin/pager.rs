//! The pages of a list.

use crate::domain::page::{Listing, Page};
use crate::web::visit::Visit;

/// Items on one page.
pub(super) const PAGE_ITEMS: usize = 50;

/// Maximum number of the last page that an address may ask for.
const LAST_PAGE: usize = 100_000;

/// The links between the pages of a list.
pub(super) struct Pager {
    /// The items of this page among all, in words.
    pub range: String,
    /// The addresses of the pages before and after this one.
    pub previous: Option<String>,
    pub next: Option<String>,
}

/// Returns the page of a list that the address asks for; the first one is 1.
pub(super) fn number(visit: &Visit) -> usize {
    let number = visit.query.text("page").parse().unwrap_or(1);
    number.clamp(1, LAST_PAGE)
}

/// Returns the part of a list that this page has.
pub(super) const fn part(number: usize) -> Page {
    Page {
        offset: (number - 1) * PAGE_ITEMS,
        count: PAGE_ITEMS,
    }
}

/// Returns the number of the last page of a list with so many items.
pub(super) fn last(total: usize) -> usize {
    total.div_ceil(PAGE_ITEMS).max(1)
}

impl Pager {
    /// Returns the pager of a part of a list. `address` returns the address of a page.
    pub fn of<T>(visit: &Visit, listing: &Listing<T>, address: impl Fn(usize) -> String) -> Self {
        Self::sized(visit, listing, PAGE_ITEMS, address)
    }

    /// Returns the pager of a part of a list whose pages have so many items.
    pub fn sized<T>(visit: &Visit, listing: &Listing<T>, items: usize, address: impl Fn(usize) -> String) -> Self {
        let number = listing.offset / items + 1;
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX).into();
        let first = if listing.items.is_empty() {
            0
        } else {
            listing.offset + 1
        };
        let values = [
            ("first", count(first)),
            ("last", count(listing.offset + listing.items.len())),
            ("total", count(listing.total)),
        ];
        Self {
            range: visit.words.say("pager-range", &values),
            previous: (number > 1).then(|| address(number - 1)),
            next: (number < listing.total.div_ceil(items)).then(|| address(number + 1)),
        }
    }
}
