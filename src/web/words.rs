//! The words of the pages, in the reader's language (`locales/*.ftl`).

use std::borrow::Cow;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use warp::http::HeaderMap;
use warp::http::header::ACCEPT_LANGUAGE;

use crate::domain::{SettingId, User};

/// Maximum ranges of an `Accept-Language` that are looked at.
const MAX_RANGES: usize = 32;

/// A language that the pages have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray)]
pub(super) enum Language {
    English,
    German,
}

type Bundle = FluentBundle<FluentResource>;

static BUNDLES: LazyLock<Vec<Bundle>> = LazyLock::new(|| Language::ALL.iter().copied().map(bundle).collect());

fn bundle(language: Language) -> Bundle {
    let mut bundle = FluentBundle::new_concurrent(vec![language.tag().parse().unwrap_or_default()]);
    // The marks of isolation are for texts of mixed direction; the pages put the texts of users into `<bdi>`.
    bundle.set_use_isolating(false);
    // A test makes sure that the files have no errors.
    for source in std::iter::once(language.source()).chain(language.settings()) {
        let words = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(words, _)| words);
        let _ = bundle.add_resource(words);
    }
    bundle
}

impl Language {
    pub(super) const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// Returns the tag of the language (BCP 47).
    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// Returns the name of the language in the language itself.
    pub(super) const fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
        }
    }

    const fn source(self) -> &'static str {
        match self {
            Self::English => include_str!("../../locales/en.ftl"),
            Self::German => include_str!("../../locales/de.ftl"),
        }
    }

    /// Returns the descriptions of the settings; `None` for English, which `domain::setting` has.
    const fn settings(self) -> Option<&'static str> {
        match self {
            Self::English => None,
            Self::German => Some(include_str!("../../locales/de-settings.ftl")),
        }
    }

    /// Returns the language of a tag, whatever its region.
    pub(super) fn tagged(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default().trim();
        Self::ALL
            .iter()
            .copied()
            .find(|language| primary.eq_ignore_ascii_case(language.tag()))
    }

    /// Returns the language of a request: the one that the user chose, else the best of `Accept-Language` (RFC 9110,
    /// §12.5.4), else English.
    pub(super) fn of(user: Option<&User>, headers: &HeaderMap) -> Self {
        let chosen = user.and_then(|user| user.preferences.language());
        let chosen = chosen.and_then(|tag| Self::tagged(&tag));
        let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        chosen
            .or_else(|| accepted.and_then(Self::accepted))
            .unwrap_or(Self::English)
    }

    fn accepted(ranges: &str) -> Option<Self> {
        let weighted = ranges.split(',').take(MAX_RANGES).filter_map(|range| {
            let (tag, weight) = range.split_once(';').unwrap_or((range, ""));
            let weight = match weight.trim().strip_prefix("q=") {
                Some(weight) => weight.trim().parse::<f32>().ok()?,
                None => 1.0,
            };
            Some((Self::tagged(tag)?, weight)).filter(|(_, weight)| *weight > 0.0)
        });
        // The first of those with the greatest weight.
        let best = weighted.reduce(|best, next| if next.1 > best.1 { next } else { best });
        best.map(|(language, _)| language)
    }
}

/// Returns a user's text for use in a sentence. Marks of isolation around it prevent that its direction changes the
/// order of the other words.
pub(super) fn isolated(text: &str) -> String {
    format!("\u{2068}{text}\u{2069}")
}

/// The words of one language.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words {
    language: Language,
}

impl Words {
    /// Returns the words of a language.
    pub(super) const fn of(language: Language) -> Self {
        Self { language }
    }

    /// Returns the language.
    pub(super) const fn language(self) -> Language {
        self.language
    }

