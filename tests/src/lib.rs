//! What end-to-end tests share: guests written by hand.

pub mod guest;
