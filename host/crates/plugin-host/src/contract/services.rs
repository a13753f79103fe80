//! The services as guests see them, the parts that both versions of the contract have alike.

/// Implements the services over the bindings of one version. `$column` is what tells of a result's column; the functions that follow are
/// those that the version's rows have besides.
macro_rules! shared_services {
    ($services:path, $column:ty, { $($rows:item)* } $(, + $extra:ident)?) => {
        use $services as services;

        impl services::types::Host for State {}

        impl services::analysis::Host for State {}

        impl services::sql::Host for State {
            fn info(&mut self) -> wasmtime::Result<DialectInfoRecord> {
                Ok(self.sql("sql.info", |sql| sql.info())?.to_record())
            }

            fn statement(&mut self, text: String) -> wasmtime::Result<services::analysis::StatementInfo> {
                Ok(self.sql("sql.statement", |sql| sql.statement(&text))?.to_record())
            }

            fn check_syntax(&mut self, text: String) -> wasmtime::Result<Result<(), services::analysis::SyntaxError>> {
                let answer = self.sql("sql.check-syntax", |sql| sql.check_syntax(&text))?;
                Ok(answer.map_err(|error| error.to_record()))
            }

            fn diagnose(
                &mut self,
                text: String,
            ) -> wasmtime::Result<Result<Vec<services::types::Finding>, services::analysis::SyntaxError>> {
                let answer = self.sql("sql.diagnose", |sql| sql.diagnose(&text))?;
                Ok(answer.map(|findings| findings.to_record()).map_err(|error| error.to_record()))
            }

            fn analyse(
                &mut self,
                text: String,
            ) -> wasmtime::Result<Result<services::analysis::Analysis, services::analysis::SyntaxError>> {
                let answer = self.sql("sql.analyse", |sql| sql.analyse(&text))?;
                Ok(answer.map(|analysis| analysis.to_record()).map_err(|error| error.to_record()))
            }

            fn with_limit(
                &mut self,
                text: String,
                rows: u32,
            ) -> wasmtime::Result<Result<String, services::analysis::SyntaxError>> {
                let answer = self.sql("sql.with-limit", |sql| sql.with_limit(&text, rows))?;
                Ok(answer.map_err(|error| error.to_record()))
            }

            fn normalise(&mut self, text: String) -> wasmtime::Result<Result<String, services::analysis::SyntaxError>> {
                let answer = self.sql("sql.normalise", |sql| sql.normalise(&text))?;
                Ok(answer.map_err(|error| error.to_record()))
            }

            fn template(&mut self, text: String) -> wasmtime::Result<Result<String, services::analysis::SyntaxError>> {
                let answer = self.sql("sql.template", |sql| sql.template(&text))?;
                Ok(answer.map_err(|error| error.to_record()))
            }

            fn render_ddl(&mut self, table: services::types::Table) -> wasmtime::Result<String> {
                let table = table.to_noun()?;
                self.sql("sql.render-ddl", |sql| sql.render_ddl(&table))
            }

            fn quote(&mut self, identifier: String) -> wasmtime::Result<String> {
                self.sql("sql.quote", |sql| sql.quote(&identifier))
            }
        }

        impl ToRecord<services::query::QueryError> for QueryError {
            fn to_record(&self) -> services::query::QueryError {
                services::query::QueryError {
                    code: query_failure(self.code),
                    message: self.message.clone(),
                }
            }
        }

        to_noun!(MatchPair, services::query::MatchPair, { database, gold, predicted });
        to_record!(MatchOutcome, services::query::MatchOutcome, { outcome, detail });

        impl services::query::Host for State {
            fn run(
                &mut self,
                sql: String,
                max_rows: u32,
            ) -> wasmtime::Result<Result<Resource<Rows>, services::query::QueryError>> {
                let answer = self.run_query(&sql, max_rows)?;
                Ok(answer.map_err(|error| error.to_record()))
            }

            fn execution_match(
                &mut self,
                pairs: Vec<services::query::MatchPair>,
                definition: String,
            ) -> wasmtime::Result<Vec<services::query::MatchOutcome>> {
                let pairs: Vec<MatchPair> = pairs.to_noun()?;
                Ok(self.match_results(&pairs, &definition)?.to_record())
            }
        }

        impl services::query::HostRows for State {
            fn columns(&mut self, rows: Resource<Rows>) -> wasmtime::Result<Vec<$column>> {
                let set = self.rows(&rows)?;
                Ok((0..set.columns.len()).map(|at| result_column(set, at)).collect())
            }

            fn row_count(&mut self, rows: Resource<Rows>) -> wasmtime::Result<u32> {
                Ok(u32::try_from(self.rows(&rows)?.rows.len()).unwrap_or(u32::MAX))
            }

            fn truncated(&mut self, rows: Resource<Rows>) -> wasmtime::Result<bool> {
                Ok(self.rows(&rows)?.truncated)
            }

            fn cells(
                &mut self,
                rows: Resource<Rows>,
                start: u32,
                count: u32,
            ) -> wasmtime::Result<Vec<Vec<Option<String>>>> {
                let rows = &self.rows(&rows)?.rows;
                let row = |row: &Vec<_>| row.iter().map(Value::display_text).collect();
                Ok(rows.iter().skip(start as usize).take(count as usize).map(row).collect())
            }

            fn drop(&mut self, rows: Resource<Rows>) -> wasmtime::Result<()> {
                self.drop_rows(rows)
            }

            $($rows)*
        }

        to_noun!(Message, services::llm::Message, { role, content });
        to_record!(
            ChatAnswer,
            services::llm::Answer,
            { content, finish_reason, input_tokens, output_tokens } $(+ $extra)?
        );
        to_record!(ChatError, services::llm::LlmError, { code, message });

        /// The request as the host knows it, or the answer to one whose schema is none.
        fn chat_request(
            request: services::llm::Request,
        ) -> Result<Result<ChatRequest, services::llm::LlmError>, crate::error::Failure> {
            let messages = request.messages.to_noun()?;
            let schema = match request.schema.as_deref().map(serde_json::from_str).transpose() {
                Ok(schema) => schema,
                Err(error) => {
                    return Ok(Err(services::llm::LlmError {
                        code: "rejected".to_owned(),
                        message: format!("the plugin's JSON schema is not JSON: {error}"),
                    }));
                }
            };
            Ok(Ok(ChatRequest {
                messages,
                schema,
                temperature: request.temperature,
                max_tokens: request.max_tokens,
                stage: String::new(),
                purpose: request.purpose,
                attempt: request.attempt,
            }))
        }

        impl services::llm::Host for State {
            fn chat(
                &mut self,
                request: services::llm::Request,
            ) -> wasmtime::Result<Result<services::llm::Answer, services::llm::LlmError>> {
                let request = match chat_request(request)? {
                    Ok(request) => request,
                    Err(refused) => return Ok(Err(refused)),
                };
                let answer = self.llm("llm.chat", 1, |model| model.chat(request))?;
                Ok(answer.map(|answer| answer.to_record()).map_err(|error| error.to_record()))
            }

            fn chat_all(
                &mut self,
                requests: Vec<services::llm::Request>,
            ) -> wasmtime::Result<Vec<Result<services::llm::Answer, services::llm::LlmError>>> {
                let number = requests.len();
                let requests = requests
                    .into_iter()
                    .map(chat_request)
                    .collect::<Result<Vec<_>, crate::error::Failure>>()?;
                let requests = match requests.into_iter().collect::<Result<Vec<ChatRequest>, _>>() {
                    Ok(requests) => requests,
                    Err(refused) => return Ok(vec![Err(refused); number]),
                };
                let answers = self.llm("llm.chat-all", requests.len(), |model| model.chat_all(requests))?;
                let record = |answer: Result<ChatAnswer, ChatError>| {
                    answer.map(|answer| answer.to_record()).map_err(|error| error.to_record())
                };
                Ok(answers.into_iter().map(record).collect())
            }
        }
    };
}

