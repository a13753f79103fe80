//! OpenAI's API, as its official clients speak it.

pub(crate) mod adapters;
pub(crate) mod chat;
pub(crate) mod completions;
pub(crate) mod conversation;
pub(crate) mod generation;
pub(crate) mod json_body;
pub(crate) mod models;
pub(crate) mod receive;
pub(crate) mod response_format;
mod response_object;
pub(crate) mod responses;
pub(crate) mod sampling;
pub(crate) mod usage;
