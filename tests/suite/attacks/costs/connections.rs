//! Connections: how many of one address, and the descriptors kept in reserve.
