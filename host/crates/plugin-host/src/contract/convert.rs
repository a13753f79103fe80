//! Conversion between the nouns of the catalog crate and the records of a contract, the parts that no version changes.

use nl2sql_catalog::{FinishReason, TableKind, TypeClass};

use crate::error::Failure;

/// A noun as a record of the contract.
pub(crate) trait ToRecord<R> {
    /// The record.
    fn to_record(&self) -> R;
}

/// A record of the contract as a noun; names outside of a closed set are refused.
pub(crate) trait ToNoun<N> {
    /// The noun.
    fn to_noun(self) -> Result<N, Failure>;
}

impl<N: ToRecord<R>, R> ToRecord<Vec<R>> for Vec<N> {
    fn to_record(&self) -> Vec<R> {
        self.as_slice().to_record()
    }
}

impl<N: ToRecord<R>, R> ToRecord<Vec<R>> for [N] {
    fn to_record(&self) -> Vec<R> {
        self.iter().map(ToRecord::to_record).collect()
    }
}

impl<N: ToRecord<R>, R> ToRecord<Option<R>> for Option<N> {
    fn to_record(&self) -> Option<R> {
        self.as_ref().map(ToRecord::to_record)
    }
}

impl<R: ToNoun<N>, N> ToNoun<Vec<N>> for Vec<R> {
    fn to_noun(self) -> Result<Vec<N>, Failure> {
        self.into_iter().map(ToNoun::to_noun).collect()
    }
}

impl<R: ToNoun<N>, N> ToNoun<Option<N>> for Option<R> {
    fn to_noun(self) -> Result<Option<N>, Failure> {
        self.map(ToNoun::to_noun).transpose()
    }
}

/// Types that are the same on both sides.
macro_rules! same {
    ($($type:ty),* $(,)?) => {$(
        impl ToRecord<$type> for $type {
            fn to_record(&self) -> $type {
                self.clone()
            }
        }

        impl ToNoun<$type> for $type {
            fn to_noun(self) -> Result<$type, Failure> {
                Ok(self)
            }
        }
    )*};
}

same!(bool, u32, u64, f32, f64, String, (String, String), (String, f32));

impl ToNoun<()> for () {
    fn to_noun(self) -> Result<(), Failure> {
        Ok(())
    }
}

/// A record with the fields of a noun, both ways, field by field. Fields behind `+` are lists in the record alone: a noun has nothing for them.
macro_rules! record {
    ($noun:path, $record:path, { $($field:ident),* $(,)? } $(+ $extra:ident)*) => {
        $crate::contract::convert::to_record!($noun, $record, { $($field),* } $(+ $extra)*);
        $crate::contract::convert::to_noun!($noun, $record, { $($field),* });
    };
}

/// The way to the plugin alone.
macro_rules! to_record {
    ($noun:path, $record:path, { $($field:ident),* $(,)? } $(+ $extra:ident)*) => {
        impl $crate::contract::convert::ToRecord<$record> for $noun {
            fn to_record(&self) -> $record {
                use $record as Record;
                Record {
                    $($field: $crate::contract::convert::ToRecord::to_record(&self.$field),)*
                    $($extra: Vec::new(),)*
                }
            }
        }
    };
}

/// The way to the host alone.
macro_rules! to_noun {
    ($noun:path, $record:path, { $($field:ident),* $(,)? }) => {
        impl $crate::contract::convert::ToNoun<$noun> for $record {
            fn to_noun(self) -> Result<$noun, $crate::error::Failure> {
                use $noun as Noun;
                Ok(Noun { $($field: $crate::contract::convert::ToNoun::to_noun(self.$field)?,)* })
            }
        }
    };
}

