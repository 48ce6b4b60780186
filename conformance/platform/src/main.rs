//! Reads `{"<name>": <description>, …}` from standard input and prints what mcai_models makes of each description and
//! of the Rust twins in twins.rs.

mod twins;

use mcai_models::{ParameterType, WorkerDefinition};
use schemars::schema::{RootSchema, Schema};
use serde_json::{json, value::RawValue, Map, Value};
use std::{collections::BTreeMap, io, panic};

fn main() {
  // A panic of the reader is a verdict, too.
  panic::set_hook(Box::new(|_| ()));
  let given: BTreeMap<String, Box<RawValue>> =
    serde_json::from_reader(io::stdin()).expect("standard input: expected an object of descriptions");
  let ours: Map<String, Value> = given
    .iter()
    .map(|(name, description)| (name.clone(), judge(description.get())))
    .collect();
  let twins: Map<String, Value> = twins::all()
    .into_iter()
    .map(|(name, schema)| (name.to_string(), judge_parameters(&schema)))
    .collect();
  println!("{}", json!({ "ours": ours, "twins": twins }));
}

fn judge(description: &str) -> Value {
  match panic::catch_unwind(|| serde_json::from_str::<WorkerDefinition>(description)) {
    Ok(Ok(definition)) => judge_parameters(&definition.parameters),
    Ok(Err(error)) => json!(format!("error: {error}")),
    Err(_) => json!("error: panic"),
  }
}

fn judge_parameters(root: &RootSchema) -> Value {
  let Some(object) = &root.schema.object else {
    return json!({});
  };
  object
    .properties
    .iter()
    .map(|(id, schema)| (id.clone(), json!(judge_parameter(schema))))
    .collect::<Map<String, Value>>()
    .into()
}

fn judge_parameter(schema: &Schema) -> String {
  match panic::catch_unwind(|| ParameterType::try_from(schema)) {
    Ok(Ok(parameter)) => format!("{parameter:?}").replace(", value: None", "").replace(", value: []", ""),
    Ok(Err(error)) => format!("error: {error}"),
    Err(_) => "error: panic".to_string(),
  }
}
