//! Guests that mean harm, ask too much, or are costly to compile.

mod bombs;
mod greedy;
mod hostile;
