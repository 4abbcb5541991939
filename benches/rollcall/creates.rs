//! Durable creates over HTTP, compared with the store's writer alone and with the disk.

use crate::driver::{self, NUMBER, Request};
use crate::plan::Plan;
use crate::server::Server;
use crate::table::{self, Rate};
use crate::{Outcome, floors};

/// Numbers of concurrent clients.
const AT_ONCE: [usize; 4] = [1, 8, 64, 256];

pub fn run(plan: &Plan) -> Outcome {
    let mut rows = Vec::new();
    for at_once in AT_ONCE {
        let measured = plan.in_turn(&mut [
            Box::new(|extent| floors::append(plan.temporary()?.path(), at_once, extent)),
            Box::new(|extent| floors::writer(plan.temporary()?.path(), at_once, extent)),
            Box::new(|extent| {
                let folder = plan.temporary()?;
                let server = Server::rollcall(folder.path())?;
                let request = request(&server.credentials()?);
                driver::drive(&server, vec![request; at_once], extent)
            }),
        ])?;
        let [append, writer, http] = measured.try_into().map_err(|_| "three subjects")?;
        rows.push(Rate {
            what: "append + fdatasync (floor)".into(),
            at_once,
            measured: append.clone(),
            floor: None,
        });
        rows.push(Rate {
            what: "store's writer (floor)".into(),
            at_once,
            measured: writer.clone(),
            floor: Some((append, "append")),
        });
        rows.push(Rate {
            what: "create over HTTP".into(),
            at_once,
            measured: http,
            floor: Some((writer, "writer")),
        });
    }
    table::rates("Durable creates: POST /api/v1/custom-user-status.create", &rows);
    Ok(())
}

/// Returns a request that creates a status, with a different name each time.
pub fn request(credentials: &str) -> Request {
    let status = format!(r#"{{"name":"caught up {NUMBER}","statusType":"busy"}}"#);
    Request::post("/api/v1/custom-user-status.create", credentials, &status)
}
