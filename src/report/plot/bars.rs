//! The layout of a bar chart: a bar for each configuration, its name before it and its figure behind it.

use crate::report::human;
use crate::report::plot::axis::{Axis, Spacing, Unit, with_commas};
use crate::report::plot::chart::{Bar, BarChart, MeasuredPoint};
use crate::report::plot::figure::{Anchor, Colour, Figure, LineStyle, Marker};
use crate::report::plot::labels::{TextWidth, wrap};
use crate::report::plot::lines::{LEADING, MARGIN, WIDTH, WORDS, head};
use crate::results::Status;
use crate::results::statistics::Estimate;

const ROW: f64 = 46.0;
const THICKNESS: f64 = 24.0;
const LABEL_WIDTH: f64 = 260.0;

/// Places everything; the page is as high as the bars need.
pub fn layout(chart: &BarChart, text_width: TextWidth) -> Figure {
    let mut figure = Figure::new(WIDTH, 0);
    let top = head(&mut figure, &chart.title, &chart.notes, text_width) + 8.0;
    let bottom = top + ROW * chart.bars.len() as f64;
    figure.size.1 = bottom as u32 + 76;

    let labels: Vec<Vec<String>> = chart
        .bars
        .iter()
        .map(|bar| wrap(&bar.label, 2, LABEL_WIDTH, WORDS, text_width))
        .collect();
    let label_width = labels
        .iter()
        .flatten()
        .map(|line| text_width(line, WORDS))
        .fold(0.0, f64::max);
    let figures: Vec<String> = chart.bars.iter().map(|bar| in_words(bar, chart.x.unit)).collect();
    let figure_width = figures
        .iter()
        .map(|words| text_width(words, WORDS))
        .fold(0.0, f64::max);
    let left = MARGIN + label_width + 12.0;
    let right = f64::from(WIDTH) - MARGIN - figure_width - 18.0;

    let axis = axis(chart);
    let across = |value: f64| left + axis.position(value.max(axis.low())) * (right - left);
    for (value, words) in &axis.ticks {
        let x = across(*value);
        figure.line(vec![(x, top), (x, bottom)], Colour::GRID, 1.0);
        figure.text(words, (x, bottom + 20.0), Anchor::Middle, WORDS, Colour::INK);
    }
    figure.text(
        &axis.label,
        ((left + right) / 2.0, bottom + 48.0),
        Anchor::Middle,
        WORDS,
        Colour::INK,
    );

    let style = LineStyle::nth(0);
    for (index, ((bar, label), words)) in chart.bars.iter().zip(labels).zip(figures).enumerate() {
        let centre = top + ROW * (index as f64 + 0.5);
        let mut baseline = centre - WORDS * LEADING * (label.len() as f64 - 1.0) / 2.0 + 0.35 * WORDS;
        for line in &label {
            figure.text(line, (left - 12.0, baseline), Anchor::End, WORDS, Colour::INK);
            baseline += WORDS * LEADING;
        }
        let mut end = left;
        if let Some(estimate) = bar.figure {
            let length = across(estimate.mean);
            end = length;
            if axis.is_logarithmic() {
                // A bar without a zero to start from would lie about ratios; a point does not.
                figure.marker(Marker::Circle, (length, centre), 6.0, style.colour);
            } else {
                let (high, low) = (centre - THICKNESS / 2.0, centre + THICKNESS / 2.0);
                figure.area(
                    vec![(left, high), (length, high), (length, low), (left, low)],
                    style.colour,
                );
            }
            if let Some(interval) = estimate.interval {
                let (low, high) = (across(interval.low), across(interval.high));
                figure.line(vec![(low, centre), (high, centre)], Colour::INK, 1.6);
                for end in [low, high] {
                    figure.line(vec![(end, centre - 5.0), (end, centre + 5.0)], Colour::INK, 1.6);
                }
                end = end.max(high);
            }
        }
        for point in &bar.measured {
            let mark = across(point.y);
            if let Some(spread) = point.spread {
                for end in [across(spread.low), across(spread.high)] {
                    figure.line(vec![(mark, centre + 9.0), (end, centre + 9.0)], Colour::INK, 1.4);
                }
                end = end.max(across(spread.high));
            }
            figure.open_marker(Marker::Diamond, (mark, centre), 7.0, Colour::INK, point.fitted);
            end = end.max(mark + 8.0);
        }
        figure.text(
            &words,
            (end + 10.0, centre + 0.35 * WORDS),
            Anchor::Start,
            WORDS,
            Colour::INK,
        );
    }
    figure.line(vec![(left, top), (left, bottom)], Colour::INK, 1.4);
    figure
}

fn axis(chart: &BarChart) -> Axis {
    let mut values: Vec<f64> = chart
        .bars
        .iter()
        .flat_map(|bar| &bar.measured)
        .flat_map(MeasuredPoint::extent)
        .collect();
    for estimate in chart.bars.iter().filter_map(|bar| bar.figure) {
        values.push(estimate.mean);
        values.extend(estimate.interval.map(|interval| interval.high));
    }
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(0.0, f64::max);
    let spacing = if low > 0.0 && high > 20.0 * low {
        Spacing::Log10
    } else {
        Spacing::Linear
    };
    Axis::of_figures(&chart.x.name, chart.x.unit, spacing, &values)
}

fn in_words(bar: &Bar, unit: Unit) -> String {
    let Some(Estimate { mean, .. }) = bar.figure else {
        return match bar.status {
            Status::Done => "no figure".to_owned(),
            status => status.word().to_owned(),
        };
    };
    match unit {
        Unit::Seconds => human::short_duration(mean),
        Unit::Bytes => human::bytes(mean),
        Unit::Plain => with_commas(&human::rounded(mean, 3)),
    }
}
