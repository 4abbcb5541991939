//! The checks of what is around the server: proxy, address, certificate, log.

use super::diagnosis::Diagnosis;
use crate::admin_socket::SurroundingsEntry;
use crate::cli::http_get;
use crate::config::LogFormat;
use crate::net::tls;

/// The path that answers if the process lives.
const LIVE: &str = "/livez";

/// Checks the headers of the proxy. `has_proxies` is whether `trusted_proxies` has an address.
pub(super) fn proxy(entry: &SurroundingsEntry, has_proxies: bool) -> Diagnosis {
    const CHECK: &str = "proxy headers";
    let is_https = entry
        .public_url
        .as_deref()
        .is_some_and(|url| url.starts_with("https://"));
    if entry.forwarded_by_others > 0 {
        let found = format!(
            "{} requests had X-Forwarded-For from a peer that trusted_proxies does not have",
            entry.forwarded_by_others
        );
        let advice = "add the address of your proxy to trusted_proxies; else all its users count as one address";
        return Diagnosis::warning(CHECK, found, advice);
    }
    if is_https && !has_proxies && entry.certificate.is_none() {
        let found = "public_url begins with https://, and trusted_proxies is empty";
        let advice =
            "set trusted_proxies to the address of the proxy that does TLS; else all users count as one address";
        return Diagnosis::warning(CHECK, found, advice);
    }
    if has_proxies && entry.forwarded_by_trusted == 0 {
        let found = "no request with X-Forwarded-For from a trusted proxy was seen since the start";
        return Diagnosis::skipped(CHECK, found);
    }
    let found = match entry.forwarded_by_trusted {
        0 => "no request came over a proxy".to_owned(),
        count => format!("{count} requests came over a trusted proxy"),
    };
    Diagnosis::ok(CHECK, found)
}

/// Asks for the public URL.
pub(super) fn address(entry: &SurroundingsEntry) -> Diagnosis {
    const CHECK: &str = "public address";
    let Some(url) = entry.public_url.as_deref() else {
        return Diagnosis::skipped(CHECK, "public_url is not set");
    };
    match http_get::get(&format!("{}{LIVE}", url.trim_end_matches('/')), LIVE) {
        Ok(answer) if answer.status == 200 => {
            Diagnosis::ok(CHECK, format!("{url} is reached; a certificate was not checked"))
        }
        Ok(answer) => Diagnosis::problem(
            CHECK,
            format!("{url}{LIVE} answers {}", answer.status),
            "check public_url, and that the proxy passes all paths to the server",
        ),
        Err(error) => Diagnosis::problem(
            CHECK,
            error.to_string(),
            "check the name, the proxy and the firewall; some networks do not reach their own public address",
        ),
    }
}

/// Checks when the certificate of the server ends.
pub(super) fn certificate(entry: &SurroundingsEntry) -> Diagnosis {
    const CHECK: &str = "certificate";
    let Some((end, days)) = &entry.certificate else {
        return Diagnosis::skipped(
            CHECK,
            "the server does not speak TLS, or does not run; a proxy may have a certificate",
        );
    };
    let advice = "renew it, put it in its place and send SIGHUP to the server";
    if *days < 0 {
        Diagnosis::problem(CHECK, format!("it ended on {end}"), advice)
    } else if *days < tls::WARN_DAYS {
        Diagnosis::warning(CHECK, format!("it ends on {end}, in {days} days"), advice)
    } else {
        Diagnosis::ok(CHECK, format!("it ends on {end}, in {days} days"))
    }
}

/// Compares the format of the log with its reader. `has_journal` is whether the journal reads it, if that is known.
pub(super) fn log_format(format: LogFormat, has_journal: Option<bool>) -> Diagnosis {
    const CHECK: &str = "log format";
    match (format, has_journal) {
        (LogFormat::Journald, Some(false)) => Diagnosis::warning(
            CHECK,
            "log_format is journald, and standard error of the server is not the journal",
            "set log_format to text or json",
        ),
        (LogFormat::Text | LogFormat::Json, Some(true)) => Diagnosis::warning(
            CHECK,
            "the journal reads the log, and does not get the priority of its lines",
            "set log_format to journald",
        ),
        (format, _) => {
            let name = format!("{format:?}").to_lowercase();
            Diagnosis::ok(CHECK, format!("log_format is {name}"))
        }
    }
}

/// Returns whether the journal reads standard error of a process (`JOURNAL_STREAM` of `systemd.exec(5)`); `None` if this
/// user may not look.
pub(super) fn has_journal(process: i32) -> Option<bool> {
    let variables = std::fs::read(format!("/proc/{process}/environ")).ok()?;
    let mut variables = variables.split(|byte| *byte == 0);
    Some(variables.any(|variable| variable.starts_with(b"JOURNAL_STREAM=")))
}