/// A noun both ways, of which more is known than the record has fields for: that goes into its list behind `+`, where the version has one.
macro_rules! extended {
    ($noun:path, $record:path, { $($field:ident),* $(,)? } $(+ $extra:ident)?) => {
        impl $crate::contract::convert::ToRecord<$record> for $noun {
            fn to_record(&self) -> $record {
                use $record as Record;
                Record {
                    $($field: $crate::contract::convert::ToRecord::to_record(&self.$field),)*
                    $($extra: self.$extra(),)?
                }
            }
        }

        impl $crate::contract::convert::ToNoun<$noun> for $record {
            fn to_noun(self) -> Result<$noun, $crate::error::Failure> {
                use $noun as Noun;
                let noun = Noun {
                    $($field: $crate::contract::convert::ToNoun::to_noun(self.$field)?,)*
                    ..Noun::default()
                };
                Ok(noun$(.with_extra(&self.$extra))?)
            }
        }
    };
}

/// A closed set that is an enum on both sides, both ways.
macro_rules! closed_set {
    ($noun:path, $record:path, { $($member:ident $(=> $other:ident)?),* $(,)? }) => {
        impl $crate::contract::convert::ToRecord<$record> for $noun {
            fn to_record(&self) -> $record {
                use $noun as Noun;
                use $record as Record;
                match self {
                    $(Noun::$member => $crate::contract::convert::closed_set!(@ Record $member $($other)?),)*
                }
            }
        }

        impl $crate::contract::convert::ToNoun<$noun> for $record {
            fn to_noun(self) -> Result<$noun, $crate::error::Failure> {
                use $noun as Noun;
                use $record as Record;
                Ok(match self {
                    $($crate::contract::convert::closed_set!(@ Record $member $($other)?) => Noun::$member,)*
                })
            }
        }
    };
    (@ $record:ident $member:ident) => { $record::$member };
    (@ $record:ident $member:ident $other:ident) => { $record::$other };
}

pub(crate) use {closed_set, extended, record, to_noun, to_record};

