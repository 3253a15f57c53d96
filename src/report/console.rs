//! Tables of plain text, for a terminal or a log: a line under the header and no other ornament.

use comfy_table::{Cell, CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// A column with its heading.
pub struct Column {
    /// Above the line.
    pub heading: String,
    /// Below it, one for each row.
    pub cells: Vec<String>,
    alignment: CellAlignment,
}

impl Column {
    /// A column of words.
    pub fn words(heading: &str, cells: Vec<String>) -> Self {
        Self {
            heading: heading.to_owned(),
            cells,
            alignment: CellAlignment::Left,
        }
    }

    /// A column of numbers.
    pub fn numbers(heading: &str, cells: Vec<String>) -> Self {
        Self {
            heading: heading.to_owned(),
            cells,
            alignment: CellAlignment::Right,
        }
    }

    /// Whether rows that have something here differ in it; that some have nothing says nothing new.
    pub fn tells_rows_apart(&self) -> bool {
        let mut present = self.cells.iter().filter(|cell| !cell.is_empty());
        let first = present.next();
        present.any(|cell| Some(cell) != first)
    }

    /// Whether no row says anything.
    pub fn is_empty(&self) -> bool {
        self.cells.iter().all(String::is_empty)
    }

    fn cell(&self, text: &str) -> Cell {
        Cell::new(text).set_alignment(self.alignment)
    }
}

/// The columns side by side, at most `width` characters wide: long words wrap within their column. Ends in a
/// line break.
pub fn render(columns: &[Column], width: u16) -> String {
    let mut table = Table::new();
    table
        .load_style(STYLE)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width);
    table.set_header(columns.iter().map(|column| column.cell(&column.heading)));
    let rows = columns.first().map_or(0, |column| column.cells.len());
    for row in 0..rows {
        table.add_row(columns.iter().map(|column| column.cell(&column.cells[row])));
    }
    table
        .lines()
        .map(|line| line.trim_end().to_owned() + "\n")
        .collect()
}
