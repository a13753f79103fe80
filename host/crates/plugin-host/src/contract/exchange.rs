//! Calls that both versions of the contract have alike: what they hand over and take back differs in its types alone.

/// Implements the instances of dialects, generators and validators over the bindings of one version.
macro_rules! shared_calls {
    ($bindings:path) => {
        use $bindings as bindings;

        impl<R: ToNoun<N>, N> ToNoun<N> for Result<R, bindings::services::types::PluginError> {
            fn to_noun(self) -> Result<N, crate::error::Failure> {
                $crate::contract::declined(self)?.to_noun()
            }
        }

        impl<R: ToNoun<N>, N> ToNoun<Result<N, nl2sql_catalog::SyntaxError>>
            for Result<R, bindings::services::analysis::SyntaxError>
        {
            fn to_noun(self) -> Result<Result<N, nl2sql_catalog::SyntaxError>, crate::error::Failure> {
                Ok(match self {
                    Ok(answer) => Ok(answer.to_noun()?),
                    Err(error) => Err(error.to_noun()?),
                })
            }
        }

        impl DialectInstance for bindings::dialect::DialectPlugin {
            fn info(&self, store: &mut Store<State>) -> Answer<nl2sql_catalog::DialectInfo> {
                Ok(self.nl2sql_plugin_dialect().call_info(store)?.to_noun())
            }

            fn catalog_queries(&self, store: &mut Store<State>, server: &ServerInfo) -> Answer<Vec<CatalogQuery>> {
                let dialect = self.nl2sql_plugin_dialect();
                Ok(dialect
                    .call_catalog_queries(store, &server.to_record())?
                    .to_noun())
            }

            fn render_ddl(&self, store: &mut Store<State>, table: &Table) -> Answer<String> {
                let dialect = self.nl2sql_plugin_dialect();
                Ok(Ok(dialect.call_render_ddl(store, &table.to_record())?))
            }

            fn quote(&self, store: &mut Store<State>, identifier: &str) -> Answer<String> {
                Ok(Ok(self.nl2sql_plugin_dialect().call_quote(store, identifier)?))
            }
        }

        /// A dialect with an open session.
        struct OpenDialect {
            world: bindings::dialect::DialectPlugin,
            session: ResourceAny,
        }

        impl DialectSessionInstance for OpenDialect {
            fn dialect(&self) -> &dyn DialectInstance {
                &self.world
            }

            fn statement(&self, store: &mut Store<State>, sql: &str) -> Answer<StatementInfo> {
                let session = self.world.nl2sql_plugin_dialect().session();
                Ok(session.call_statement(store, self.session, sql)?.to_noun())
            }

            fn check_syntax(&self, store: &mut Store<State>, sql: &str) -> Read<()> {
                let session = self.world.nl2sql_plugin_dialect().session();
                Ok(session.call_check_syntax(store, self.session, sql)?.to_noun())
            }

            fn diagnose(&self, store: &mut Store<State>, sql: &str) -> Read<Vec<Finding>> {
                let session = self.world.nl2sql_plugin_dialect().session();
                Ok(session.call_diagnose(store, self.session, sql)?.to_noun())
            }

            fn analyse(&self, store: &mut Store<State>, sql: &str) -> Read<Analysis> {
                let session = self.world.nl2sql_plugin_dialect().session();
                Ok(session.call_analyse(store, self.session, sql)?.to_noun())
            }

            fn with_limit(&self, store: &mut Store<State>, sql: &str, rows: u32) -> Read<String> {
                let session = self.world.nl2sql_plugin_dialect().session();
                Ok(session.call_with_limit(store, self.session, sql, rows)?.to_noun())
            }

            fn normalise(&self, store: &mut Store<State>, sql: &str) -> Read<String> {
                let session = self.world.nl2sql_plugin_dialect().session();
                Ok(session.call_normalise(store, self.session, sql)?.to_noun())
            }

            fn template(&self, store: &mut Store<State>, sql: &str) -> Read<String> {
                let session = self.world.nl2sql_plugin_dialect().session();
                Ok(session.call_template(store, self.session, sql)?.to_noun())
            }
        }

        /// A generator with an open session.
        struct OpenGenerator {
            world: bindings::generator::GeneratorPlugin,
            session: ResourceAny,
        }

        impl GeneratorInstance for OpenGenerator {
            fn generate(&self, store: &mut Store<State>, request: &GenerateRequest<'_>) -> Answer<Batch> {
                let session = self.world.nl2sql_plugin_generator().session();
                Ok(session
                    .call_generate(store, self.session, &request.to_record())?
                    .to_noun())
            }
        }

        /// A validator with an open session.
        struct OpenValidator {
            world: bindings::validator::ValidatorPlugin,
            session: ResourceAny,
        }

        impl ValidatorInstance for OpenValidator {
            fn check(&self, store: &mut Store<State>, samples: &[Sample]) -> Answer<Vec<Vec<Finding>>> {
                let session = self.world.nl2sql_plugin_validator().session();
                Ok(session
                    .call_check(store, self.session, &samples.to_record())?
                    .to_noun())
            }
        }
    };
}

pub(crate) use shared_calls;
