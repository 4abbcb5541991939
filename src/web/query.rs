//! The queries of links.

/// Returns the query with these parts. Leaves out a part without a value.
pub(super) fn encoded<'part>(parts: impl IntoIterator<Item = (&'part str, Option<&'part str>)>) -> String {
    let given = parts.into_iter().filter_map(|(name, value)| Some((name, value?)));
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(given)
        .finish()
}

/// Returns a path with a query; the path alone if the query is empty.
pub(super) fn path(path: &str, query: &str) -> String {
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

/// Returns the value of a part whose text may be empty.
pub(super) fn filled(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// Returns the value of a part with the number of a page; `None` for the first page.
pub(super) fn page(number: usize) -> Option<String> {
    (number > 1).then(|| number.to_string())
}
