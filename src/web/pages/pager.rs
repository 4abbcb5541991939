//! The pages of a long list.

use crate::domain::page::{Listing, Page};
use crate::web::visit::Visit;

/// The number of items on one page.
pub(super) const PAGE_ITEMS: usize = 50;

/// The highest page number that an address may ask for.
const LAST_PAGE: usize = 100_000;

/// The links between the pages of a list.
pub(super) struct Pager {
    /// The positions of this page's items and the number of all items, in words.
    pub range: String,
    /// The address of the page before this one. `next` has the address of the page after it.
    pub previous: Option<String>,
    pub next: Option<String>,
}

/// Returns the page number in the address of the request. The number of the first page is 1.
pub(super) fn number(visit: &Visit) -> usize {
    let number = visit.query.text("page").parse().unwrap_or(1);
    number.clamp(1, LAST_PAGE)
}

/// Returns the part of a list that the page with this number shows.
pub(super) const fn part(number: usize) -> Page {
    sized_part(number, PAGE_ITEMS)
}

/// Returns the same of a list with `items` items on each page.
pub(super) const fn sized_part(number: usize, items: usize) -> Page {
    Page {
        offset: (number - 1) * items,
        count: items,
    }
}

/// Returns the number of the last page of a list with `total` items.
pub(super) fn last(total: usize) -> usize {
    sized_last(total, PAGE_ITEMS)
}

/// Returns the same of a list with `items` items on each page.
pub(super) fn sized_last(total: usize, items: usize) -> usize {
    total.div_ceil(items).max(1)
}

impl Pager {
    /// Returns the pager for a part of a list. `address` returns the address of a page.
    pub(super) fn of<T>(visit: &Visit, listing: &Listing<T>, address: impl Fn(usize) -> String) -> Self {
        Self::sized(visit, listing, PAGE_ITEMS, address)
    }

    /// Returns the pager for a part of a list with `items` items on each page.
    pub(super) fn sized<T>(
        visit: &Visit,
        listing: &Listing<T>,
        items: usize,
        address: impl Fn(usize) -> String,
    ) -> Self {
        let number = listing.offset / items + 1;
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX).into();
        let (first, last) = match listing.items.len() {
            0 => (0, 0),
            shown => (listing.offset + 1, listing.offset + shown),
        };
        let pages = sized_last(listing.total, items);
        let values = [
            ("first", count(first)),
            ("last", count(last)),
            ("total", count(listing.total)),
        ];
        Self {
            range: visit.words.say("pager-range", &values),
            // The address may ask for a page after the last one.
            previous: (number > 1).then(|| address(pages.min(number - 1))),
            next: (number < pages).then(|| address(number + 1)),
        }
    }
}
