//! Whole runs over doubles of plugins and databases.

mod doubles;
mod runs;
