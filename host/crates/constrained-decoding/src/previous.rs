//! What stood last in a statement.

use crate::called::Called;

/// What an operand is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    Value,
    /// So many in parentheses.
    Row(usize),
    /// An aggregate that was called.
    Call {
        takes_filter: bool,
        takes_window: bool,
    },
    /// A function of a window, or an aggregate of aggregates: it has no meaning yet.
    CallWithoutWindow,
    /// The number of a column that is selected.
    Ordinal,
}

/// What stood last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Previous {
    #[default]
    Nothing,
    /// `;`, behind which nothing comes.
    Ended,
    Keyword(&'static str),
    /// NOT behind an operand.
    NotBehind,
    /// DISTINCT behind IS.
    IsDistinct,
    /// FILTER behind an aggregate.
    Filter {
        /// Whether a window may follow it.
        takes_window: bool,
    },
    /// A word of SQL that might as well be a name.
    Soft,
    /// Something an expression may end with.
    Operand(Operand),
    /// `*` for all columns.
    EveryColumn,
    /// A table in FROM.
    Table,
    /// AS after a table.
    AsTable,
    /// A new name.
    Name,
    /// New names of the columns of a table, in parentheses.
    ColumnNames,
    /// What a dot follows.
    Qualifier(Vec<u8>),
    Dot(Vec<u8>),
    /// A dot after an expression in parentheses.
    FieldDot,
    Function(Called),
    /// A function that stands for a table.
    Source,
    Open,
    Comma,
    /// The marks of an operator, and a blank where it cannot grow any more.
    Operator(Vec<u8>),
    /// `::`.
    Cast,
}

/// Something an expression may end with.
pub(crate) const VALUE: Previous = Previous::Operand(Operand::Value);