    /// Returns the text of a key.
    pub(super) fn t(self, key: &str) -> Cow<'static, str> {
        self.text(key, None)
    }

    /// Returns the text of a key with these values in it.
    pub(super) fn say(self, key: &str, values: &[(&str, FluentValue<'_>)]) -> String {
        let values: FluentArgs<'_> = values.iter().map(|(name, value)| (*name, value.clone())).collect();
        self.text(key, Some(&values)).into_owned()
    }

    /// Returns the description of a setting without the part that only concerns users of the API.
    pub(super) fn about(self, id: SettingId) -> String {
        if self.language.settings().is_some() {
            return self.t(id.as_str()).into_owned();
        }
        let about = id.about();
        about.strip_suffix("; Rollcall's own").unwrap_or(about).replace('`', "")
    }

    /// Returns the text of a key, and the key itself where a language lacks it, which a test excludes.
    fn text(self, key: &str, values: Option<&FluentArgs<'_>>) -> Cow<'static, str> {
        let bundle = &BUNDLES[self.language as usize];
        let pattern = bundle.get_message(key).and_then(|message| message.value());
        match pattern {
            Some(pattern) => match bundle.format_pattern(pattern, values, &mut Vec::new()) {
                Cow::Borrowed(text) if values.is_none() => Cow::Borrowed(text),
                text => Cow::Owned(text.into_owned()),
            },
            None => Cow::Owned(key.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::Path;

    use regex::Regex;
    use warp::http::HeaderValue;

    use super::*;

    /// Returns the keys of a language, each with the names of the values in its text.
    fn keys(language: Language) -> BTreeMap<String, BTreeSet<String>> {
        let entry = Regex::new(r"(?m)^([a-z][a-z0-9-]*) =((?:.|\n(?:[ ]|\}))*)").expect("a pattern");
        let value = Regex::new(r"\{[ ]*\$([a-z]+)").expect("a pattern");
        let entries = entry.captures_iter(language.source()).map(|entry| {
            let values = value.captures_iter(&entry[2]).map(|value| value[1].to_owned());
            (entry[1].to_owned(), values.collect())
        });
        entries.collect()
    }

    fn sources(folder: &Path, text: &mut String) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                sources(&path, text);
            } else if path.extension().is_some_and(|kind| kind == "rs" || kind == "html") {
                let source = fs::read_to_string(&path).expect("a text");
                text.push_str(source.split("#[cfg(test)]").next().unwrap_or_default());
            }
        }
    }

    #[test]
    fn the_files_have_no_error_and_no_key_twice() {
        for language in Language::ALL.iter().copied() {
            let parsed = FluentResource::try_new(language.source().to_owned());
            let parsed = parsed.map_err(|(_, errors)| errors).expect("a file without errors");
            let mut bundle: Bundle = FluentBundle::new_concurrent(vec![]);
            assert!(bundle.add_resource(parsed).is_ok(), "a key twice in {language:?}");
        }
    }

    #[test]
    fn every_setting_has_a_description_in_every_language() {
        let key = Regex::new(r"(?m)^([A-Za-z][\w-]*) =").expect("a pattern");
        for language in Language::ALL.iter().copied() {
            for id in SettingId::ALL {
                let about = Words::of(language).about(*id);
                assert!(
                    about.len() > 10 && about != id.as_str(),
                    "{id} in {language:?}: {about}"
                );
                assert!(
                    !about.contains('`') && !about.ends_with('.'),
                    "{id} in {language:?}: {about}"
                );
                let is_same = about == Words::of(Language::English).about(*id);
                assert_eq!(is_same, language == Language::English, "{id} in {language:?}: {about}");
            }
            let Some(source) = language.settings() else {
                continue;
            };
            let parsed = FluentResource::try_new(source.to_owned());
            assert!(parsed.is_ok(), "{:?}", parsed.map_err(|(_, errors)| errors).err());
            for key in key.captures_iter(source) {
                assert!(key[1].parse::<SettingId>().is_ok(), "{} is no setting", &key[1]);
            }
        }
    }

    #[test]
    fn both_languages_have_the_same_keys_with_the_same_values() {
        let (english, german) = (keys(Language::English), keys(Language::German));
        for (key, values) in &english {
            assert_eq!(german.get(key), Some(values), "{key} in German");
        }
        for key in german.keys() {
            assert!(english.contains_key(key), "{key} is surplus in German");
        }
        for key in english.keys() {
            let found = |language: Language| BUNDLES[language as usize].has_message(key);
            assert!(Language::ALL.iter().copied().all(found), "{key} is not found");
        }
    }

    #[test]
    fn every_key_is_used_and_every_used_key_is_there() {
        let mut text = String::new();
        sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/web")), &mut text);
        let keys = keys(Language::English);
        for key in keys.keys() {
            assert!(text.contains(&format!("\"{key}\"")), "no page uses {key}");
        }
        let used = Regex::new(r#"\.(?:t|say)\(\s*"([a-z0-9-]+)""#).expect("a pattern");
        let mut count = 0;
        for used in used.captures_iter(&text) {
            assert!(keys.contains_key(&used[1]), "no language has {}", &used[1]);
            count += 1;
        }
        assert!(count > 50, "{count} keys are used: does the pattern find them?");
    }

    #[test]
    fn the_language_is_the_best_that_is_accepted() {
        for (accepted, tag) in [
            ("", "en"),
            ("de", "de"),
            ("de-AT,de;q=0.9,en;q=0.8", "de"),
            ("en-GB,de", "en"),
            ("fr,de;q=0.5,en;q=0.7", "en"),
            ("fr-CH, fr;q=0.9", "en"),
            ("de;q=0", "en"),
            ("DE_ch", "de"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(accepted));
            assert_eq!(Language::of(None, &headers).tag(), tag, "{accepted}");
        }
    }
}
