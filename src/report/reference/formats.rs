//! What a table of a TOML file may hold, as Markdown: its keys with values, defaults and meaning, and its words.

use super::markdown::{Page, code, quoted};
use crate::input::{Choice, Format, Key, Presence, Shape, Words};
use crate::units::{Nanos, grouped};

/// What a page knows about its tables beyond their formats.
pub(super) trait Sections {
    /// Where a choice of tables is described.
    fn link_of_choice(&self, choice: &'static Choice) -> String;

    /// A sentence before the meaning of a key; may be empty.
    fn remark(&self, format: &'static Format, key: &'static Key) -> String;
}

/// The keys of a table, then the words of each key that has some, then what is reserved.
pub(super) fn table(page: &mut Page, format: &'static Format, level: usize, sections: &dyn Sections) {
    let keys = || format.keys.iter().filter(|key| !key.is_later());
    let rows: Vec<_> = keys().map(|key| row(format, key, sections)).collect();
    page.table(["key", "value", "default", "sweep", "meaning"], &rows);
    for key in keys() {
        for words in words_of(&key.shape) {
            if words.names().len() > 1 {
                page.heading(level + 1, &format!("Values of {}", code(key.name)));
                page.words(words);
            }
        }
    }
    let reserved = reserved(format);
    if !reserved.is_empty() {
        page.text(&format!(
            "Reserved, not implemented yet: {}.",
            reserved.join("; ")
        ));
    }
}

fn row(format: &'static Format, key: &'static Key, sections: &dyn Sections) -> [String; 5] {
    let default = match key.presence {
        Presence::Required => "required".to_owned(),
        Presence::Optional => String::new(),
        Presence::Text(text) => quoted(text),
        Presence::Integer(integer) => code(&integer.to_string()),
        Presence::Boolean(boolean) => code(&boolean.to_string()),
        Presence::Later(_) => unreachable!("reserved keys have no row"),
    };
    let sweep = if key.sweep { "yes" } else { "" };
    let remark = sections.remark(format, key);
    let gap = if remark.is_empty() { "" } else { " " };
    [
        code(key.name),
        value(&key.shape, sections),
        default,
        sweep.to_owned(),
        format!("{remark}{gap}{}", sentence(key.help)),
    ]
}

/// What a value may be, in words.
pub(super) fn value(shape: &'static Shape, sections: &dyn Sections) -> String {
    match shape {
        Shape::Text => "text".to_owned(),
        Shape::Name => "name".to_owned(),
        Shape::Boolean => "`true` or `false`".to_owned(),
        Shape::Integer { min, max } => format!("integer, {} to {}", grouped(*min), grouped(*max)),
        Shape::Number { above, max } if above.is_finite() => {
            format!("number above {above}, at most {max}")
        }
        Shape::Number { .. } => "number".to_owned(),
        Shape::Duration { min, max } => {
            let at_least = match *min {
                Nanos::ZERO => String::new(),
                Nanos(1) => " above 0".to_owned(),
                min => format!(" of at least {min}"),
            };
            let at_most = match *max {
                Nanos::LONGEST => String::new(),
                max => format!(", at most {max}"),
            };
            format!("duration{at_least}{at_most}")
        }
        Shape::Size { .. } => "size".to_owned(),
        Shape::Words(words) => {
            let words: Vec<String> = words.names().into_iter().map(quoted).collect();
            words.join(", ")
        }
        Shape::Pattern { what, .. } => (*what).to_owned(),
        Shape::Table(format) => format!("table {}", link(format)),
        Shape::Tables(format) => format!("tables {}", link(format)),
        Shape::OneOf(choice) => format!("[{}]({})", kind(choice), sections.link_of_choice(choice)),
        Shape::List(element) => format!("list of: {}", value(element, sections)),
        Shape::Map(element) => format!("table of names, each with: {}", value(element, sections)),
        Shape::Either(shapes) => {
            let each: Vec<String> = shapes.iter().map(|shape| value(shape, sections)).collect();
            each.join(", or ")
        }
    }
}

/// The keys of a table that has no section of its own, in one line.
pub(super) fn members(format: &'static Format, sections: &dyn Sections) -> String {
    let keys = format.keys.iter().filter(|key| !key.is_later());
    let each: Vec<String> = keys
        .map(|key| format!("{} ({})", code(key.name), value(&key.shape, sections)))
        .collect();
    each.join(", ")
}

/// The heading of the section about a table.
pub(super) fn as_heading(format: &Format) -> String {
    match format.name.chars().next() {
        Some('[') => code(format.name),
        _ => capitalised(format.name),
    }
}

fn link(format: &Format) -> String {
    let heading = as_heading(format);
    format!("[{heading}](#{})", anchor(&heading))
}

/// The tables that a value may be.
pub(super) fn tables_in(shape: &'static Shape) -> Vec<&'static Format> {
    match shape {
        Shape::Table(format) | Shape::Tables(format) => vec![format],
        Shape::Either(shapes) => shapes.iter().flat_map(tables_in).collect(),
        Shape::Map(element) => tables_in(element),
        // Steps and random times are sections of their own.
        Shape::OneOf(_) | Shape::List(_) => Vec::new(),
        Shape::Text
        | Shape::Name
        | Shape::Boolean
        | Shape::Integer { .. }
        | Shape::Number { .. }
        | Shape::Duration { .. }
        | Shape::Size { .. }
        | Shape::Words(_)
        | Shape::Pattern { .. } => Vec::new(),
    }
}

/// The words that a value may be, and those of the elements of a list or a map.
fn words_of(shape: &'static Shape) -> Vec<&'static Words> {
    match shape {
        Shape::Words(words) => vec![words],
        Shape::Either(shapes) => shapes.iter().flat_map(words_of).collect(),
        Shape::List(element) | Shape::Map(element) => words_of(element),
        Shape::Text
        | Shape::Name
        | Shape::Boolean
        | Shape::Integer { .. }
        | Shape::Number { .. }
        | Shape::Duration { .. }
        | Shape::Size { .. }
        | Shape::Pattern { .. }
        | Shape::Table(_)
        | Shape::Tables(_)
        | Shape::OneOf(_) => Vec::new(),
    }
}

/// Keys and words that are known but not implemented, each with what to do instead.
fn reserved(format: &'static Format) -> Vec<String> {
    let mut reserved = Vec::new();
    for key in format.keys {
        if let Presence::Later(instead) = key.presence {
            reserved.push(format!("{} ({instead})", code(key.name)));
        }
        for words in words_of(&key.shape) {
            let later = words.list.iter().filter(|word| word.later);
            reserved.extend(later.map(|word| format!("{} of {}", quoted(word.text), code(key.name))));
            reserved.extend(
                words
                    .otherwise
                    .map(|what| format!("{what} as {}", code(key.name))),
            );
        }
    }
    reserved
}

/// The heading of the section about a choice of tables: `Steps`.
pub(super) fn plural(choice: &Choice) -> String {
    format!("{}s", capitalised(kind(choice)))
}

fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

/// What a choice of tables is called, without its article: `step`.
fn kind(choice: &Choice) -> &str {
    choice.what.trim_start_matches("an ").trim_start_matches("a ")
}

/// The fragment by which a heading is linked, as GitHub and mdBook make it.
pub(super) fn anchor(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// With a full stop.
fn sentence(help: &str) -> String {
    let ends = help.ends_with(['.', '!', '?', ':']);
    format!("{help}{}", if ends { "" } else { "." })
}
