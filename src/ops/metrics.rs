//! Metrics for monitoring: who may read them, and the gauges that are read from the state of the server.

use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::app::App;
use crate::auth::Caller;
use crate::domain::scope::RequiredScope;
use crate::domain::{Permission, RequestError, Scope};
use crate::net::open_files;
use crate::observe::process;
use crate::store::SurveyedNode;

/// The time for which measurements of the disk and of the process are used again. It bounds the cost of readers who ask
/// often.
const MEASURED_FOR: Duration = Duration::from_secs(1);

/// The time after which a disk that does not answer is left out.
const STATE_TIMEOUT: Duration = Duration::from_secs(2);

/// Checks that a caller may read the metrics.
///
/// # Errors
/// [`RequestError::NotLoggedIn`] without a login; [`RequestError::PermissionRequired`] without `view-statistics`;
/// errors of the token and of duties.
pub(crate) fn admit_caller(caller: Option<&Caller>) -> Result<(), RequestError> {
    let caller = caller.ok_or(RequestError::NotLoggedIn)?;
    caller.admit(RequiredScope::Scope(Scope::Admin), &[])?;
    caller.require(Permission::ViewStatistics)
}

/// Checks the token of `metrics_token`. It is too long to be guessed, and the rate of calls without a login bounds the
/// attempts; failures do not block the address, because a program with an old token would block every user there.
///
/// # Errors
/// [`RequestError::NotLoggedIn`] if the token is wrong, or if the setting is not set.
pub(crate) fn admit_token(app: &App, presented: &str) -> Result<(), RequestError> {
    let expected = app.fixed.metrics_token.as_ref().ok_or(RequestError::NotLoggedIn)?;
    // The hashes are compared, so that the time does not reveal how much of the token was right.
    if expected.is(presented) {
        Ok(())
    } else {
        Err(RequestError::NotLoggedIn)
    }
}

/// Returns all metrics in Prometheus's text format. Serves one reader at a time.
pub(crate) async fn text(app: &App) -> String {
    let mut measured = app.metrics_measured.lock().await;
    if measured.is_none_or(|last| last.elapsed() >= MEASURED_FOR) {
        measure(app).await;
        *measured = Some(Instant::now());
    }
    read(app);
    app.metrics.text()
}

/// Reads the gauges that are in memory.
fn read(app: &App) {
    let readings = &app.metrics.readings;
    readings.set_connections(app.hub.connections() as u64);
    readings.set_event_queue(app.hub.waiting_events() as u64);
    readings.set_write_queue(app.store.waiting_changes() as u64);
    let (running, waiting) = app.passwords.load();
    readings.set_hashes_running(running as u64);
    readings.set_hashes_waiting(waiting as u64);
    let (held, waiting) = app.attempts.load();
    readings.set_turns_held(held as u64);
    readings.set_turns_waiting(waiting as u64);
    readings.set_clock_doubtful(app.clock.trust().doubt.is_some().into());
    if let Some(served) = app.certificate.served() {
        readings.set_certificate_end(served.ends_at);
    }
    let last = app.backups.state().last;
    readings.set_backup_bytes(last.as_ref().map_or(0, |last| last.file_bytes));
    if let Some(last) = last {
        readings.set_last_backup(last.taken_at);
    }
}

/// Measures the disk and the process, and counts the users.
async fn measure(app: &App) {
    let readings = &app.metrics.readings;
    let checks = app.readiness.check(&app.store, app.fixed.disk_reserve_bytes).await;
    for (check, is_passed) in [
        ("store", checks.store),
        ("disk", checks.disk),
        ("serving", checks.serving),
    ] {
        readings.set_ready(check, is_passed);
    }
    if let Some(is_passed) = checks.cluster {
        readings.set_ready("cluster", is_passed);
    }
    measure_cluster(app).await;
    if let Ok(Ok(state)) = timeout(STATE_TIMEOUT, app.store.state()).await {
        if let Some(free) = state.free_bytes {
            readings.set_free_bytes(free);
        }
        readings.set_file_bytes(state.file_bytes);
        readings.set_live_bytes(state.opened_bytes);
        readings.set_waste_bytes(state.file_bytes.saturating_sub(state.opened_bytes));
    }
    let snapshot = app.store.read();
    let (mut all, mut active) = (0, 0);
    for user in snapshot.users() {
        all += 1;
        active += usize::from(user.is_active());
    }
    readings.set_users(active, all - active);
    let process = tokio::task::spawn_blocking(|| {
        (
            process::open_descriptors(),
            process::resident_bytes(),
            process::cpu_seconds(),
        )
    });
    if let Ok((descriptors, resident, cpu)) = process.await {
        readings.set_descriptors(descriptors.unwrap_or_default());
        readings.set_resident(resident.unwrap_or_default());
        readings.set_cpu(cpu.unwrap_or_default());
    }
    readings.set_most_descriptors(open_files::limit().unwrap_or(u64::MAX));
}

/// Measures the cluster with the store, if there is one.
async fn measure_cluster(app: &App) {
    let readings = app.metrics.readings.cluster();
    let Some(signs) = app.store.signs() else { return };
    let [lease, watch] = [signs.lease_millis, signs.watch_millis].map(Duration::from_millis);
    readings.set_own(app.store.place().servers, signs.revision, lease, watch);
    let Ok(Some(survey)) = timeout(STATE_TIMEOUT, app.store.survey()).await else {
        return;
    };
    for SurveyedNode { endpoint, state } in &survey.nodes {
        let is_leader = state.as_ref().is_ok_and(|state| state.is_leader);
        readings.set_node(endpoint, state.is_ok(), is_leader);
        if let Ok(state) = state {
            readings.set_database(endpoint, state.database_bytes, state.quota_bytes);
        }
    }
}
