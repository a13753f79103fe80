//! Guests that mean harm, ask too much, or are costly to compile.

mod bombs;
mod folders;
mod grants;
mod greedy;
mod hostile;
mod packing;
