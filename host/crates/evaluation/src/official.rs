//! The benchmarks' own definitions of execution match, verdict by verdict.
//!
//! Written from the behaviour of taoyds/test-suite-sql-eval (`exec_eval.py`), BIRD's `evaluation.py` and taoyds/spider
//! (`evaluation.py`, `process_sql.py`), oddities included. Those run on SQLite; a statement that writes is run on a copy.

pub mod bird;
mod python_value;
mod runs;
pub mod spider;
mod spider_parser;
mod spider_tokens;
pub mod test_suite;
