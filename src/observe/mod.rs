//! What the server shows of itself: the ids of requests.

mod request_id;
mod route_name;

pub use request_id::{RequestId, RequestIds};
pub use route_name::RouteName;
