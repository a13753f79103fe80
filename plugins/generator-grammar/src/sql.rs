//! The SQL that the grammar can say: its tree, its hardness and its text in each dialect.

mod dialect;
mod expression;
mod hardness;
mod render;
mod tree;

pub use dialect::Dialect;
pub use hardness::hardness;
pub use render::render;
pub use tree::{
    Aggregate, Compare, Condition, Expr, Literal, Order, Ref, Rows, Select, SetOperator, Source, Statement, Window,
};
