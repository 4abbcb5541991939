//! The command `rollcall health`.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use serde_json::Value;

use super::setting_flags::Given;
use super::{Failure, args, http_get, load, output};
use crate::config::StartSettings;
use crate::domain::ListenAddress;

/// The path that is asked for if the URL has none.
const READY: &str = "/readyz";

/// The status of a server that takes requests.
const OK: u16 = 200;

/// Asks a server whether it is ready. Every failure has exit code 1: a health check of a container has only 0 and 1.
pub(super) fn run(arguments: &args::HealthArgs) -> Result<(), Failure> {
    let url = match &arguments.url {
        Some(url) => url.clone(),
        None => url_of_settings(&arguments.listen.0).map_err(Failure::failed)?,
    };
    let answer = http_get::get(&url, READY).map_err(|error| Failure::failed(format!("not healthy: {error}")))?;
    if answer.status == OK {
        return output::print(&format!("healthy: {url} answers {OK}"));
    }
    let reasons = reasons(&answer.body);
    Err(Failure::failed(format!(
        "not healthy: {url} answers {}{reasons}",
        answer.status
    )))
}

/// Returns the URL of the first address on which the server of these settings listens.
fn url_of_settings(given: &Given) -> Result<String, String> {
    let config = load(given).map_err(|error| error.to_string())?;
    let settings = StartSettings::of(&config).map_err(|error| error.to_string())?;
    let first = settings.network.listen.first();
    let first = first.ok_or("the server listens on no address: name one with --url")?;
    url_of(settings.network.scheme(), first)
}

/// Returns the URL with which this machine reaches an address of its own. A host name is looked up; the others need no
/// resolver, which a container may not have.
fn url_of(scheme: &str, listen: &ListenAddress) -> Result<String, String> {
    let (host, port) = match listen {
        ListenAddress::Unix { path, .. } => return Ok(format!("unix:{}", path.display())),
        ListenAddress::All(port) => (Ipv4Addr::LOCALHOST.to_string(), *port),
        ListenAddress::Host { name, port } => (name.clone(), *port),
        ListenAddress::Ip(SocketAddr::V4(address)) if address.ip().is_unspecified() => {
            (Ipv4Addr::LOCALHOST.to_string(), address.port())
        }
        ListenAddress::Ip(SocketAddr::V6(address)) if address.ip().is_unspecified() => {
            (format!("[{}]", Ipv6Addr::LOCALHOST), address.port())
        }
        ListenAddress::Ip(SocketAddr::V4(address)) => (address.ip().to_string(), address.port()),
        ListenAddress::Ip(SocketAddr::V6(address)) => (format!("[{}]", address.ip()), address.port()),
    };
    if port == 0 {
        return Err("the server listens on a port that the system chose: name it with --url".to_owned());
    }
    Ok(format!("{scheme}://{host}:{port}"))
}

/// Returns the checks of the answer that failed, as the end of a sentence.
fn reasons(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let failed = body["checks"].as_object().into_iter().flatten();
    let failed = failed.filter(|(_, state)| state.as_str() != Some("ok"));
    let failed: Vec<_> = failed.map(|(check, _)| advice(check)).collect();
    if failed.is_empty() {
        String::new()
    } else {
        format!(": {}", failed.join("; "))
    }
}

/// Returns the meaning of a failed check of `/readyz`.
fn advice(check: &str) -> &str {
    match check {
        "store" => "the store takes no writes, see the server's log",
        "disk" => "the disk has less free space than disk_reserve_mib, free some",
        "serving" => "the server is stopping",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_all_interfaces_is_reached_over_the_loopback() {
        for (listen, url) in [
            ("0.0.0.0:3000", "http://127.0.0.1:3000"),
            ("[::]:3000", "http://[::1]:3000"),
            (":3000", "http://127.0.0.1:3000"),
            ("192.0.2.1:80", "http://192.0.2.1:80"),
            ("[2001:db8::1]:80", "http://[2001:db8::1]:80"),
            ("chat.example:80", "http://chat.example:80"),
            ("unix:/run/a.sock?mode=660", "unix:/run/a.sock"),
        ] {
            assert_eq!(url_of("http", &listen.parse().expect("an address")).as_deref(), Ok(url));
        }
        assert!(url_of("http", &"127.0.0.1:0".parse().expect("an address")).is_err());
    }
}
