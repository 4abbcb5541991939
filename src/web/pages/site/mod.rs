//! Documents about the site for browsers and programs.

use serde_json::json;
use warp::http::StatusCode;

use crate::domain::timestamp::DAY_MILLIS;
use crate::domain::{RequestError, SettingId, Timestamp, list_setting};
use crate::ops::incident;
use crate::web::reply::{self, PageOutcome};
use crate::web::route::PageRoute;
use crate::web::visit::Visit;

/// The number of days for which the contacts in `security.txt` are valid. The server writes the document at each
/// request, so that a reader who needs them later can load it again. RFC 9116 (§2.5.5) recommends less than a year.
const CONTACT_DAYS: u32 = 90;

pub(super) const ROUTES: &[PageRoute] = &[
    PageRoute::open("/manifest.webmanifest", |visit| Box::pin(manifest(visit))),
    PageRoute::open("/robots.txt", |visit| Box::pin(robots(visit))),
    PageRoute::open("/.well-known/change-password", |visit| Box::pin(change_password(visit))),
    PageRoute::open("/.well-known/security.txt", |visit| Box::pin(security(visit))).without_cookies(),
];

/// Answers with the manifest, from which a phone installs the pages (W3C, Web Application Manifest).
async fn manifest(visit: Visit) -> PageOutcome {
    let assets = format!("{}{}", visit.base, crate::web::assets::folder());
    let icon =
        |name: &str, sizes: &str, kind: &str| json!({"src": format!("{assets}/{name}"), "sizes": sizes, "type": kind});
    let name = visit.app.settings().text(SettingId::SiteName);
    let manifest = json!({
        "name": name,
        "short_name": name,
        "start_url": format!("{}/", visit.base),
        "scope": format!("{}/", visit.base),
        "display": "standalone",
        "background_color": "#f7f6f3",
        "theme_color": "#f7f6f3",
        "icons": [
            icon("mark.svg", "any", "image/svg+xml"),
            icon("icon-192.png", "192x192", "image/png"),
            icon("icon-512.png", "512x512", "image/png"),
        ],
    });
    let text = serde_json::to_string(&manifest).map_err(incident::internal)?;
    Ok(reply::text("application/manifest+json", text))
}

/// Nothing here is for search engines.
async fn robots(_: Visit) -> PageOutcome {
    Ok(reply::text(
        "text/plain; charset=utf-8",
        "User-agent: *\nDisallow: /\n".to_owned(),
    ))
}

/// Leads password managers to the page (W3C, a well-known URL for changing passwords).
async fn change_password(visit: Visit) -> PageOutcome {
    let mut answer = reply::redirect(&visit, "/change-password")?;
    *answer.status_mut() = StatusCode::FOUND;
    Ok(answer)
}

/// Says where people report vulnerabilities (RFC 9116). Without a contact, the document does not exist.
async fn security(visit: Visit) -> PageOutcome {
    let settings = visit.app.settings();
    let contacts = settings.text(SettingId::SecurityContact);
    let mut lines: Vec<_> = list_setting::items(&contacts)
        .map(|contact| format!("Contact: {contact}"))
        .collect();
    if lines.is_empty() {
        return Err(RequestError::EndpointNotFound);
    }
    // The document is the same for a whole day.
    let today = visit.app.clock.now().as_millis().div_euclid(DAY_MILLIS) * DAY_MILLIS;
    let expires = Timestamp::from_millis(today).plus_days(CONTACT_DAYS);
    lines.push(format!("Expires: {expires}"));
    // The document is at its own address only if the server has no path before its own: readers look for it at the
    // root of a host (§3).
    let address = visit.app.public_address();
    if address.is_https() && visit.base.is_empty() {
        lines.push(format!("Canonical: {}/.well-known/security.txt", address.url));
    }
    Ok(reply::text("text/plain; charset=utf-8", lines.join("\n") + "\n"))
}
