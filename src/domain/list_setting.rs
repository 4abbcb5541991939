//! Settings that are lists with commas: the types of their items.

use std::net::IpAddr;

use ipnet::IpNet;

use super::text::quoted;
use super::{Email, PublicUrl, RoleId};

/// Returns the items of a list with commas, without the empty ones.
pub(crate) fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

/// Returns the networks of a list; an address is a network of itself alone.
///
/// # Errors
/// The first item that is neither, in words that follow the name of the setting.
pub(crate) fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    let network = |item: &str| {
        let alone = || item.parse::<IpAddr>().ok().map(IpNet::from);
        let network = item.parse().ok().or_else(alone);
        network.ok_or_else(|| format!("names {item}, which is neither an address nor a network"))
    };
    items(text).map(network).collect()
}

/// Refuses a list of domains of e-mail addresses that has something else.
///
/// # Errors
/// The first item that is not a domain, in words that follow the name of the setting.
pub(crate) fn check_domains(text: &str) -> Result<(), String> {
    match items(text).find(|item| !Email::is_domain(item)) {
        Some(item) => Err(format!(
            "names {item}, which is not the domain of an e-mail address like example.com"
        )),
        None => Ok(()),
    }
}

/// Refuses a list of origins of web pages that is neither `*` nor a list of origins.
///
/// # Errors
/// The first item that is not an origin, in words that follow the name of the setting.
pub(crate) fn check_origins(text: &str) -> Result<(), String> {
    let is_origin = |item: &str| {
        let url = PublicUrl::parse(&item.to_ascii_lowercase());
        url.is_ok_and(|url| url.path().is_empty())
    };
    if text.trim() == "*" {
        return Ok(());
    }
    match items(text).find(|item| !is_origin(item)) {
        Some(item) => Err(format!(
            "names {item}, which is not an origin like https://chat.example.com; it must be * or a list of origins"
        )),
        None => Ok(()),
    }
}

/// Refuses a list of contacts that has something else than URIs of e-mail addresses, telephones and web pages
/// (RFC 9116, §2.5.3).
///
/// # Errors
/// The first item that is not a contact, in words that follow the name of the setting.
pub(crate) fn check_contacts(text: &str) -> Result<(), String> {
    let is_contact = |item: &str| {
        let rest = ["mailto:", "tel:", "https://"]
            .into_iter()
            .find_map(|scheme| item.strip_prefix(scheme));
        // A URI has only visible ASCII characters (RFC 3986, §2), so that an item cannot begin another line.
        rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic()))
    };
    match items(text).find(|item| !is_contact(item)) {
        Some(item) => Err(format!(
            "names {}, which is not a contact like mailto:security@example.com, tel:+49-30-123 or \
             https://example.com/security",
            quoted(item)
        )),
        None => Ok(()),
    }
}

/// Refuses a list of roles of new users that is empty or has the role of administrators.
///
/// # Errors
/// The reason, in words that follow the name of the setting.
pub(crate) fn check_default_roles(text: &str) -> Result<(), String> {
    if items(text).any(|role| RoleId::new(role).is_admin()) {
        return Err("must not be admin: everybody who registers would become one".into());
    }
    match items(text).next() {
        Some(_) => Ok(()),
        None => Err("must name a role at least".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_a_star_or_scheme_host_and_port() {
        for good in [
            "",
            "*",
            " * ",
            "https://a.example",
            "HTTPS://b.example:443/, http://[::1]:3000,",
            "http://localhost:8080",
        ] {
            assert_eq!(check_origins(good), Ok(()), "{good}");
        }
        for bad in [
            "not an origin,,",
            "*, https://a.example",
            "a.example",
            "ftp://a.example",
            "https://a.example/path",
            "https://a.example:port",
            "https://*.example",
            "https://a@b.example",
            "null",
        ] {
            assert!(check_origins(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn contacts_are_addresses_of_mail_telephones_and_pages() {
        for good in [
            "",
            "mailto:security@example.com",
            " https://example.com/report?a=b , tel:+49-30-123,",
        ] {
            assert_eq!(check_contacts(good), Ok(()), "{good}");
        }
        for bad in [
            "security@example.com",
            "http://example.com",
            "mailto:",
            "https://example.com/a b",
            "https://example.com/\nExpires: 2020-01-01T00:00:00Z",
            "https://m\u{fc}nchen.example",
            "javascript:alert(1)",
        ] {
            assert!(check_contacts(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn domains_networks_and_roles_are_what_they_say() {
        for good in ["", "example.com", "@example.com, m\u{fc}nchen.example,"] {
            assert_eq!(check_domains(good), Ok(()), "{good}");
        }
        for bad in ["@@@ , http://x", "http://x", "a@b.example", "a b"] {
            assert!(check_domains(bad).is_err(), "{bad}");
        }
        assert_eq!(networks("10.0.0.0/8, ::1").map(|list| list.len()), Ok(2));
        assert!(networks("10.0.0.0/8, home").is_err());
        assert_eq!(check_default_roles("user, bot"), Ok(()));
        for bad in ["admin", "user,admin", "", " , "] {
            assert!(check_default_roles(bad).is_err(), "{bad:?}");
        }
    }
}
