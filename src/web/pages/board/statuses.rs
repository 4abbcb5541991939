//! The order of the statuses on the board.

use crate::domain::StatusType;

/// The statuses in the order of the board: who is here comes first.
pub(super) const STATUSES: [StatusType; 4] = [
    StatusType::Online,
    StatusType::Busy,
    StatusType::Away,
    StatusType::Offline,
];

/// Returns the place of a status in [`STATUSES`].
pub(super) const fn place(status: StatusType) -> usize {
    match status {
        StatusType::Online => 0,
        StatusType::Busy => 1,
        StatusType::Away => 2,
        StatusType::Offline => 3,
    }
}
