//! `profile.md`: every cost of a profile.

use super::formats::{Sections, anchor, as_heading, plural, table, tables_in};
use super::markdown::Page;
use crate::input::{Choice, Format, Key};
use crate::profile::PROFILE;

pub fn page() -> String {
    let mut page = Page::titled("Profiles");
    page.text(&format!(
        "{} A profile is a TOML file, which `profile` in the `[machine]` of a scenario names. `gilsim calibrate` writes one for \
         this machine. A profile states all the fields below, or it is `like` a bundled profile and states only the \
         differences.",
        PROFILE.help
    ));
    page.text(
        "Durations, sizes and random times are written as in [scenario files](scenario.md#values). Unless its meaning says \
         otherwise, a duration is CPU time of the thread that pays it, on a core at full speed.",
    );
    page.heading(2, "Top level");
    table(&mut page, &PROFILE, 2, &Profile);
    let mut known = Vec::new();
    for inner in PROFILE.keys.iter().flat_map(|key| tables_in(&key.shape)) {
        section(&mut page, inner, 2, &mut known);
    }
    page.finish()
}

/// A table and those within it, each once.
fn section(page: &mut Page, format: &'static Format, level: usize, known: &mut Vec<&'static Format>) {
    if known.iter().any(|known| std::ptr::eq(*known, format)) {
        return;
    }
    known.push(format);
    page.heading(level, &as_heading(format));
    page.text(format.help);
    table(page, format, level, &Profile);
    for inner in format.keys.iter().flat_map(|key| tables_in(&key.shape)) {
        section(page, inner, level + 1, known);
    }
}

/// The sections of this page; random times have theirs on the page about scenarios.
struct Profile;

impl Sections for Profile {
    fn link_of_choice(&self, choice: &'static Choice) -> String {
        format!("scenario.md#{}", anchor(&plural(choice)))
    }

    fn remark(&self, _: &'static Format, _: &'static Key) -> String {
        String::new()
    }
}
