//! Sheets read back from CSV.

use crate::results::{Sheet, Value};

impl Sheet {
    /// Reads a sheet from CSV. Numbers become numbers again, although integers above 2^53 lose their last digits.
    ///
    /// # Errors
    /// The text is not CSV, or a row has too few or too many cells. The message names the line.
    pub fn from_csv(text: &str) -> Result<Self, String> {
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| error.to_string())?;
        let columns: Vec<String> = header.iter().map(str::to_owned).collect();
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| error.to_string())?;
            let cells = columns.iter().zip(record.iter());
            rows.push(cells.map(|(column, cell)| value(column, cell)).collect());
        }
        Ok(Self { columns, rows })
    }

    /// The index of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }
}

fn value(column: &str, cell: &str) -> Value {
    // 3.10 is a version and not a number: it is later than 3.9 and differs from 3.1.
    if column.rsplit('.').next() == Some("version") {
        return cell.into();
    }
    if let Ok(integer) = cell.parse() {
        return Value::Integer(integer);
    }
    match cell.parse::<f64>() {
        // A run may have the name `inf`.
        Ok(number) if number.is_finite() => Value::Number(number),
        _ => cell.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::made_up;

    #[test]
    fn what_was_written_reads_back() {
        let sheet = made_up::echo().sheet();
        let line = |cells: Vec<String>| cells.join(",") + "\n";
        let shown = |row: &Vec<Value>| line(row.iter().map(ToString::to_string).collect());
        let text: String = std::iter::once(line(sheet.columns.clone()))
            .chain(sheet.rows.iter().map(shown))
            .collect();
        let back = Sheet::from_csv(&text).unwrap();
        assert_eq!(back.columns, sheet.columns);
        let again: Vec<String> = back.rows.iter().map(shown).collect();
        assert_eq!(again, sheet.rows.iter().map(shown).collect::<Vec<_>>());
    }

    #[test]
    fn a_version_is_no_number() {
        let sheet = Sheet::from_csv("python.version,cores\n3.10,3.10\n").unwrap();
        assert_eq!(sheet.rows[0], ["3.10".into(), Value::Number(3.1)]);
    }

    #[test]
    fn a_ragged_row_is_named() {
        let error = Sheet::from_csv("a,b\n1,2\n3\n").unwrap_err();
        assert!(error.contains("line: 3"), "{error}");
    }
}
