//! What a question asks, independent of any language; the SQL tree says how it is answered.

use crate::sql::{Aggregate, Compare, Condition, Expr, Literal, Order, Ref, Select};

use super::nested::aggregate_of;
use super::relation::Relation;

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Attribute {
    /// Index of the table in the schema.
    pub table: usize,
    /// Index of the column in the table.
    pub column: usize,
}

/// How a text is matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// `%x%`
    Contains,
    /// `x%`
    Starts,
    /// `%x`
    Ends,
}

/// A test of one attribute, with values as people write them.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// Against one value.
    Compare(Compare, Literal),
    /// From low to high.
    Between(Literal, Literal),
    /// One of two values.
    Either(Literal, Literal),
    /// Part of a text; `true` negates.
    Like(Match, String, bool),
    /// Missing, or present when `true`.
    Null(bool),
    /// The year of a date.
    Year(Compare, u32),
    /// The month of a date, 1 to 12.
    Month(u32),
    /// Against the average of all rows.
    Average(Compare),
    /// Against another column of the same row.
    Column(Compare, usize),
    /// Against the same column of the row that a column names by a value.
    Than(Compare, usize, Literal),
    /// The value that most rows have, or the fewest when `false`.
    Modal(bool),
}

/// A restriction of the subject.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// By an attribute of its own.
    Own(Attribute, Test),
    /// By what it is related to, which may be restricted by what that is related to.
    Related(Relation, Vec<Filter>),
    /// By having no related row that passes.
    Without(Relation, Vec<Filter>),
    /// By the number of related rows.
    Counted(Relation, (Compare, String)),
    /// By belonging to the row with the extreme of an attribute; the greatest when `true`.
    OfExtreme(Relation, Attribute, bool),
}

impl Filter {
    /// The attributes it tests, first to last.
    pub fn tests(&self) -> Vec<(Attribute, &Test)> {
        match self {
            Self::Own(attribute, test) => vec![(*attribute, test)],
            Self::Related(_, inner) | Self::Without(_, inner) => inner.iter().flat_map(Self::tests).collect(),
            Self::Counted(..) | Self::OfExtreme(..) => Vec::new(),
        }
    }

    /// The relations it goes across, first to last.
    pub fn relations(&self) -> Vec<&Relation> {
        match self {
            Self::Own(..) => Vec::new(),
            Self::Counted(relation, _) | Self::OfExtreme(relation, ..) => vec![relation],
            Self::Related(relation, inner) | Self::Without(relation, inner) => std::iter::once(relation)
                .chain(inner.iter().flat_map(Self::relations))
                .collect(),
        }
    }
}

impl Test {
    /// The test as a condition on `of`, whose table stands at `slot`.
    pub fn condition(&self, of: Attribute, slot: usize) -> Condition {
        let at = Ref::new(slot, of.column);
        let column = Expr::Column(at);
        match self {
            Self::Compare(operator, literal) => Condition::compare(at, *operator, literal.clone()),
            Self::Between(low, high) => Condition::Between(column, low.clone(), high.clone()),
            Self::Either(first, second) => Condition::Any(vec![
                Condition::compare(at, Compare::Equal, first.clone()),
                Condition::compare(at, Compare::Equal, second.clone()),
            ]),
            Self::Like(kind, text, negated) => {
                let pattern = match kind {
                    Match::Contains => format!("%{text}%"),
                    Match::Starts => format!("{text}%"),
                    Match::Ends => format!("%{text}"),
                };
                Condition::Like(column, pattern, *negated)
            }
            Self::Null(negated) => Condition::Null(column, *negated),
            Self::Year(operator, year) => Condition::Compare(
                Expr::Year(at),
                *operator,
                Expr::Literal(Literal::Number(year.to_string())),
            ),
            Self::Average(operator) => {
                let average = aggregate_of(Aggregate::Average, of);
                Condition::Compare(column, *operator, Expr::Scalar(Box::new(average)))
            }
            Self::Than(operator, named, name) => {
                let mut other = Select::of(of.table, &[of.column]);
                other.also(Condition::compare(Ref::new(0, *named), Compare::Equal, name.clone()));
                Condition::Compare(column, *operator, Expr::Scalar(Box::new(other)))
            }
            Self::Modal(most) => {
                let mut modal = Select::of(of.table, &[of.column]);
                modal.group = vec![Expr::Column(Ref::new(0, of.column))];
                modal.order.push(Order {
                    by: Expr::CountAll,
                    descending: *most,
                });
                modal.limit = Some(1);
                Condition::Compare(column, Compare::Equal, Expr::Scalar(Box::new(modal)))
            }
            Self::Column(operator, other) => {
                Condition::Compare(column, *operator, Expr::Column(Ref::new(slot, *other)))
            }
            Self::Month(month) => Condition::Compare(
                Expr::Month(at),
                Compare::Equal,
                Expr::Literal(Literal::Number(month.to_string())),
            ),
        }
    }
}

