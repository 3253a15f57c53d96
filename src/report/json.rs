//! Sheets as JSON: an array with an object for each row, the same columns as in CSV, numbers as numbers.

use serde_json::{Map, Number, Value as Json};

use crate::results::{Results, Sheet, Value};

/// The rows of `results.csv` as JSON, indented, ending in a line break. An empty cell is `null`.
pub fn results(results: &Results) -> String {
    json(&results.sheet())
}

/// The rows of a sheet as JSON.
pub(super) fn json(sheet: &Sheet) -> String {
    let object = |row: &Vec<Value>| -> Json {
        Json::Object(
            sheet
                .columns
                .iter()
                .cloned()
                .zip(row.iter().map(cell))
                .collect::<Map<_, _>>(),
        )
    };
    let rows = Json::Array(sheet.rows.iter().map(object).collect());
    let mut text = serde_json::to_string_pretty(&rows).expect("every key of a JSON value is a string");
    text.push('\n');
    text
}

/// Numbers go through their 9 digits, so that JSON and CSV agree to the last of them.
pub(super) fn cell(value: &Value) -> Json {
    match value {
        Value::Empty => Json::Null,
        Value::Text(text) => Json::String(text.clone()),
        Value::Integer(integer) => Json::from(*integer),
        Value::Number(_) => {
            let shown = value.to_string();
            if let Ok(integer) = shown.parse::<i64>() {
                return Json::from(integer);
            }
            shown
                .parse()
                .ok()
                .and_then(Number::from_f64)
                .map_or(Json::Null, Json::Number)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::made_up;

    #[test]
    fn numbers_are_numbers_and_empty_cells_are_null() {
        let text = results(&made_up::echo());
        let rows: Vec<Map<String, Json>> = serde_json::from_str(&text).unwrap();
        assert_eq!(rows.len(), 20);
        assert_eq!(rows[2]["python.switch_interval"], Json::from(0.005));
        assert_eq!(rows[2]["cores"], Json::from(4));
        assert_eq!(rows[2]["speedup"], Json::Null);
        assert_eq!(rows[2]["run"], Json::from("server"));
        assert_eq!(rows[2].keys().next().unwrap(), "scenario");
    }
}
