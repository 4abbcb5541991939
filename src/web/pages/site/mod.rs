//! Documents about the site for browsers and programs.

use serde_json::json;
use warp::http::StatusCode;

use crate::domain::SettingId;
use crate::ops::incident;
use crate::web::reply::{self, Outcome};
use crate::web::route::Route;
use crate::web::visit::Visit;

pub(super) const ROUTES: &[Route] = &[
    Route::open("/manifest.webmanifest", |visit| Box::pin(manifest(visit))),
    Route::open("/robots.txt", |visit| Box::pin(robots(visit))),
    Route::open("/.well-known/change-password", |visit| Box::pin(change_password(visit))),
];

/// What a phone needs to install the pages (W3C, Web Application Manifest).
async fn manifest(visit: Visit) -> Outcome {
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
async fn robots(_: Visit) -> Outcome {
    Ok(reply::text(
        "text/plain; charset=utf-8",
        "User-agent: *\nDisallow: /\n".to_owned(),
    ))
}

/// Leads password managers to the page (W3C, a well-known URL for changing passwords).
async fn change_password(visit: Visit) -> Outcome {
    let mut answer = reply::redirect(&visit, "/change-password")?;
    *answer.status_mut() = StatusCode::FOUND;
    Ok(answer)
}
