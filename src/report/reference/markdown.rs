//! Markdown, as far as the reference needs it.

use crate::input::{Word, Words};
use crate::results::column::Column;

/// A page that grows from the top.
pub(crate) struct Page(String);

impl Page {
    /// A page with its title. The note says where it comes from, and is not shown.
    pub fn titled(title: &str) -> Self {
        Self(format!(
            "# {title}\n\n<!-- Generated from the source code. To renew it: cargo run -- reference -->\n"
        ))
    }

    /// A heading of the second level or below.
    pub fn heading(&mut self, level: usize, words: &str) {
        self.0 += &format!("\n{} {words}\n", "#".repeat(level));
    }

    /// A paragraph, a list or a block of code.
    pub fn text(&mut self, text: &str) {
        self.0 += &format!("\n{}\n", text.trim_end());
    }

    /// A table; a column in which every cell is empty is left out.
    pub fn table<const N: usize>(&mut self, headings: [&str; N], rows: &[[String; N]]) {
        let kept: Vec<usize> = (0..N)
            .filter(|column| rows.iter().any(|row| !row[*column].is_empty()))
            .collect();
        if kept.is_empty() {
            return;
        }
        self.0.push('\n');
        let mut line = |cell: &dyn Fn(usize) -> String| {
            let cells: Vec<String> = kept.iter().map(|column| cell(*column)).collect();
            self.0 += &format!("| {} |\n", cells.join(" | "));
        };
        line(&|column| headings[column].to_owned());
        line(&|_| "---".to_owned());
        for row in rows {
            line(&|column| row[column].replace('|', r"\|"));
        }
    }

    /// A table of columns of a file.
    pub fn columns<'c>(&mut self, columns: impl IntoIterator<Item = &'c Column>) {
        let row = |column: &Column| {
            [
                code(column.name),
                column.unit.name().to_owned(),
                column.meaning.to_owned(),
            ]
        };
        let rows: Vec<_> = columns.into_iter().map(row).collect();
        self.table(["column", "unit", "meaning"], &rows);
    }

    /// A table of the words that are implemented.
    pub fn words(&mut self, words: &Words) {
        let implemented = words.list.iter().filter(|word| !word.later);
        let row = |word: &Word| [quoted(word.text), word.help.to_owned()];
        self.table(["value", "meaning"], &implemented.map(row).collect::<Vec<_>>());
    }

    /// The whole page.
    pub fn finish(self) -> String {
        self.0
    }
}

/// As code within a sentence.
pub(crate) fn code(text: &str) -> String {
    format!("`{text}`")
}

/// A text value as it is written in TOML.
pub(crate) fn quoted(text: &str) -> String {
    code(&format!("\"{text}\""))
}

/// A list of words within a sentence: `a`, `b`, `c`.
pub(crate) fn codes<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let words: Vec<String> = words.into_iter().map(code).collect();
    words.join(", ")
}
