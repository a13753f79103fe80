//! What wit-bindgen makes of the contract in `wit`.
//!
//! One expansion holds the shared nouns and the services; each kind adds its exported interface alone. `pub_export_macro` moves the
//! exports of a world's description into that kind's `export!` macro, so a guest describes the one kind it registers, and
//! componentising drops every import the guest never calls.
#![allow(missing_docs)]

pub mod services {
    wit_bindgen::generate!({
        path: "wit",
        inline: "
            package nl2sql:sdk;
            world services {
                import nl2sql:plugin/types@0.2.0;
                import nl2sql:plugin/description@0.2.0;
                import nl2sql:plugin/analysis@0.2.0;
                import nl2sql:plugin/sql@0.2.0;
                import nl2sql:plugin/query@0.2.0;
                import nl2sql:plugin/llm@0.2.0;
                import nl2sql:plugin/log@0.2.0;
            }
        ",
        generate_all,
        generate_unused_types: true,
        additional_derives: [PartialEq, Default],
        // What a closed set is by default: the strictest, or what says least.
        additional_member_attributes: {
            "nl2sql:plugin/types@0.2.0/difficulty.easy": [#[default]],
            "nl2sql:plugin/types@0.2.0/severity.error": [#[default]],
            "nl2sql:plugin/description@0.2.0/identifier-case.ignored": [#[default]],
            "nl2sql:plugin/description@0.2.0/feature.cte": [#[default]],
            "nl2sql:plugin/description@0.2.0/limit-style.fetch-first": [#[default]],
            "nl2sql:plugin/description@0.2.0/concatenation.pipes": [#[default]],
            "nl2sql:plugin/description@0.2.0/null-order.largest": [#[default]],
            "nl2sql:plugin/analysis@0.2.0/table-source.unknown": [#[default]],
            "nl2sql:plugin/analysis@0.2.0/resolution.unknown": [#[default]],
            "nl2sql:plugin/query@0.2.0/query-failure.failed": [#[default]],
            "nl2sql:plugin/query@0.2.0/value.null": [#[default]],
            "nl2sql:plugin/query@0.2.0/outcome.mismatch": [#[default]],
            "nl2sql:plugin/llm@0.2.0/role.user": [#[default]],
            "nl2sql:plugin/log@0.2.0/level.info": [#[default]],
        },
        // With the feature `json`, the nouns of `metadata.json`, `cards.json`, `plan.json` and `samples.jsonl` can be read from them.
        additional_type_attributes: {
            "nl2sql:plugin/types@0.2.0/difficulty":
                [#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]],
            "nl2sql:plugin/types@0.2.0/foreign-key":
                [#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize), serde(default))]],
            "nl2sql:plugin/types@0.2.0/key":
                [#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize), serde(default))]],
            "nl2sql:plugin/types@0.2.0/check":
                [#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize), serde(default))]],
            "nl2sql:plugin/types@0.2.0/column":
                [#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize), serde(default))]],
            "nl2sql:plugin/types@0.2.0/table":
                [#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize), serde(default))]],
            "nl2sql:plugin/types@0.2.0/catalog":
                [#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize), serde(default))]],
            "nl2sql:plugin/types@0.2.0/card":
                [#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize), serde(default))]],
            "nl2sql:plugin/types@0.2.0/topic":
                [#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize), serde(default))]],
            "nl2sql:plugin/types@0.2.0/sample":
                [#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize), serde(default))]],
        },
    });

    pub use nl2sql::plugin::*;
}

/// The exported interface of one kind; `types` and `log` belong to every kind, the rest is what the kind may import.
macro_rules! kind {
    ($kind:ident, $world:literal, { $($interface:literal: $module:ident),* } $(, $member:literal)*) => {
        pub mod $kind {
            wit_bindgen::generate!({
                path: "wit",
                world: $world,
                with: {
                    "nl2sql:plugin/types@0.2.0": crate::bindings::services::types,
                    "nl2sql:plugin/log@0.2.0": crate::bindings::services::log,
                    $($interface: crate::bindings::services::$module,)*
                },
                pub_export_macro: true,
                generate_unused_types: true,
                additional_derives: [PartialEq, Default],
                additional_member_attributes: { $($member: [#[default]],)* },
            });
        }
    };
}

kind!(dialect, "dialect-plugin", {
    "nl2sql:plugin/description@0.2.0": description,
    "nl2sql:plugin/analysis@0.2.0": analysis
});
kind!(planner, "planner-plugin", { "nl2sql:plugin/llm@0.2.0": llm });
kind!(generator, "generator-plugin", {
    "nl2sql:plugin/description@0.2.0": description,
    "nl2sql:plugin/analysis@0.2.0": analysis,
    "nl2sql:plugin/llm@0.2.0": llm,
    "nl2sql:plugin/sql@0.2.0": sql,
    "nl2sql:plugin/query@0.2.0": query
});
kind!(validator, "validator-plugin", {
    "nl2sql:plugin/description@0.2.0": description,
    "nl2sql:plugin/analysis@0.2.0": analysis,
    "nl2sql:plugin/llm@0.2.0": llm,
    "nl2sql:plugin/sql@0.2.0": sql,
    "nl2sql:plugin/query@0.2.0": query
});
kind!(metric, "metric-plugin", {
    "nl2sql:plugin/description@0.2.0": description,
    "nl2sql:plugin/analysis@0.2.0": analysis,
    "nl2sql:plugin/llm@0.2.0": llm,
    "nl2sql:plugin/sql@0.2.0": sql,
    "nl2sql:plugin/query@0.2.0": query
}, "nl2sql:plugin/metric@0.2.0/direction.higher-is-better");