/// Links the services of one version.
macro_rules! linked {
    ($services:path, [$($free:ident),*]) => {
        fn link_shared(&self, linker: &mut Linker<State>) -> wasmtime::Result<()> {
            use $services as services;
            $(services::$free::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;)*
            Ok(())
        }

        fn link_service(&self, linker: &mut Linker<State>, service: &str) -> wasmtime::Result<()> {
            use $services as services;
            match service {
                "sql" => services::sql::add_to_linker::<_, HasSelf<_>>(linker, |state| state),
                "query" => services::query::add_to_linker::<_, HasSelf<_>>(linker, |state| state),
                "llm" => services::llm::add_to_linker::<_, HasSelf<_>>(linker, |state| state),
                _ => Ok(()),
            }
        }

        fn is_free(&self, interface: &str) -> bool {
            [$(stringify!($free)),*].contains(&interface)
        }
    };
}

/// Binds the kinds of one version.
macro_rules! bound {
    ($bindings:path) => {
        fn dialect(&self, pre: InstancePre<State>) -> wasmtime::Result<Box<dyn DialectBinding>> {
            use $bindings as bindings;
            Ok(Box::new(bindings::dialect::DialectPluginPre::new(pre)?))
        }

        fn planner(&self, pre: InstancePre<State>) -> wasmtime::Result<Box<dyn PlannerBinding>> {
            use $bindings as bindings;
            Ok(Box::new(bindings::planner::PlannerPluginPre::new(pre)?))
        }

        fn generator(&self, pre: InstancePre<State>) -> wasmtime::Result<Box<dyn GeneratorBinding>> {
            use $bindings as bindings;
            Ok(Box::new(bindings::generator::GeneratorPluginPre::new(pre)?))
        }

        fn validator(&self, pre: InstancePre<State>) -> wasmtime::Result<Box<dyn ValidatorBinding>> {
            use $bindings as bindings;
            Ok(Box::new(bindings::validator::ValidatorPluginPre::new(pre)?))
        }

        fn metric(&self, pre: InstancePre<State>) -> wasmtime::Result<Box<dyn MetricBinding>> {
            use $bindings as bindings;
            Ok(Box::new(bindings::metric::MetricPluginPre::new(pre)?))
        }
    };
}

pub(crate) use {bound, linked, shared_services};