/// The kinds of question. Each has its own wordings in every language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// Attributes of the subjects.
    List,
    /// Attributes of the one subject that a name or key picks out.
    Lookup,
    /// Attributes without duplicates.
    Distinct,
    /// How many subjects.
    Count,
    /// How many different values of `by`.
    CountDistinct,
    /// Aggregates of the subjects' attributes.
    Aggregate,
    /// Attributes sorted by `by`.
    Ordered,
    /// Attributes of the subject with the extreme `by`.
    Top,
    /// Attributes of the `limit` subjects with the most extreme `by`.
    TopMany,
    /// Attributes of all subjects that share the extreme `by`.
    Ties,
    /// Subjects per value of `by`.
    GroupCount,
    /// Subjects per value of `by`, sorted by their number.
    GroupCountOrdered,
    /// Aggregates per value of `by`.
    GroupAggregate,
    /// Values of `by` with a bound on the number of subjects.
    GroupHaving,
    /// Values of `by` whose average lies beyond a bound.
    GroupHavingAverage,
    /// The value of `by` with the most or fewest subjects.
    ModalValue,
    /// The same with the number.
    ModalValueCount,
    /// Attributes of subjects whose `by` lies beyond the average.
    BeyondAverage,
    /// How many subjects lie beyond the average.
    CountBeyondAverage,
    /// Attributes of subjects whose `by` lies beyond every subject of another kind.
    BeyondGroup,
    /// Attributes of subjects and of what each is related to.
    Pairs,
    /// Number of related rows per subject.
    RelatedCount,
    /// The same, subjects without any included.
    RelatedCountAll,
    /// Subjects with a bound on the number of related rows.
    RelatedHaving,
    /// The subject with the most or fewest related rows.
    RelatedTopCount,
    /// Aggregates of related rows per subject.
    RelatedAggregate,
    /// The subject with the extreme aggregate of related rows.
    RelatedTopAggregate,
    /// Subjects without related rows.
    RelatedNone,
    /// How many subjects have no related rows.
    CountRelatedNone,
    /// Subjects with at least one related row.
    RelatedSome,
    /// Subjects for which a related row exists.
    RelatedExists,
    /// How many different subjects have related rows.
    CountRelatedSome,
    /// Attributes of subjects whose related row has the extreme `by`.
    RelatedTop,
    /// Values of `by` that occur with one filter and with another.
    Both,
    /// Subjects related to one thing and to another.
    RelatedBoth,
    /// Values of `by` that never occur with a filter.
    Never,
    /// Values of one table's attribute and another's together.
    Together,
    /// Values of a key that occur here and there.
    Shared,
    /// The subject with the longest or shortest text.
    MaxTextLength,
    /// Texts with their length.
    TextLength,
    /// Texts in capital letters.
    UpperCase,
    /// Subjects per year of a date.
    YearCount,
    /// Subjects with their rank by an attribute.
    Ranked,
    /// Subjects with their rank within a group.
    RankedWithin,
    /// The extreme subject of each group.
    TopWithin,
    /// Average number of subjects per value.
    AverageCount,
    /// Values with more subjects than the average value has.
    AboveAverageCount,
    /// Subjects classed as high or low.
    Classed,
    /// Difference between the extremes.
    Spread,
    /// Attributes of subjects and of the subject each refers to.
    SelfPairs,
    /// Aggregates per value of `by`, of values with a bound on the number of subjects.
    GroupAggregateHaving,
    /// Subjects that pass one filter and another.
    RowsBoth,
    /// Subjects that pass one filter or another.
    RowsEither,
    /// Subjects that pass one filter and not another.
    RowsExcept,
    /// How many subjects pass one filter and another.
    CountRowsBoth,
    /// How many subjects pass one filter or another.
    CountRowsEither,
    /// How many subjects pass one filter and not another.
    CountRowsExcept,
    /// Pairs of subjects that share an attribute.
    SameValue,
    /// Subjects above the average of their own group.
    BeyondOwnGroup,
    /// Sum of a product of two measures.
    ProductSum,
}

/// A question without words.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// Its kind.
    pub pattern: Pattern,
    /// Table asked about.
    pub subject: usize,
    /// Attributes shown.
    pub shown: Vec<Attribute>,
    /// How many of them, at the end, are of what the subject is related to.
    pub theirs: usize,
    /// Restrictions of the subject.
    pub filters: Vec<Filter>,
    /// The filters are alternatives.
    pub any: bool,
    /// Aggregates shown or compared.
    pub aggregates: Vec<(Aggregate, Attribute)>,
    /// What is grouped, sorted or compared by.
    pub by: Option<Attribute>,
    /// Largest first, or beyond upwards.
    pub descending: bool,
    /// How many are wanted.
    pub limit: u32,
    /// Aggregates are shown before what they are grouped by.
    pub swapped: bool,
    /// A bound on a number of rows or an aggregate.
    pub bound: Option<(Compare, String)>,
    /// What the subject is related to.
    pub other: Option<Relation>,
    /// Restrictions of the related rows, or a second set for the subject.
    pub other_filters: Vec<Filter>,
}

impl Ask {
    /// A question of this kind about `subject`, with nothing else said.
    pub fn new(pattern: Pattern, subject: usize) -> Self {
        Self {
            pattern,
            subject,
            shown: Vec::new(),
            theirs: 0,
            filters: Vec::new(),
            any: false,
            aggregates: Vec::new(),
            by: None,
            descending: false,
            limit: 0,
            swapped: false,
            bound: None,
            other: None,
            other_filters: Vec::new(),
        }
    }
}
