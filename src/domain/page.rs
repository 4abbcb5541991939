//! Pages of lists: `offset`, `count` and `sort` (`api.md` §2).

/// The limits of pages (`API_Default_Count`, `API_Upper_Count_Limit`, `API_Allow_Infinite_Count`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRule {
    /// The number of items on a page if the request has no count.
    pub default_count: usize,
    /// The maximum number of items on a page; a larger count is reduced to it.
    pub upper_limit: usize,
    /// `true` if a count of 0 means all items; otherwise 0 means the default.
    pub unlimited: bool,
}

/// The requested part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The number of items to skip.
    pub offset: usize,
    /// The maximum number of items on the page.
    pub count: usize,
}

impl Page {
    /// Returns the page that is the whole list.
    #[must_use]
    pub const fn all() -> Self {
        Self {
            offset: 0,
            count: usize::MAX,
        }
    }

    /// Returns the page after `offset` items with at most `count` items, within the limits of the rule.
    #[must_use]
    pub fn new(offset: Option<usize>, count: Option<usize>, rule: PageRule) -> Self {
        let count = match count {
            Some(0) if rule.unlimited => usize::MAX,
            None | Some(0) => rule.default_count,
            Some(count) => count.min(rule.upper_limit),
        };
        Self {
            offset: offset.unwrap_or_default(),
            count,
        }
    }
}

/// One page of a list, with its position and the size of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listing<T> {
    /// The items on the page.
    pub items: Vec<T>,
    /// The number of skipped items.
    pub offset: usize,
    /// The number of items on all pages.
    pub total: usize,
}

impl<T> Listing<T> {
    /// Takes the page from all items, in their order.
    pub(crate) fn of(all: impl ExactSizeIterator<Item = T>, page: Page) -> Self {
        Self::part(all.len(), all, page)
    }

    /// Takes the page from `total` items, in their order.
    pub(crate) fn part(total: usize, all: impl Iterator<Item = T>, page: Page) -> Self {
        Self {
            total,
            items: all.skip(page.offset).take(page.count).collect(),
            offset: page.offset,
        }
    }

    /// Sorts all items and takes the page. Equal items stay in their original order. While it reads the list, it stores
    /// only items that can be on the page or before it, and it sorts only the page.
    pub(crate) fn sorted(
        all: impl Iterator<Item = T>,
        page: Page,
        compare: impl Fn(&T, &T) -> std::cmp::Ordering,
    ) -> Self {
        let order = |a: &(usize, T), b: &(usize, T)| compare(&a.1, &b.1).then(a.0.cmp(&b.0));
        let needed = page.offset.saturating_add(page.count);
        let (mut total, mut first, mut has_last) = (0, Vec::new(), false);
        for item in all.enumerate() {
            total += 1;
            // The item at `needed - 1` is then the last one that can be on the page.
            if has_last && order(&item, &first[needed - 1]).is_ge() {
                continue;
            }
            first.push(item);
            if first.len() > needed.saturating_mul(2) {
                has_last = needed > 0;
                if has_last {
                    first.select_nth_unstable_by(needed - 1, order);
                }
                first.truncate(needed);
            }
        }
        if needed < first.len() {
            first.select_nth_unstable_by(needed, order);
            first.truncate(needed);
        }
        let mut items = match page.offset {
            0 => first,
            offset if offset < first.len() => {
                first.select_nth_unstable_by(offset, order);
                first.split_off(offset)
            }
            _ => Vec::new(),
        };
        items.sort_unstable_by(order);
        Self {
            items: items.into_iter().map(|(_, item)| item).collect(),
            offset: page.offset,
            total,
        }
    }

    /// Converts each item of the page.
    pub(crate) fn map<Other>(self, change: impl FnMut(T) -> Other) -> Listing<Other> {
        Listing {
            items: self.items.into_iter().map(change).collect(),
            offset: self.offset,
            total: self.total,
        }
    }
}

/// Returns each item once, in the order of first occurrence.
#[must_use]
pub(crate) fn once<T: PartialEq>(items: Vec<T>) -> Vec<T> {
    let mut seen = Vec::with_capacity(items.len());
    for item in items {
        if !seen.contains(&item) {
            seen.push(item);
        }
    }
    seen
}

/// The maximum number of fields that a list can be sorted by.
pub(crate) const SORT_FIELDS: usize = 3;

/// The direction of a sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Ascending, `1`: the smallest item first.
    Ascending,
    /// Descending, `-1`: the largest item first.
    Descending,
}

impl Direction {
    /// Converts an ascending comparison to this direction.
    #[must_use]
    pub(crate) fn of(self, ascending: std::cmp::Ordering) -> std::cmp::Ordering {
        match self {
            Self::Ascending => ascending,
            Self::Descending => ascending.reverse(),
        }
    }
}

/// The fields to sort by, in order of importance. Each is a field that the list knows.
pub(crate) type Sort = Vec<(&'static str, Direction)>;

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: PageRule = PageRule {
        default_count: 50,
        upper_limit: 100,
        unlimited: true,
    };

    #[test]
    fn a_count_is_fifty_unless_told_and_a_hundred_at_most_and_zero_is_all() {
        assert_eq!(Page::new(None, None, RULE), Page { offset: 0, count: 50 });
        assert_eq!(Page::new(Some(3), Some(101), RULE).count, 100);
        assert_eq!(Page::new(None, Some(0), RULE).count, usize::MAX);
        let limited = PageRule {
            unlimited: false,
            ..RULE
        };
        assert_eq!(Page::new(None, Some(0), limited).count, 50);
    }

    #[test]
    fn a_sorted_page_is_the_same_part_of_the_sorted_list() {
        let all: Vec<(u32, u32)> = (0..100).map(|number| (number * 37 % 11, number)).collect();
        let mut sorted = all.clone();
        sorted.sort_by_key(|item| item.0);
        for (offset, count) in [
            (0, 5),
            (0, 100),
            (7, 20),
            (95, 20),
            (100, 5),
            (120, 5),
            (0, 0),
            (99, 1),
            (3, 0),
            (0, 1),
            (40, 9),
        ] {
            let page = Listing::sorted(all.iter().copied(), Page { offset, count }, |a, b| a.0.cmp(&b.0));
            let expected: Vec<_> = sorted.iter().skip(offset).take(count).copied().collect();
            assert_eq!((page.items, page.total), (expected, 100), "{offset} {count}");
        }
    }

    #[test]
    fn pages_cover_a_list_without_gap_or_overlap() {
        let all: Vec<u32> = (0..257).collect();
        for count in [1, 7, 50, 100] {
            let mut seen = Vec::new();
            loop {
                let page = Listing::of(all.iter().copied(), Page::new(Some(seen.len()), Some(count), RULE));
                assert_eq!(page.total, all.len());
                if page.items.is_empty() {
                    break;
                }
                seen.extend(page.items);
            }
            assert_eq!(seen, all);
        }
    }
}
