//! Execution match: does a prediction give the gold's result?
//!
//! The definition `nl2sql`, and why it departs from the benchmarks' own:
//!
//! | question | `nl2sql` | test-suite (default) | BIRD | Spider |
//! |---|---|---|---|---|
//! | repeated rows | count (bag) | count, yet DISTINCT is stripped first | do not count (set) | count |
//! | DISTINCT | kept: with or without it are two answers | stripped from both texts | kept | kept |
//! | row order | when the gold's outermost query has ORDER BY | when the text `order by` occurs anywhere in the gold | never | always |
//! | ties in ORDER BY | any order of tied rows, any choice among rows tied at LIMIT | the engine's order | - | the engine's order |
//! | column order | free | free | fixed | free, matched by parsed select items |
//! | numbers | equal within 1e-9 relative; 1 = 1.0 | exact, 1 = 1.0 | exact, 1 = 1.0 | exact, 1 = 1.0 |
//! | NULL | equals NULL | equals NULL | equals NULL | equals NULL |
//! | both empty | `empty-match`, and only with as many columns | match | match | match |
//! | prediction that writes | `refused` | runs, gives no rows | runs, then the gold sees its changes | as BIRD |
//! | several statements | `refused` | the first one runs | error | error |
//! | gold that fails | `gold-error`, not scored | the evaluator stops | mismatch | the evaluator stops |
//!
//! The official definitions are reproduced by [`crate::official`].

mod cells;
mod columns;
mod judge;
mod ties;

pub use cells::{Keyed, keyed};
pub use columns::{TooManyArrangements, same_rows};
pub use judge::{Judge, JudgeLimits, Judgement, Pair};
