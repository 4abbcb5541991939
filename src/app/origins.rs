//! The rule for the web pages that may use this server, for HTTP (CORS) and sockets.

use super::Settings;
use crate::domain::SettingId;

/// The origins whose pages may use this server, computed from the current settings.
///
/// An origin is the value of the header `Origin` that browsers send: scheme, host and port of the page. Programs send
/// no such header, and this rule does not apply to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedOrigins {
    /// The origin of `Site_Url`. Without `Site_Url`, the server's own origin comes from the header `Host`.
    site: Option<String>,
    others: Others,
}

/// The allowed origins beside the server's own.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Others {
    /// No other origin: `API_Enable_CORS` is off.
    Refused,
    /// Every origin: `API_CORS_Origin` is `*`.
    Any,
    /// The origins that `API_CORS_Origin` lists.
    Listed(Vec<String>),
}

impl AllowedOrigins {
    /// Returns the rule for these settings.
    pub(super) fn of(settings: &Settings) -> Self {
        let site = settings.text(SettingId::SiteUrl);
        let cors = settings.flag(SettingId::EnableCors);
        Self::new(&site, cors.then(|| settings.text(SettingId::CorsOrigin)).as_deref())
    }

    /// Creates the rule from `Site_Url`, which may be empty, and `API_CORS_Origin`, if CORS is enabled.
    fn new(site: &str, cors: Option<&str>) -> Self {
        let others = match cors.map(str::trim) {
            None => Others::Refused,
            Some("*") => Others::Any,
            Some(list) => {
                let items = list.split(',').map(str::trim).filter(|item| !item.is_empty());
                Others::Listed(items.map(normalized).collect())
            }
        };
        Self {
            site: Some(site.trim()).filter(|site| !site.is_empty()).map(normalized),
            others,
        }
    }

    /// Returns whether pages of all origins are allowed.
    #[must_use]
    pub const fn allows_any(&self) -> bool {
        matches!(self.others, Others::Any)
    }

    /// Returns whether pages of other origins than the server's own may be allowed.
    #[must_use]
    pub const fn allows_others(&self) -> bool {
        !matches!(self.others, Others::Refused)
    }

    /// Returns whether pages of this origin are allowed. `host` is the header `Host` of the request.
    #[must_use]
    pub fn allows(&self, origin: &str, host: Option<&str>) -> bool {
        let listed = || match &self.others {
            Others::Refused => false,
            Others::Any => true,
            Others::Listed(list) => list.contains(&normalized(origin)),
        };
        self.is_own(origin, host) || listed()
    }

    /// Returns whether this is the server's own origin: that of `Site_Url`, or without one that of the header `Host`.
    #[must_use]
    pub fn is_own(&self, origin: &str, host: Option<&str>) -> bool {
        let origin = normalized(origin);
        if let Some(site) = &self.site {
            return origin == *site;
        }
        // The server does not know whether a proxy in front of it speaks TLS, so both schemes count as its own.
        let own = |scheme: &str| host.is_some_and(|host| origin == normalized(&format!("{scheme}://{host}")));
        own("http") || own("https")
    }
}

/// Returns scheme, host and port of a URL as browsers write them in `Origin`: in lower case, without path and default
/// port. Some WebSocket libraries for programs (ws4py) write `ws` instead of `http`.
fn normalized(url: &str) -> String {
    let url = url.trim().to_lowercase();
    let Some((scheme, rest)) = url.split_once("://") else {
        return url;
    };
    let scheme = match scheme {
        "ws" => "http",
        "wss" => "https",
        other => other,
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => "",
    };
    let authority = authority.strip_suffix(port).unwrap_or(authority);
    format!("{scheme}://{authority}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(rule: &AllowedOrigins, host: &str, origins: &[&str]) -> Vec<bool> {
        origins.iter().map(|origin| rule.allows(origin, Some(host))).collect()
    }

    #[test]
    fn without_a_site_url_the_own_origin_is_that_of_the_host() {
        let rule = AllowedOrigins::new("", None);
        let origins = [
            "http://127.0.0.1:3000",
            "https://127.0.0.1:3000",
            "HTTP://127.0.0.1:3000",
            "http://127.0.0.1:3001",
            "http://evil.example",
            "ftp://127.0.0.1:3000",
            "127.0.0.1:3000",
            "null",
            "",
        ];
        assert_eq!(
            allowed(&rule, "127.0.0.1:3000", &origins),
            [true, true, true, false, false, false, false, false, false]
        );
        assert!(rule.allows("https://chat.example", Some("chat.example:443")));
        assert!(rule.allows("http://[::1]:3000", Some("[::1]:3000")));
        assert!(rule.allows("ws://127.0.0.1:3000", Some("127.0.0.1:3000")));
        assert!(!rule.allows("http://", Some("chat.example")));
        assert!(!rule.allows("http://chat.example", None));
        assert!(!rule.allows_others());
    }

    #[test]
    fn with_a_site_url_only_its_origin_is_the_own_one() {
        let rule = AllowedOrigins::new("https://Chat.Example:443/talk/", None);
        let origins = ["https://chat.example", "http://chat.example", "https://inside.example"];
        assert_eq!(allowed(&rule, "inside.example", &origins), [true, false, false]);
    }

    #[test]
    fn a_list_or_a_star_opens_more() {
        let rule = AllowedOrigins::new("", Some("https://a.example, HTTPS://b.example:443/"));
        let origins = ["https://a.example", "https://b.example", "https://c.example", "null"];
        assert_eq!(allowed(&rule, "h", &origins), [true, true, false, false]);
        assert!(rule.allows_others() && !rule.allows_any());
        let rule = AllowedOrigins::new("", Some("*"));
        assert!(rule.allows_any() && rule.allows("null", None));
        let rule = AllowedOrigins::new("", Some(""));
        assert!(!rule.allows("", Some("h")));
    }
}
