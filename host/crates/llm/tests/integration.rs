//! The client of chat providers against real servers that misbehave.

mod conversation;
mod loose_servers;
mod python_clients;
