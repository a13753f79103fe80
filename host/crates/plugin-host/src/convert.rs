//! Between the nouns of the catalog crate and those of the contract.

mod analysis;
mod finding;
mod sample;
mod schema;

/// Converts every item of a list.
pub(crate) fn list<A, B: From<A>>(items: impl IntoIterator<Item = A>) -> Vec<B> {
    items.into_iter().map(B::from).collect()
}

/// Implements the conversion both ways, field by field, for a record whose fields need none.
macro_rules! same_fields {
    ($noun:path, $record:path, { $($field:ident),* $(,)? }) => {
        impl From<&$noun> for $record {
            fn from(noun: &$noun) -> Self {
                Self { $($field: noun.$field.clone()),* }
            }
        }

        impl From<$record> for $noun {
            fn from(record: $record) -> Self {
                Self { $($field: record.$field),* }
            }
        }
    };
}
pub(crate) use finding::check_severities;
pub(crate) use same_fields;
pub(crate) use sample::check_difficulties;
