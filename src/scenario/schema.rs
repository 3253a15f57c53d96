//! The scenario format as a JSON Schema, so that editors complete and check scenario files.
//!
//! It is made from the tables that the decoder uses, so both have the same keys and the same bounds. The schema describes
//! the structure; only the decoder checks what concerns several keys (cycles, counts, files).

use serde_json::{Map, Value, json};

use crate::input::{Choice, Format, Key, Presence, Shape, Word};
use crate::units::{Bytes, Nanos};

use super::format::{DISTRIBUTIONS, SCENARIO, STEP};

/// A JSON Schema (draft 2020-12) of the scenario format.
pub fn schema() -> Value {
    let mut schema = Map::new();
    schema.insert(
        "$schema".to_owned(),
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    schema.insert("title".to_owned(), json!("gilsim scenario"));
    if let Value::Object(table) = table(&SCENARIO) {
        schema.extend(table);
    }
    let duration = json!({
        "description": "A number and one of ns, us, ms, s, min, h.",
        "type": "string",
        "pattern": Nanos::pattern(),
        "examples": ["5ms", "1.5s"],
    });
    let size = json!({
        "description": "A number and one of B, kB, MB, GB (powers of 1 000), KiB, MiB, GiB (of 1 024).",
        "type": "string",
        "pattern": Bytes::pattern(),
        "examples": ["64 KiB", "2 MB"],
    });
    let definitions = [
        ("duration".to_owned(), duration),
        ("size".to_owned(), size),
        (name_of(&STEP), choice(&STEP)),
        (name_of(&DISTRIBUTIONS), choice(&DISTRIBUTIONS)),
    ];
    schema.insert(
        "$defs".to_owned(),
        Value::Object(definitions.into_iter().collect()),
    );
    Value::Object(schema)
}

/// A table: its keys, which of them are required, and no others.
fn table(format: &'static Format) -> Value {
    let simulated = || format.keys.iter().filter(|key| !key.is_later());
    let properties: Map<String, Value> = simulated()
        .map(|key| (key.name.to_owned(), property(key)))
        .collect();
    let required: Vec<&str> = simulated()
        .filter(|key| matches!(key.presence, Presence::Required))
        .map(|key| key.name)
        .collect();
    json!({
        "description": format.help,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// A key's value: one of its shape or, where it is swept, a list of them.
fn property(key: &'static Key) -> Value {
    let one = shape(&key.shape);
    let takes_lists = key
        .shape
        .alternatives()
        .iter()
        .any(|shape| matches!(shape, Shape::List(_)));
    let value = match key.sweep && !takes_lists {
        true => {
            json!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1, "uniqueItems": true }] })
        }
        false => one,
    };
    let mut property = Map::new();
    property.insert("description".to_owned(), json!(key.help));
    match key.presence {
        Presence::Text(text) => property.insert("default".to_owned(), json!(text)),
        Presence::Integer(integer) => property.insert("default".to_owned(), json!(integer)),
        Presence::Boolean(boolean) => property.insert("default".to_owned(), json!(boolean)),
        Presence::Required | Presence::Optional | Presence::Later(_) => None,
    };
    match value {
        Value::Object(mut value) => {
            // The description of the key replaces that of its shape.
            value.remove("description");
            property.extend(value);
        }
        other => {
            property.insert("const".to_owned(), other);
        }
    }
    Value::Object(property)
}

fn shape(of: &'static Shape) -> Value {
    match of {
        Shape::Text => json!({ "type": "string", "pattern": r"\S" }),
        Shape::Name => json!({ "type": "string", "pattern": r"^[\p{Alphabetic}\p{N}_-]+$" }),
        Shape::Boolean => json!({ "type": "boolean" }),
        Shape::Integer { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Shape::Number { above, max } if above.is_finite() => {
            json!({ "type": "number", "exclusiveMinimum": above, "maximum": max })
        }
        Shape::Number { .. } => json!({ "type": "number" }),
        Shape::Duration { .. } => json!({ "$ref": "#/$defs/duration" }),
        Shape::Size { .. } => json!({ "$ref": "#/$defs/size" }),
        Shape::Words(words) => {
            let word = |word: &Word| json!({ "const": word.text, "description": word.help });
            let simulated = words.list.iter().filter(|word| !word.later);
            json!({ "oneOf": simulated.map(word).collect::<Vec<Value>>() })
        }
        Shape::Pattern { what, pattern } => {
            json!({ "description": what, "type": "string", "pattern": pattern })
        }
        Shape::Table(format) => table(format),
        Shape::Tables(format) => json!({ "type": "array", "items": table(format) }),
        Shape::OneOf(choice) => json!({ "$ref": format!("#/$defs/{}", name_of(choice)) }),
        Shape::List(element) => json!({ "type": "array", "items": shape(element) }),
        Shape::Map(element) => json!({ "type": "object", "additionalProperties": shape(element) }),
        Shape::Either(shapes) => json!({ "anyOf": shapes.iter().map(shape).collect::<Vec<Value>>() }),
    }
}

/// Tables that are distinguished by the one key that each requires.
fn choice(choice: &'static Choice) -> Value {
    let simulated = choice.variants.iter().filter(|variant| !variant.tag().is_later());
    json!({ "oneOf": simulated.map(table).collect::<Vec<Value>>() })
}

/// `a step` is defined as `step`, `a random time` as `random_time`.
fn name_of(choice: &Choice) -> String {
    choice.what.trim_start_matches("a ").replace(' ', "_")
}
