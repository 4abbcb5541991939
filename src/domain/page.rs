//! Pages of lists: `offset`, `count` and `sort` (`api.md` §2).

/// How large pages are (`API_Default_Count`, `API_Upper_Count_Limit`, `API_Allow_Infinite_Count`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRule {
    /// Items on a page when the caller does not say.
    pub default_count: usize,
    /// Most items on a page; a larger count is cut to it.
    pub upper_limit: usize,
    /// Whether 0 stands for all items, else for the default.
    pub unlimited: bool,
}

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// How many items are passed over.
    pub offset: usize,
    /// How many items follow at the most.
    pub count: usize,
}

impl Page {
    /// The whole list.
    #[must_use]
    pub const fn all() -> Self {
        Self {
            offset: 0,
            count: usize::MAX,
        }
    }

    /// The part of a list that begins after `offset` items and has at most `count`, as far as the
    /// rule lets it.
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

/// One page, and what it is a page of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    /// The items of the page.
    pub items: Vec<T>,
    /// How many items were passed over.
    pub offset: usize,
    /// How many items there are on all pages.
    pub total: usize,
}

impl<T> Listing<T> {
    /// Takes the page out of all items in their order.
    pub fn of(all: impl ExactSizeIterator<Item = T>, page: Page) -> Self {
        Self::part(all.len(), all, page)
    }

    /// Takes the page out of all items in their order, where the caller knows how many they are.
    pub fn part(total: usize, all: impl Iterator<Item = T>, page: Page) -> Self {
        Self {
            total,
            items: all.skip(page.offset).take(page.count).collect(),
            offset: page.offset,
        }
    }

    /// Takes the page out of all items in another order. Items that are equal in it keep the order in which they came.
    /// Only items that can be on the page or before it are kept while the list is read, and only the page is sorted.
    pub fn sorted(all: impl Iterator<Item = T>, page: Page, compare: impl Fn(&T, &T) -> std::cmp::Ordering) -> Self {
        let order = |a: &(usize, T), b: &(usize, T)| compare(&a.1, &b.1).then(a.0.cmp(&b.0));
        let needed = page.offset.saturating_add(page.count);
        let (mut total, mut first, mut has_last) = (0, Vec::new(), false);
        for item in all.enumerate() {
            total += 1;
            // The item at `needed - 1` is the last one that may be on the page, once it was found.
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

    /// Turns each item of the page into another.
    pub fn map<Other>(self, change: impl FnMut(T) -> Other) -> Listing<Other> {
        Listing {
            items: self.items.into_iter().map(change).collect(),
            offset: self.offset,
            total: self.total,
        }
    }
}

/// Returns each item once, in the order in which the items first came.
#[must_use]
pub fn once<T: PartialEq>(items: Vec<T>) -> Vec<T> {
    let mut seen = Vec::with_capacity(items.len());
    for item in items {
        if !seen.contains(&item) {
            seen.push(item);
        }
    }
    seen
}

/// Most fields that a list is sorted by.
pub const SORT_FIELDS: usize = 3;

/// Which way a field is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// `1`: smallest first.
    Ascending,
    /// `-1`: largest first.
    Descending,
}

impl Direction {
    /// Turns an ascending comparison into one of this direction.
    #[must_use]
    pub fn of(self, ascending: std::cmp::Ordering) -> std::cmp::Ordering {
        match self {
            Self::Ascending => ascending,
            Self::Descending => ascending.reverse(),
        }
    }
}

/// The fields to sort by, the first one first; each is one that the list knows.
pub type Sort = Vec<(&'static str, Direction)>;

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
