//! What the grammar writes.

mod demo;
mod odd_catalogs;
mod samples;
mod wordings;
