//! Checks on whole charts, over a gallery of made-up results.

use std::path::Path;

use super::*;
use crate::report::plot::figure::{Anchor, Shape, Text};
use crate::results::{Status, made_up};

fn gallery() -> [(&'static str, Results); 6] {
    [
        ("quickstart", made_up::quickstart()),
        ("io_bound", made_up::io_bound()),
        ("echo", made_up::echo()),
        ("countdown", made_up::countdown()),
        ("runs_only", made_up::runs_only()),
        ("crowded", made_up::crowded()),
    ]
}

fn texts<'a>(figure: &'a Figure) -> Vec<&'a Text> {
    let text = |shape: &'a Shape| {
        if let Shape::Text(text) = shape {
            Some(text)
        } else {
            None
        }
    };
    figure.shapes.iter().filter_map(text).collect()
}

/// Left, top, right, bottom.
fn extent(text: &Text) -> [f64; 4] {
    let width = font::text_width(&text.words, text.size);
    let left = match text.anchor {
        Anchor::Start => text.at.0,
        Anchor::Middle => text.at.0 - width / 2.0,
        Anchor::End => text.at.0 - width,
    };
    [
        left,
        text.at.1 - 0.76 * text.size,
        left + width,
        text.at.1 + 0.24 * text.size,
    ]
}

#[test]
fn no_words_cover_each_other_or_leave_the_page() {
    for (name, results) in gallery() {
        let figure = Plot::of(&results).figure;
        let texts = texts(&figure);
        let (width, height) = (f64::from(figure.size.0), f64::from(figure.size.1));
        for (index, text) in texts.iter().enumerate() {
            let [left, top, right, bottom] = extent(text);
            assert!(
                left >= 0.0 && top >= 0.0 && right <= width && bottom <= height,
                "{name}: {text:?}"
            );
            for other in &texts[..index] {
                let [l, t, r, b] = extent(other);
                let apart = right <= l || r <= left || bottom <= t || b <= top;
                assert!(apart, "{name}: {:?} covers {:?}", text.words, other.words);
            }
        }
    }
}

#[test]
fn the_same_results_make_the_same_bytes() {
    for (name, results) in gallery() {
        let (one, other) = (Plot::of(&results), Plot::of(&results));
        assert_eq!(one.svg().unwrap(), other.svg().unwrap(), "{name}");
        assert_eq!(one.png().unwrap(), other.png().unwrap(), "{name}");
    }
}

#[test]
fn the_svg_has_title_axes_and_the_label_of_every_line() {
    let svg = String::from_utf8(Plot::of(&made_up::quickstart()).svg().unwrap()).unwrap();
    let words = [
        "Thumbnails of 200 photos",
        "Cores",
        "Speedup over the sequential run",
        "ideal",
    ];
    for label in words
        .into_iter()
        .chain(["sequential", "threads", "processes, fork", "processes, spawn"])
    {
        assert!(svg.lines().any(|line| line == label), "{label}");
    }
    assert!(svg.contains("font-family=\"sans-serif\""));
    assert!(svg.starts_with("<svg width=\"960\" height=\"600\" viewBox=\"0 0 3840 2400\""));
}

#[test]
fn a_chart_without_any_figure_is_still_a_chart() {
    for (name, mut results) in gallery() {
        for replication in results.rows.iter_mut().flat_map(|row| &mut row.replications) {
            replication.status = Status::Deadlock;
        }
        let svg = String::from_utf8(Plot::of(&results).svg().unwrap()).unwrap();
        assert!(!svg.contains("NaN") && !svg.contains("2147483647"), "{name}");
        results.scenario.configurations.clear();
        results.rows.clear();
        Plot::of(&results).svg().unwrap();
    }
}

#[test]
fn figures_of_zero_have_a_place() {
    let mut results = made_up::echo();
    results.rows[3].replications[0].items = 0;
    let svg = String::from_utf8(Plot::of(&results).svg().unwrap()).unwrap();
    assert!(!svg.contains("2147483647"));
}

/// `cargo test --lib gallery -- --ignored` writes every chart to `target/gallery`, to be looked at.
#[test]
#[ignore = "writes files to look at"]
fn write_the_gallery() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/gallery");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, results) in gallery() {
        let plot = Plot::of(&results);
        std::fs::write(folder.join(format!("{name}.svg")), plot.svg().unwrap()).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), plot.png().unwrap()).unwrap();
    }
}
