//! Answers whose types belong to the library below, which describes them as JSON schemas.

use nl2sql_app::FleetStatus;
use nl2sql_app::ask::{Answer, ResultTable};
use nl2sql_app::runs::{
    CoverageReport, EvaluationReport, PairFacets, PairPage, QuestionPage, RunOverview, TrainingReport, WholePair,
};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

use crate::runs::listing::RunList;

/// Where schemas lie in the document.
const SCHEMAS: &str = "/components/schemas";

/// Puts the schemas of answers where the routes say that there is an object.
pub(super) fn describe_answers(document: &mut Value) {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = SCHEMAS.into());
    let mut answers = Answers {
        generator: settings.for_serialize().into_generator(),
        document,
    };
    answers.of::<Answer>("/v1/ask");
    answers.of::<ResultTable>("/v1/query");
    answers.of::<RunList>("/v1/runs");
    answers.of::<RunOverview>("/v1/runs/{run}");
    answers.of::<CoverageReport>("/v1/runs/{run}/coverage");
    answers.of::<PairPage>("/v1/runs/{run}/pairs");
    answers.of::<PairFacets>("/v1/runs/{run}/pairs/facets");
    answers.of::<WholePair>("/v1/runs/{run}/pairs/{pair}");
    answers.of::<WholePair>("/v1/runs/{run}/pairs/{pair}/review");
    answers.of::<TrainingReport>("/v1/runs/{run}/training");
    answers.of::<EvaluationReport>("/v1/runs/{run}/evaluation");
    answers.of::<QuestionPage>("/v1/runs/{run}/evaluation/questions");
    answers.of::<FleetStatus>("/v1/workers");
    answers.define();
}

struct Answers<'d> {
    generator: SchemaGenerator,
    document: &'d mut Value,
}

impl Answers<'_> {
    /// Describes the good answer of the one method that a path has.
    fn of<T: JsonSchema>(&mut self, path: &str) {
        let schema = self.generator.subschema_for::<T>();
        let operations = self.document["paths"][path].as_object_mut().into_iter().flatten();
        for (_, operation) in operations {
            operation["responses"]["200"]["content"]["application/json"] = json!({ "schema": schema });
        }
    }

    /// Puts what the descriptions refer to beside the other schemas.
    fn define(mut self) {
        if let Some(Value::Object(schemas)) = self.document.pointer_mut(SCHEMAS) {
            schemas.extend(self.generator.take_definitions(true));
        }
    }
}