/// The records that both versions of the contract have with the same fields.
macro_rules! shared_records {
    ($services:path, $kinds:path $(, + $extra:ident)?) => {
        use $kinds as kinds;
        use $services as wit;

        record!(nl2sql_catalog::ForeignKey, wit::types::ForeignKey, { name, columns, ref_schema, ref_table, ref_columns });
        record!(nl2sql_catalog::Key, wit::types::Key, { name, columns });
        record!(nl2sql_catalog::Check, wit::types::Check, { name, expression });
        extended!(
            nl2sql_catalog::Column,
            wit::types::Column,
            { name, type_name, type_class, nullable, default, comment, identity, generated, labels, samples } $(+ $extra)?
        );
        extended!(
            nl2sql_catalog::Table,
            wit::types::Table,
            { schema, name, kind, comment, columns, primary_key, unique_keys, foreign_keys, checks, row_estimate } $(+ $extra)?
        );
        to_record!(
            nl2sql_catalog::Database,
            wit::types::Catalog,
            { name, dialect, server_version, default_schema, tables } $(+ $extra)?
        );
        record!(nl2sql_catalog::Card, wit::types::Card, { table, text, neighbours });
        record!(nl2sql_catalog::Topic, wit::types::Topic, { name, reason, tables, budget });
        record!(
            nl2sql_catalog::Sample,
            wit::types::Sample,
            { id, topic, question, sql, language, difficulty, tags }
        );
        record!(nl2sql_catalog::Position, wit::types::Position, { line, column });
        record!(nl2sql_catalog::Span, wit::types::Span, { start, end });
        record!(
            nl2sql_catalog::Finding,
            wit::types::Finding,
            { layer, severity, code, message, span, suggestion }
        );
        record!(nl2sql_catalog::SyntaxError, wit::analysis::SyntaxError, { message, position });
        record!(nl2sql_catalog::StatementInfo, wit::analysis::StatementInfo, { kind, read_only, reason });
        record!(nl2sql_catalog::Scope, wit::analysis::Scope, { parent, kind });
        record!(
            nl2sql_catalog::TableUse,
            wit::analysis::TableUse,
            { name, schema, alias, scope, source, position }
        );
        record!(
            nl2sql_catalog::ColumnUse,
            wit::analysis::ColumnUse,
            { name, table, scope, clause, resolution, position }
        );
        record!(
            nl2sql_catalog::Analysis,
            wit::analysis::Analysis,
            { statement, scopes, tables, columns, functions, ordered, features, hardness, findings }
        );
        to_record!(
            nl2sql_catalog::ServerInfo,
            kinds::dialect::ServerInfo,
            { driver, version, database, schemas } $(+ $extra)?
        );
        to_noun!(nl2sql_catalog::CatalogQuery, kinds::dialect::CatalogQuery, { section, sql });
        to_noun!(nl2sql_catalog::Plan, kinds::planner::TopicPlan, { topics, notes });
        to_record!(nl2sql_catalog::Rejection, kinds::generator::Rejection, { sample, findings });
        to_record!(
            nl2sql_catalog::GeneratorContext,
            kinds::generator::Context,
            { catalog, cards, dialect, options, seed } $(+ $extra)?
        );
        to_noun!(nl2sql_catalog::Batch, kinds::generator::Batch, { samples, exhausted, notes });
        to_record!(
            nl2sql_catalog::MetricRow,
            kinds::metric::Row,
            { id, database, question, prediction, predicted_sql, gold }
        );
        to_noun!(nl2sql_catalog::MetricInfo, kinds::metric::MetricInfo, { name, direction, unit });
        record!(nl2sql_catalog::RowScore, kinds::metric::RowScore, { values, labels });

        impl ToRecord<wit::types::Catalog> for std::sync::Arc<nl2sql_catalog::Database> {
            fn to_record(&self) -> wit::types::Catalog {
                (**self).to_record()
            }
        }

        impl ToRecord<kinds::generator::Request> for nl2sql_catalog::GenerateRequest<'_> {
            fn to_record(&self) -> kinds::generator::Request {
                kinds::generator::Request {
                    topic: self.topic.to_record(),
                    want: self.want,
                    round: self.round,
                    languages: self.languages.to_vec(),
                    difficulties: difficulties(self.difficulties),
                    accepted: self.accepted.to_record(),
                    rejected: self.rejected.to_record(),
                    $($extra: vec![("wordings".to_owned(), self.wordings.to_string())],)?
                }
            }
        }

        impl From<wit::types::PluginError> for crate::error::Refusal {
            fn from(error: wit::types::PluginError) -> Self {
                Self {
                    code: error.code,
                    message: error.message,
                    hint: error.hint,
                }
            }
        }
    };
}

pub(crate) use shared_records;

impl ToRecord<String> for TypeClass {
    fn to_record(&self) -> String {
        self.name().to_owned()
    }
}

impl ToNoun<TypeClass> for String {
    /// An open set: a class that this host does not know is `other`.
    fn to_noun(self) -> Result<TypeClass, Failure> {
        Ok(TypeClass::from_name(&self))
    }
}

impl ToRecord<String> for FinishReason {
    fn to_record(&self) -> String {
        self.name().to_owned()
    }
}

const TABLE_KINDS: [(TableKind, &str); 4] = [
    (TableKind::Table, "table"),
    (TableKind::View, "view"),
    (TableKind::MaterializedView, "materialized-view"),
    (TableKind::Virtual, "virtual"),
];

impl ToRecord<String> for TableKind {
    fn to_record(&self) -> String {
        let kind = TABLE_KINDS.iter().find(|(kind, _)| kind == self);
        kind.map_or("table", |(_, name)| name).to_owned()
    }
}

impl ToNoun<TableKind> for String {
    /// An open set: a kind that this host does not know is a table.
    fn to_noun(self) -> Result<TableKind, Failure> {
        let kind = TABLE_KINDS.iter().find(|(_, name)| *name == self);
        Ok(kind.map_or(TableKind::Table, |(kind, _)| *kind))
    }
}
