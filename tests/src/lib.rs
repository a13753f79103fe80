//! What tests of several crates share: guests written by hand, and somebody who signs them.

pub mod author;
pub mod guest;
