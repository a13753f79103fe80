//! What wasmtime makes of the contracts in `wit/`, a module per version.
//!
//! In each, one expansion holds the shared nouns and the services; each kind adds its exported interface alone.
#![allow(missing_docs, reason = "the contract documents itself in its WIT files")]

pub mod v0_1 {
    pub mod services {
        wasmtime::component::bindgen!({
            path: "../../../wit/since_v0_1_0",
            inline: "
                package nl2sql:host;
                world services {
                    import nl2sql:plugin/types@0.1.0;
                    import nl2sql:plugin/analysis@0.1.0;
                    import nl2sql:plugin/sql@0.1.0;
                    import nl2sql:plugin/query@0.1.0;
                    import nl2sql:plugin/llm@0.1.0;
                    import nl2sql:plugin/log@0.1.0;
                }
            ",
            imports: { default: trappable },
            with: { "nl2sql:plugin/query.rows": crate::state::Rows },
        });

        pub use nl2sql::plugin::*;
    }

    macro_rules! kind {
        ($module:ident, $world:literal) => {
            pub mod $module {
                wasmtime::component::bindgen!({
                    path: "../../../wit/since_v0_1_0",
                    world: $world,
                    with: { "nl2sql:plugin": crate::bindings::v0_1::services },
                });

                pub use exports::nl2sql::plugin::$module::*;
            }
        };
    }

    kind!(dialect, "dialect-plugin");
    kind!(planner, "planner-plugin");
    kind!(generator, "generator-plugin");
    kind!(validator, "validator-plugin");
    kind!(metric, "metric-plugin");
}

pub mod v0_2 {
    pub mod services {
        wasmtime::component::bindgen!({
            path: "../../../wit/since_v0_2_0",
            inline: "
                package nl2sql:host;
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
            imports: { default: trappable },
            with: { "nl2sql:plugin/query.rows": crate::state::Rows },
        });

        pub use nl2sql::plugin::*;
    }

    macro_rules! kind {
        ($module:ident, $world:literal) => {
            pub mod $module {
                wasmtime::component::bindgen!({
                    path: "../../../wit/since_v0_2_0",
                    world: $world,
                    with: { "nl2sql:plugin": crate::bindings::v0_2::services },
                });

                pub use exports::nl2sql::plugin::$module::*;
            }
        };
    }

    kind!(dialect, "dialect-plugin");
    kind!(planner, "planner-plugin");
    kind!(generator, "generator-plugin");
    kind!(validator, "validator-plugin");
    kind!(metric, "metric-plugin");
}
