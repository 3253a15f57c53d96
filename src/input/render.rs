//! Complaints printed in the style of rustc's errors.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::complaints::{Complaint, Diagnostics};
use super::place::{Place, Source};

/// The number of complaints that are shown: a person corrects a few and tries again.
const MOST_SHOWN: usize = 20;

/// All complaints up to [`MOST_SHOWN`], one after the other, and the number of further ones.
pub fn render(diagnostics: &Diagnostics, colour: bool) -> String {
    // A fixed width: the same mistake reads the same on every terminal and in every log.
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    }
    .term_width(110);
    let complaints = &diagnostics.complaints;
    let mut blocks: Vec<String> = complaints
        .iter()
        .take(MOST_SHOWN)
        .map(|complaint| renderer.render(&[group(complaint, &diagnostics.sources)]))
        .collect();
    if complaints.len() > MOST_SHOWN {
        blocks.push(format!("and {} more", complaints.len() - MOST_SHOWN));
    }
    blocks.join("\n\n") + "\n"
}

/// One complaint as a title, its snippets, and its notes and help.
fn group<'a>(complaint: &'a Complaint, sources: &'a [Source]) -> Group<'a> {
    let mut group = Group::with_title(Level::ERROR.primary_title(complaint.title.as_str()));
    let mut marks = vec![(complaint.place, complaint.label.as_str())];
    marks.extend(
        complaint
            .related
            .iter()
            .map(|(place, why)| (*place, why.as_str())),
    );
    for (index, source) in sources.iter().enumerate() {
        let here: Vec<_> = marks
            .iter()
            .filter(|(place, _)| place.source == index)
            .copied()
            .collect();
        if here.iter().any(|(place, _)| place.span.is_some()) {
            group = group.element(snippet(source, complaint.place, &here));
        } else if !here.is_empty() {
            group = group.element(Origin::path(source.name.as_str()));
        }
    }
    let notes = complaint
        .notes
        .iter()
        .map(|text| Level::NOTE.message(text.as_str()));
    let help = complaint
        .help
        .iter()
        .map(|text| Level::HELP.message(text.as_str()));
    group.elements(notes.chain(help))
}

/// The lines that have marks. The renderer gets only these, so that it need not search a long file.
fn snippet<'a>(
    source: &'a Source,
    primary: Place,
    marks: &[(Place, &'a str)],
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let text = source.text.as_str();
    let spans: Vec<_> = marks
        .iter()
        .filter_map(|(place, label)| Some((*place, clip(text, place.span?), *label)))
        .collect();
    let start = spans.iter().map(|(_, (start, _), _)| *start).min().unwrap_or(0);
    let end = spans.iter().map(|(_, (_, end), _)| *end).max().unwrap_or(0);
    let first = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let last = text[end..].find('\n').map_or(text.len(), |newline| end + newline);
    let line = 1 + text[..first].bytes().filter(|byte| *byte == b'\n').count();
    let annotations = spans.into_iter().map(|(place, (start, end), label)| {
        let kind = if place == primary {
            AnnotationKind::Primary
        } else {
            AnnotationKind::Context
        };
        let annotation = kind.span(start - first..end - first);
        if label.is_empty() {
            annotation
        } else {
            annotation.label(label)
        }
    });
    // A carriage return would be shown; a blank takes as many bytes.
    let lines = text[first..last].replace('\r', " ");
    Snippet::source(lines)
        .line_start(line)
        .path(source.name.as_str())
        .annotations(annotations)
}

/// A span that lies within the text and on its character boundaries, and ends where its first line ends: a
/// complaint about a table of twenty lines shows the first.
fn clip(text: &str, (start, end): (usize, usize)) -> (usize, usize) {
    let floor = |mut index: usize| {
        index = index.min(text.len());
        while !text.is_char_boundary(index) {
            index -= 1;
        }
        index
    };
    let start = floor(start);
    let end = floor(end).max(start);
    let end = text[start..end]
        .find(['\r', '\n'])
        .map_or(end, |newline| start + newline);
    (start, end)
}
