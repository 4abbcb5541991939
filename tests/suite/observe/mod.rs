//! Health, ids of requests, metrics, and the doctor.

mod doctor;
mod health;
mod metrics;
mod request_id;
