//! Answers whose types belong to the library below, which describes them as JSON schemas.

use nl2sql_app::ask::{Answer, ResultTable};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

/// Where schemas lie in the document.
const SCHEMAS: &str = "/components/schemas";

/// Puts the schemas of answers where the routes say that there is an object.
pub(super) fn describe_answers(document: &mut Value) {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = SCHEMAS.into());
    let mut generator = settings.for_serialize().into_generator();
    describe::<Answer>(document, &mut generator, "/v1/ask");
    describe::<ResultTable>(document, &mut generator, "/v1/query");
    if let Some(Value::Object(schemas)) = document.pointer_mut(SCHEMAS) {
        schemas.extend(generator.take_definitions(true));
    }
}

fn describe<T: JsonSchema>(document: &mut Value, generator: &mut SchemaGenerator, path: &str) {
    let schema = generator.subschema_for::<T>();
    let place = &mut document["paths"][path]["post"]["responses"]["200"]["content"]["application/json"];
    *place = json!({ "schema": schema });
}
