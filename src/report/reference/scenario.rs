//! `scenario.md`: every table, key and word of a scenario file.

use super::formats::{Sections, anchor, as_heading, members, plural, table, tables_in, value};
use super::markdown::{Page, code, codes, quoted};
use crate::input::{Choice, Format, Key, Shape};
use crate::scenario::executor::{ExecutorName, SPECIAL_KEYS, executors_with};
use crate::scenario::format::{DISTRIBUTIONS, RUN, SCENARIO, STEP};

pub fn page() -> String {
    let mut page = Page::titled("Scenario files");
    page.text(&format!(
        "{} A scenario is a TOML file; `gilsim check FILE` reports every mistake in it, and `gilsim schema` prints a JSON Schema \
         for editors.",
        SCENARIO.help
    ));
    values(&mut page);
    top(&mut page);
    for key in SCENARIO.keys {
        if let Shape::Table(format) | Shape::Tables(format) = &key.shape {
            section(&mut page, format);
        }
    }
    steps(&mut page);
    times(&mut page);
    page.finish()
}

/// How values are written, and what the tables below mean.
fn values(page: &mut Page) {
    page.heading(2, "Values");
    page.text(
        "- A *duration* is a number with a unit: `\"5ms\"`. Units are `ns`, `us`, `ms`, `s`, `min` and `h`; the longest duration \
         is 100 days.\n\
         - A *size* is a number with a unit: `\"64 KiB\"`. Units are `B`, `kB`, `MB`, `GB` (powers of 1 000), and `KiB`, `MiB`, \
         `GiB` (powers of 1 024); the largest size is 1 024 GiB.\n\
         - A *name* consists of letters, digits, `_` and `-`.\n\
         - *Sweep* says whether the value may be a list of such values. Each value then makes a configuration of its own, and \
         several lists multiply. `--set PATH=VALUE` takes lists in the same places.",
    );
}

fn top(page: &mut Page) {
    page.heading(2, "Top level");
    let section = |key: &'static Key| match &key.shape {
        Shape::Table(format) | Shape::Tables(format) => {
            format!("[{}](#{})", code(format.name), anchor(format.name))
        }
        _ => code(key.name),
    };
    let required = |key: &Key| match key.presence {
        crate::input::Presence::Required => "required".to_owned(),
        _ => String::new(),
    };
    let rows: Vec<_> = SCENARIO
        .keys
        .iter()
        .map(|key| [section(key), required(key), key.help.to_owned()])
        .collect();
    page.table(["key or table", "", "meaning"], &rows);
}

/// A table of the file, and the tables that only it contains.
fn section(page: &mut Page, format: &'static Format) {
    page.heading(2, &as_heading(format));
    page.text(format.help);
    table(page, format, 2, &Scenario);
    if std::ptr::eq(format, &RUN) {
        executors(page);
    }
    let mut known: Vec<&Format> = Vec::new();
    for inner in format.keys.iter().flat_map(|key| tables_in(&key.shape)) {
        if !known.iter().any(|known| std::ptr::eq(*known, inner)) {
            page.heading(3, &as_heading(inner));
            page.text(inner.help);
            table(page, inner, 3, &Scenario);
            known.push(inner);
        }
    }
}

fn executors(page: &mut Page) {
    page.heading(3, "Keys of each executor");
    page.text("All runs take the keys that are not listed here.");
    let row = |executor: &ExecutorName| {
        let keys = executor.keys();
        let keys = if keys.is_empty() {
            "none".to_owned()
        } else {
            codes(keys.iter().copied())
        };
        [quoted(executor.word()), keys]
    };
    let rows: Vec<_> = ExecutorName::ALL.iter().map(row).collect();
    page.table(["executor", "keys"], &rows);
}

fn steps(page: &mut Page) {
    page.heading(2, &plural(&STEP));
    page.text(&format!(
        "A step is a table with exactly one of {}; `steps` is a list of such tables, which run in order.",
        codes(STEP.tags())
    ));
    for variant in STEP.variants.iter().filter(|variant| !variant.tag().is_later()) {
        page.heading(3, &code(variant.tag().name));
        page.text(variant.help);
        table(page, variant, 3, &Scenario);
    }
}

fn times(page: &mut Page) {
    page.heading(2, &plural(&DISTRIBUTIONS));
    page.text(
        "A random time is a table with exactly one of these keys. It is drawn anew for each item. The same item has the same \
         time in every configuration of a replication, so configurations differ by what they do and not by chance.",
    );
    let variants = DISTRIBUTIONS
        .variants
        .iter()
        .filter(|variant| !variant.tag().is_later());
    let row = |variant: &'static Format| {
        let tag = variant.tag();
        let inside = match &tag.shape {
            Shape::Table(format) => members(format, &Scenario),
            shape => value(shape, &Scenario),
        };
        [code(tag.name), inside, tag.help.to_owned()]
    };
    let rows: Vec<_> = variants.clone().map(row).collect();
    page.table(["key", "value", "meaning"], &rows);
    for variant in variants {
        if let Shape::List(Shape::Table(part)) = &variant.tag().shape {
            page.heading(3, &as_heading(part));
            page.text(part.help);
            table(page, part, 3, &Scenario);
        }
    }
}

/// The sections of this page.
struct Scenario;

impl Sections for Scenario {
    fn link_of_choice(&self, choice: &'static Choice) -> String {
        format!("#{}", anchor(&plural(choice)))
    }

    fn remark(&self, format: &'static Format, key: &'static Key) -> String {
        if !std::ptr::eq(format, &RUN) || !SPECIAL_KEYS.contains(&key.name) {
            return String::new();
        }
        let executors = executors_with(key.name);
        format!("For {}.", codes(executors))
    }
}
