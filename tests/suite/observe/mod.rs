//! What the server shows of itself: health, ids of requests, metrics, and the doctor.

mod health;
mod request_id;
