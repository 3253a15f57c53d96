//! `replications.csv` and `repetitions.csv`, configuration by configuration.

use super::{CompareError, OF_COUNTED, OF_TIMED};
use crate::results::statistics::median;
use crate::results::{Sheet, Value};

/// A sheet with a row for each replication.
pub struct Table<'s> {
    sheet: &'s Sheet,
    replication: usize,
    status: usize,
}

impl<'s> Table<'s> {
    pub fn of(sheet: &'s Sheet, table: &'static str, verb: &'static str) -> Result<Self, CompareError> {
        let column = |name: &str| {
            sheet.column(name).ok_or(CompareError::NoColumn {
                table,
                column: name.to_owned(),
                verb,
            })
        };
        for name in OF_COUNTED.iter().chain(&OF_TIMED) {
            column(name)?;
        }
        Ok(Self {
            sheet,
            replication: column("replication")?,
            status: column("status")?,
        })
    }

    /// The columns before the number of the replication.
    pub fn identity(&self) -> &'s [String] {
        &self.sheet.columns[..self.replication]
    }

    pub fn groups(&self) -> Vec<Group<'s>> {
        let mut groups: Vec<Group> = Vec::new();
        for row in &self.sheet.rows {
            let identity = &row[..self.replication];
            // Rows of one configuration follow each other.
            match groups.last_mut().filter(|group| group.identity == identity) {
                Some(group) => group.rows.push(row),
                None => groups.push(Group {
                    identity,
                    rows: vec![row],
                }),
            }
        }
        groups
    }

    pub fn number(&self, row: &[Value], column: &str) -> Option<f64> {
        row[self.sheet.column(column)?].number()
    }

    /// Of a column, where every row has a value.
    pub fn median(&self, rows: &[&[Value]], column: &str) -> Option<f64> {
        let numbers: Option<Vec<f64>> = rows.iter().map(|row| self.number(row, column)).collect();
        median(&numbers?)
    }

    /// Whether every row has the same value there.
    pub fn is_same(&self, rows: &[&[Value]], column: &str) -> bool {
        let numbers: Option<Vec<f64>> = rows.iter().map(|row| self.number(row, column)).collect();
        numbers.is_some_and(|numbers| numbers.windows(2).all(|pair| pair[0] == pair[1]))
    }

    pub fn is_done(&self, row: &[Value]) -> bool {
        row[self.status] == Value::from("done")
    }
}

/// The replications or repetitions of one configuration.
pub struct Group<'s> {
    pub identity: &'s [Value],
    pub rows: Vec<&'s [Value]>,
}
