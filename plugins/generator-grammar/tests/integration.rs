//! What the grammar writes.

mod demo;
mod glossary;
mod odd_catalogs;
mod read_chinese;
mod read_pairs;
mod read_quantities;
mod read_relations;
mod samples;
mod shapes;
mod wordings;
