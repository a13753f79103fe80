//! Guests that mean harm, ask too much, or are costly to compile.

mod bombs;
mod contract_0_1;
mod folders;
mod grants;
mod greedy;
mod hostile;
mod packing;
