//! The hub: live connections, the visible presence of all users, and the events about changes.
//!
//! The hub follows the store: the writer calls it after every commit, so that events about stored data are sent only
//! after the data is durable.

mod attendance;
mod change;
mod connection;
mod event;
mod events;
mod lost;
mod other_connections;
mod other_servers;
mod presence_hub;
mod presence_table;
mod recent_changes;
mod resumable;
mod shared_table;
mod since;
mod visible_presence;

pub(crate) use attendance::Attendance;
pub use change::PresenceChange;
pub(crate) use change::Seen;
pub use connection::Connection;
pub(crate) use event::Changed;
pub use event::Event;
pub use events::Events;
pub(crate) use events::Missed;
pub use presence_hub::Hub;
pub use resumable::GRACE_MILLIS;
pub use visible_presence::PresenceEntry;
pub(crate) use visible_presence::VisiblePresence;
