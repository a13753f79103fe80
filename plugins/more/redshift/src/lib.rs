//! The SQL of Amazon Redshift.

mod catalog_queries;

use nl2sql_sdk::description::{
    DialectInfo, Feature, FunctionLists, GuardRules, IdentifierCase, LexicalRules, LimitStyle, NameRules, NullOrder,
    Spelling,
};
use nl2sql_sdk::dialect::ServerInfo;
use nl2sql_sqlparser_dialect::sqlparser::dialect::RedshiftSqlDialect;
use nl2sql_sqlparser_dialect::{Guest, SqlparserDialect};

/// The dialect.
pub struct Plugin;

impl SqlparserDialect for Plugin {
    type Grammar = RedshiftSqlDialect;

    const ALIASES_ANYWHERE: bool = true;

    const PHRASES: &'static str = include_str!("phrases.txt");

    fn info() -> DialectInfo {
        let standard = DialectInfo::standard("redshift", "postgres");
        DialectInfo {
            aliases: words(""),
            prompt_notes: [
                "Unquoted names fold to lower case.",
                "Use DATE_TRUNC, DATEADD(unit, n, d) and DATEDIFF(unit, a, b); GETDATE() is now.",
                "LISTAGG joins texts of a group.",
                "Integer division truncates: cast to numeric first.",
            ]
            .map(str::to_owned)
            .into(),
            lexical: LexicalRules {
                nested_comments: true,
                dollar_strings: true,
                backslash_escapes: true,
                ..standard.lexical
            },
            names: NameRules {
                case: IdentifierCase::FoldsLower,
                letters_beyond_ascii: true,
                reserved: words(RESERVED),
                ..standard.names
            },
            features: vec![
                Feature::Cte,
                Feature::RecursiveCte,
                Feature::Window,
                Feature::IntersectAndExcept,
                Feature::FullJoin,
                Feature::Ordinals,
                Feature::GroupByAlias,
                Feature::NullsOrder,
                Feature::Qualify,
                Feature::CorrelatedSubqueries,
            ],
            spelling: Spelling {
                limit: LimitStyle::Limit,
                nulls: NullOrder::Largest,
                text_length: "len({})".into(),
                date_literal: "'{}'".into(),
                ..standard.spelling
            },
            functions: FunctionLists {
                scalar: Vec::new(),
                aggregate: words(
                    "any_value approximate avg bool_and bool_or count listagg max median min percentile_cont stddev stddev_pop stddev_samp sum var_pop var_samp variance",
                ),
                table: words("generate_series"),
            },
            guard: GuardRules {
                query_words: words("select with values"),
                refused_words: pairs(&[
                    ("into", "it stores the result"),
                    ("for update", "it locks rows"),
                    ("for share", "it locks rows"),
                ]),
                refused_functions: pairs(&[
                    ("pg_terminate_backend", "it ends sessions"),
                    ("pg_cancel_backend", "it ends statements"),
                    ("set_config", "it changes the session"),
                    ("pg_sleep*", "it only waits"),
                ]),
                refused_relations: pairs(&[
                    ("pg_user*", "it tells of logins"),
                    ("pg_shadow", "it tells of logins"),
                    ("stl_*", "it tells of what others ran"),
                    ("svl_*", "it tells of what others ran"),
                    ("stv_*", "it tells of the cluster"),
                ]),
            },
            extra: pairs(&[("script-grammar", "redshift")]),
            ..standard
        }
    }

    fn catalog_queries(_: &ServerInfo) -> Vec<(&'static str, String)> {
        catalog_queries::QUERIES
            .map(|(section, sql)| (section, sql.to_owned()))
            .into()
    }
}

nl2sql_sdk::register!(dialect: Guest<Plugin>);

fn words(list: &str) -> Vec<String> {
    list.split_ascii_whitespace().map(str::to_owned).collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter()
        .map(|(name, reason)| ((*name).to_owned(), (*reason).to_owned()))
        .collect()
}

/// Words that need quotes to be names.
const RESERVED: &str = "aes128 aes256 all allowoverwrite analyse analyze and any array as asc authorization backup between binary blanksasnull both bytedict case cast check collate column constraint create credentials cross current_date current_time current_timestamp current_user current_user_id default deferrable deflate defrag delta delta32k desc disable distinct do else emptyasnull enable encode encrypt encryption end except explicit false for foreign freeze from full globaldict256 globaldict64k grant group gzip having identity ignore ilike in initially inner intersect into is isnull join language leading left like limit localtime localtimestamp lun luns lzo lzop minus mostly16 mostly32 mostly8 natural new not notnull null nulls off offline offset oid old on only open or order outer overlaps parallel partition percent permissions placing primary raw readratio recover references respect rejectlog resort restore right select session_user similar snapshot some sysdate system table tag tdes text255 text32k then timestamp to top trailing true truncatecolumns union unique user using verbose wallet when where with without";

#[cfg(test)]
mod tests;
