//! What the grammar writes.

mod demo;
mod glossary;
mod odd_catalogs;
mod read_pairs;
mod samples;
mod shapes;
mod wordings;
