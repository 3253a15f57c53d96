//! `gilsim reference`, for developers: writes the reference pages of the book.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, CommandFactory};

use super::{DONE, EXIT_CODES, write_text};
use crate::report::reference::markdown::{Page, code};
use crate::report::reference::pages;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Write the pages into this folder
    #[arg(short, long, value_name = "DIR", default_value = "docs/reference")]
    out: PathBuf,
}

pub(super) fn write(arguments: &Arguments) -> anyhow::Result<u8> {
    let folder = &arguments.out;
    let command_line = ("command-line.md", command_line());
    for (name, text) in pages().into_iter().chain([command_line]) {
        write_text(&folder.join(name), &text)?;
    }
    eprintln!("The reference is in {}", folder.display());
    Ok(DONE)
}

/// Every verb and option, from the definition that the command line is read with.
fn command_line() -> String {
    let mut gilsim = super::Arguments::command();
    gilsim.build();
    let mut page = Page::titled("Command line");
    page.text(
        "`gilsim --help` lists the verbs and `gilsim VERB --help` the options of one. Results go to standard output, messages to \
         standard error.",
    );
    let mut verbs: Vec<Command> = gilsim
        .get_subcommands()
        .filter(|verb| !verb.is_hide_set() && verb.get_name() != "help")
        .cloned()
        .collect();
    let rows: Vec<_> = verbs
        .iter()
        .map(|verb| {
            let name = verb.get_name();
            [format!("[`{name}`](#gilsim-{name})"), about(verb)]
        })
        .collect();
    page.table(["verb", "what it does"], &rows);
    page.heading(2, "Exit codes");
    let rows = EXIT_CODES.map(|(exit_code, meaning)| [code(&exit_code.to_string()), meaning.to_owned()]);
    page.table(["code", "meaning"], &rows);
    for verb in &mut verbs {
        section(&mut page, verb);
    }
    page.finish()
}

fn section(page: &mut Page, verb: &mut Command) {
    page.heading(2, &code(&format!("gilsim {}", verb.get_name())));
    let long = verb.get_long_about().map(ToString::to_string);
    page.text(&sentences(&long.unwrap_or_else(|| about(verb))));
    let usage = verb.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim();
    page.text(&format!("```text\n{usage}\n```"));
    let rows: Vec<_> = verb
        .get_arguments()
        .filter(|argument| !argument.is_hide_set() && argument.get_id() != "help")
        .map(|argument| [written(argument), default(argument), meaning(argument)])
        .collect();
    page.table(["argument or option", "default", "meaning"], &rows);
    if let Some(examples) = verb.get_after_help() {
        let examples = examples.to_string();
        let lines: Vec<&str> = examples.lines().skip(1).map(str::trim).collect();
        page.text(&format!("```sh\n{}\n```", lines.join("\n")));
    }
}

/// Paragraphs as sentences of one paragraph: the first lines of help texts have no full stop.
fn sentences(help: &str) -> String {
    let paragraphs = help.split("\n\n").map(|paragraph| {
        let words: Vec<&str> = paragraph.split_whitespace().collect();
        format!("{}.", words.join(" ").trim_end_matches('.'))
    });
    paragraphs.collect::<Vec<_>>().join(" ")
}

fn about(verb: &Command) -> String {
    verb.get_about().map(ToString::to_string).unwrap_or_default()
}

/// `SCENARIO`, or `-o`, `--out DIR`.
fn written(argument: &Arg) -> String {
    let takes_value = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
    let name = argument.get_value_names().and_then(|names| names.first());
    let name = name.map(ToString::to_string).unwrap_or_default();
    let Some(long) = argument.get_long() else {
        return code(&name);
    };
    let value = if takes_value {
        format!(" {name}")
    } else {
        String::new()
    };
    let long = code(&format!("--{long}{value}"));
    match argument.get_short() {
        Some(short) => format!("`-{short}`, {long}"),
        None => long,
    }
}

fn default(argument: &Arg) -> String {
    let takes_value = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
    let values = argument.get_default_values().iter().filter(|_| takes_value);
    let values: Vec<String> = values.map(|value| code(&value.to_string_lossy())).collect();
    if argument.is_required_set() {
        return "required".to_owned();
    }
    values.join(", ")
}

fn meaning(argument: &Arg) -> String {
    let help = argument.get_long_help().or(argument.get_help());
    let help = help.map(ToString::to_string).unwrap_or_default();
    let mut meaning = sentences(&help);
    let values = argument.get_possible_values();
    let takes_value = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
    if takes_value && !values.is_empty() {
        let each: Vec<String> = values
            .iter()
            .map(|value| match value.get_help() {
                Some(help) => format!("{} ({help})", code(value.get_name())),
                None => code(value.get_name()),
            })
            .collect();
        meaning += &format!(" One of {}.", each.join(", "));
    }
    meaning
}
