//! The schema and what is written say the same.

use serde_json::Value;

use super::fixture;
use crate::suite::report::SUMMARY_SCHEMA;

/// What `value` has that `schema` does not allow, and the other way round; each with its place.
fn objections(value: &Value, schema: &Value, root: &Value, place: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let target = root.pointer(name.trim_start_matches('#')).expect("every $ref leads somewhere");
        return objections(value, target, root, place);
    }
    if let Some(ways) = schema["anyOf"].as_array() {
        let fits = ways.iter().any(|way| objections(value, way, root, place).is_empty());
        return if fits { Vec::new() } else { vec![format!("{place}: fits none: {value}")] };
    }
    let mut found = Vec::new();
    if schema["enum"].as_array().is_some_and(|allowed| !allowed.contains(value)) {
        found.push(format!("{place}: {value} is not listed"));
    }
    if !schema["const"].is_null() && schema["const"] != *value {
        found.push(format!("{place}: {value} is not {}", schema["const"]));
    }
    if !schema["type"].is_null() && !is_of_type(value, &schema["type"]) {
        found.push(format!("{place}: {value} is not {}", schema["type"]));
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(objections(item, &schema["items"], root, &format!("{place}[{index}]")));
    }
    for (key, item) in value.as_object().into_iter().flatten() {
        let place = format!("{place}.{key}");
        match (&schema["properties"][key], &schema["additionalProperties"]) {
            (Value::Null, Value::Bool(false)) => found.push(format!("{place}: not in the schema")),
            (Value::Null, further) => found.extend(objections(item, further, root, &place)),
            (known, _) => found.extend(objections(item, known, root, &place)),
        }
    }
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    found.extend(
        required.filter(|key| value.is_object() && value.get(key).is_none()).map(|key| format!("{place}: no {key}")),
    );
    found
}

fn is_of_type(value: &Value, types: &Value) -> bool {
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    };
    match types {
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(is),
        name => name.as_str().is_some_and(is),
    }
}

#[test]
fn every_key_that_is_written_is_in_the_schema_and_every_required_one_is_written() {
    let schema: Value = serde_json::from_str(SUMMARY_SCHEMA).expect("the schema is JSON");
    for summary in [fixture::summary(), fixture::quick(), fixture::empty(), fixture::hostile()] {
        let written = serde_json::to_value(&summary).expect("a summary is JSON");
        let found = objections(&written, &schema, &schema, "summary");
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}

#[test]
fn the_schema_refuses_what_it_does_not_know() {
    let schema: Value = serde_json::from_str(SUMMARY_SCHEMA).expect("the schema is JSON");
    let mut written = serde_json::to_value(fixture::quick()).expect("a summary is JSON");
    written["experiments"][0]["rows"][0]["surprise"] = Value::from(1);
    written["seed"] = Value::from("one");
    let found = objections(&written, &schema, &schema, "summary");
    assert_eq!(found.len(), 2, "{found:?}");
}
