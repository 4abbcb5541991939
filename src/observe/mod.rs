//! The ids of requests, and the metrics of the server in Prometheus's text format.
//!
//! Each part of the server has its own meter: the store a [`StoreMeter`], the hub a [`PresenceMeter`], the log a
//! [`LogMeter`]. [`Metrics`] has all meters, and the [`Readings`], which are set only when a client reads the metrics.
//! A meter costs a few atomic additions. No label has text of a client.

mod cluster_readings;
mod instrument;
mod log_meter;
mod login_meter;
mod metrics;
mod presence_meter;
pub(crate) mod process;
mod readings;
mod request_id;
mod request_meter;
mod route_name;
mod store_meter;

pub(crate) use instrument::TEXT_FORMAT;
pub use log_meter::LogMeter;
pub(crate) use login_meter::{LoginMeter, LoginResult};
pub(crate) use metrics::Metrics;
pub(crate) use presence_meter::{EventReader, PresenceMeter};
pub(crate) use readings::{Opened, Readings};
pub(crate) use request_id::{RequestId, RequestIds};
pub(crate) use request_meter::RequestMeter;
pub(crate) use route_name::RouteName;
pub(crate) use store_meter::StoreMeter;
