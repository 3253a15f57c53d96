//! The layout of a line chart: plain geometry, nothing drawn.
//!
//! ```text
//! title                                         The words beside the plot say which line is which, in the
//! notes                                         order in which the lines end, each with a sample of its
//! figure                                        line: so no legend has to be looked up and none can cover
//! |        ____----o  --o-- processes           data, and the chart can be read without colours.
//! | __--o--
//! |o-----o----o----o  --o-- threads
//! +------------------
//!        setting
//! ```

use crate::report::plot::axis::{Axis, Spacing};
use crate::report::plot::chart::{Line, LineChart, MeasuredPoint};
use crate::report::plot::figure::{Anchor, Colour, Figure, LineStyle, Point};
use crate::report::plot::labels::{TextWidth, spread, wrap};

pub(super) const WIDTH: u32 = 960;
const HEIGHT: u32 = 600;
pub(super) const MARGIN: f64 = 28.0;
pub(super) const TITLE: f64 = 23.0;
pub(super) const WORDS: f64 = 16.0;
pub(super) const NOTES: f64 = 13.5;
/// From one line of text to the next, in font sizes.
pub(super) const LEADING: f64 = 1.25;
/// Between the plot and the sample of a line at its label.
const LEADER: f64 = 26.0;
const SAMPLE: f64 = 44.0;
const STROKE: f64 = 2.4;
const MARKER: f64 = 4.6;
const OPEN_MARKER: f64 = 7.0;
/// Between measured points with a spread that have the same setting.
const APART: f64 = 5.0;
const LABEL_WIDTH: f64 = 220.0;

/// Where the data are.
struct Frame<'a> {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    x: &'a Axis,
    y: &'a Axis,
}

impl Frame<'_> {
    fn at(&self, x: f64, y: f64) -> Point {
        (self.across(x), self.down(y))
    }

    fn across(&self, x: f64) -> f64 {
        self.left + self.x.position(x) * (self.right - self.left)
    }

    /// What lies below the axis, such as zero on a logarithmic one, is drawn at its end.
    fn down(&self, y: f64) -> f64 {
        self.bottom - self.y.position(y.max(self.y.low())) * (self.bottom - self.top)
    }
}

/// Words beside the plot: what they belong to and where that ends.
struct Label {
    lines: Vec<String>,
    style: Option<LineStyle>,
    marked: bool,
    end: Point,
}

/// Places everything.
pub fn layout(chart: &LineChart, text_width: TextWidth) -> Figure {
    let mut figure = Figure::new(WIDTH, HEIGHT);
    let head = head(&mut figure, &chart.title, &chart.notes, text_width);
    let (x, y) = axes(chart);

    let names = chart
        .lines
        .iter()
        .map(|line| line.label.as_str())
        .chain(["ideal"]);
    let two_lines_each = (chart.lines.len() + 1) as f64 * label_height(2);
    let most = if two_lines_each <= f64::from(HEIGHT) - MARGIN - head {
        2
    } else {
        1
    };
    let wrapped: Vec<Vec<String>> = names
        .map(|name| wrap(name, most, LABEL_WIDTH, WORDS, text_width))
        .collect();
    let widest =
        |lines: &mut dyn Iterator<Item = &str>| lines.map(|line| text_width(line, WORDS)).fold(0.0, f64::max);
    let label_width = widest(&mut wrapped.iter().flatten().map(String::as_str));
    let tick_width = widest(&mut y.ticks.iter().map(|(_, words)| words.as_str()));
    let frame = Frame {
        left: MARGIN + tick_width + 10.0,
        right: f64::from(WIDTH) - MARGIN - label_width - SAMPLE - LEADER - 8.0,
        top: head + 40.0,
        bottom: f64::from(HEIGHT) - 78.0,
        x: &x,
        y: &y,
    };
    figure.text(&y.label, (MARGIN, head + 16.0), Anchor::Start, WORDS, Colour::INK);
    axes_and_grid(&mut figure, &frame, text_width);

    for (index, line) in chart.lines.iter().enumerate() {
        // The more bands may lie on each other, the more each lets through.
        let opacity = (0.9 / chart.lines.len() as f64).min(0.22);
        band(
            &mut figure,
            &frame,
            line,
            LineStyle::nth(index).colour.faint(opacity),
        );
    }
    let ideal: Vec<Point> = chart.ideal.iter().map(|(x, y)| frame.at(*x, *y)).collect();
    figure.dashed(&ideal, &[2.0, 4.0], Colour::IDEAL, 1.8);
    let mut labels = Vec::new();
    for ((index, line), lines) in chart.lines.iter().enumerate().zip(wrapped) {
        let style = LineStyle::nth(index);
        let end = stroke(&mut figure, &frame, line, style);
        labels.extend(end.map(|end| Label {
            lines,
            style: Some(style),
            marked: line.level.is_none(),
            end,
        }));
    }
    // Points after all lines, measured ones last: these are few, and what one looks for.
    for (index, line) in chart.lines.iter().enumerate() {
        let style = LineStyle::nth(index);
        for (x, estimate) in &line.points {
            figure.marker(style.marker, frame.at(*x, estimate.mean), MARKER, style.colour);
        }
    }
    for (index, line) in chart.lines.iter().enumerate() {
        let style = LineStyle::nth(index);
        for point in &line.measured {
            let mut centre = frame.at(point.x, point.y);
            if let Some(spread) = point.spread {
                // Beside those of other lines, so that each can be told.
                centre.0 += (index as f64 - (chart.lines.len() as f64 - 1.0) / 2.0) * APART;
                let ends = [frame.down(spread.low), frame.down(spread.high)];
                whisker(&mut figure, centre.0, ends, centre.1, style.colour);
            }
            figure.open_marker(style.marker, centre, OPEN_MARKER, style.colour, point.fitted);
        }
    }
    labels.extend(ideal.last().map(|end| Label {
        lines: vec!["ideal".to_owned()],
        style: None,
        marked: false,
        end: *end,
    }));
    beside(&mut figure, &frame, &labels);
    figure
}

/// Title and notes; says how far down they reach.
pub(super) fn head(figure: &mut Figure, title: &str, notes: &[String], text_width: TextWidth) -> f64 {
    let room = f64::from(figure.size.0) - 2.0 * MARGIN;
    let mut baseline = MARGIN + 16.0;
    for line in wrap(title, 2, room, TITLE, text_width) {
        figure.text(&line, (MARGIN, baseline), Anchor::Start, TITLE, Colour::INK);
        baseline += TITLE * LEADING;
    }
    baseline -= TITLE * LEADING - 22.0;
    let mut line = String::new();
    let mut put = |line: &str| {
        figure.text(line, (MARGIN, baseline), Anchor::Start, NOTES, Colour::PALE_INK);
        baseline += NOTES * LEADING;
    };
    for note in notes {
        let longer = if line.is_empty() {
            note.clone()
        } else {
            format!("{line}  ·  {note}")
        };
        if !line.is_empty() && text_width(&longer, NOTES) > room {
            put(&line);
            line = note.clone();
        } else {
            line = longer;
        }
    }
    if !line.is_empty() {
        put(&line);
    }
    baseline
}

/// Ratios are what counts in a speedup over doubled cores, and where figures span orders of magnitude.
fn axes(chart: &LineChart) -> (Axis, Axis) {
    let measured = |line: &Line| line.points.iter().map(|(x, _)| *x).collect::<Vec<f64>>();
    let mut xs: Vec<f64> = chart.lines.iter().flat_map(measured).collect();
    xs.extend(
        chart
            .lines
            .iter()
            .flat_map(|line| &line.measured)
            .map(|point| point.x),
    );
    let x = Axis::of_settings(&chart.x.name, chart.x.unit, &xs);

    let mut ys: Vec<f64> = chart.ideal.iter().map(|(_, y)| *y).collect();
    for line in &chart.lines {
        ys.extend(line.level);
        ys.extend(line.measured.iter().flat_map(MeasuredPoint::extent));
        for (_, estimate) in &line.points {
            ys.push(estimate.mean);
            ys.extend(
                estimate
                    .interval
                    .iter()
                    .flat_map(|interval| [interval.low, interval.high]),
            );
        }
    }
    let positive = ys.iter().all(|y| *y > 0.0);
    let low = ys.iter().copied().fold(f64::INFINITY, f64::min);
    let high = ys.iter().copied().fold(0.0, f64::max);
    let spacing = match () {
        () if positive && x.is_binary() && !chart.ideal.is_empty() => Spacing::Log2,
        () if positive && high > (if x.is_logarithmic() { 5.0 } else { 20.0 }) * low => Spacing::Log10,
        () => Spacing::Linear,
    };
    (x, Axis::of_figures(&chart.y.name, chart.y.unit, spacing, &ys))
}

fn axes_and_grid(figure: &mut Figure, frame: &Frame, text_width: TextWidth) {
    for (value, words) in &frame.y.ticks {
        let y = frame.down(*value);
        figure.line(vec![(frame.left, y), (frame.right, y)], Colour::GRID, 1.0);
        figure.text(
            words,
            (frame.left - 8.0, y + 0.35 * WORDS),
            Anchor::End,
            WORDS,
            Colour::INK,
        );
    }
    figure.line(
        vec![(frame.left, frame.bottom), (frame.right, frame.bottom)],
        Colour::INK,
        1.4,
    );
    let mut free_from = f64::NEG_INFINITY;
    for (value, words) in &frame.x.ticks {
        let x = frame.across(*value);
        figure.line(vec![(x, frame.bottom), (x, frame.bottom + 6.0)], Colour::INK, 1.4);
        let half = text_width(words, WORDS) / 2.0;
        // A tick whose words have no room stays without.
        if x - half >= free_from {
            figure.text(
                words,
                (x, frame.bottom + 24.0),
                Anchor::Middle,
                WORDS,
                Colour::INK,
            );
            free_from = x + half + 8.0;
        }
    }
    let middle = (frame.left + frame.right) / 2.0;
    figure.text(
        &frame.x.label,
        (middle, frame.bottom + 52.0),
        Anchor::Middle,
        WORDS,
        Colour::INK,
    );
}

fn band(figure: &mut Figure, frame: &Frame, line: &Line, colour: Colour) {
    let bounds: Vec<(Point, Point)> = line
        .points
        .iter()
        .filter_map(|(x, estimate)| {
            let interval = estimate.interval?;
            Some((frame.at(*x, interval.low), frame.at(*x, interval.high)))
        })
        .collect();
    if bounds.len() > 1 {
        let lower = bounds.iter().map(|(low, _)| *low);
        let upper = bounds.iter().rev().map(|(_, high)| *high);
        figure.area(lower.chain(upper).collect(), colour);
    }
}

/// A thin line from end to end with a bar across each, but for what the open marker at `centre` covers.
fn whisker(figure: &mut Figure, across: f64, ends: [f64; 2], centre: f64, colour: Colour) {
    for end in ends {
        let gap = if end < centre { -OPEN_MARKER } else { OPEN_MARKER };
        if (end - centre).abs() > OPEN_MARKER {
            figure.line(vec![(across, centre + gap), (across, end)], colour, 1.4);
            figure.line(vec![(across - 4.0, end), (across + 4.0, end)], colour, 1.4);
        }
    }
}

/// Draws the line itself and says where it ends; nowhere if it has no point.
fn stroke(figure: &mut Figure, frame: &Frame, line: &Line, style: LineStyle) -> Option<Point> {
    if let Some(level) = line.level {
        let y = frame.down(level);
        figure.dashed(
            &[(frame.left, y), (frame.right, y)],
            style.dashes,
            style.colour,
            STROKE,
        );
        return Some((frame.right, y));
    }
    let points: Vec<Point> = line
        .points
        .iter()
        .map(|(x, estimate)| frame.at(*x, estimate.mean))
        .collect();
    figure.dashed(&points, style.dashes, style.colour, STROKE);
    points.last().copied()
}

fn label_height(lines: usize) -> f64 {
    lines as f64 * WORDS * LEADING + 4.0
}

/// The labels, in the order in which the lines end, as near to these ends as they can be.
fn beside(figure: &mut Figure, frame: &Frame, labels: &[Label]) {
    let wanted: Vec<f64> = labels.iter().map(|label| label.end.1).collect();
    let heights: Vec<f64> = labels
        .iter()
        .map(|label| label.lines.len() as f64 * WORDS * LEADING + 4.0)
        .collect();
    let centres = spread(
        &wanted,
        &heights,
        frame.top - 14.0,
        f64::from(figure.size.1) - MARGIN,
    );
    for (label, centre) in labels.iter().zip(centres) {
        let left = frame.right + LEADER;
        let colour = label.style.map_or(Colour::IDEAL, |style| style.colour);
        let from = (label.end.0 + 9.0, label.end.1);
        figure.line(vec![from, (left - 3.0, centre)], colour.faint(0.55), 1.0);
        let sample = [(left, centre), (left + SAMPLE - 8.0, centre)];
        match label.style {
            None => figure.dashed(&sample, &[2.0, 4.0], colour, 1.8),
            Some(style) => {
                figure.dashed(&sample, style.dashes, colour, STROKE);
                if label.marked {
                    figure.marker(
                        style.marker,
                        (left + (SAMPLE - 8.0) / 2.0, centre),
                        MARKER,
                        colour,
                    );
                }
            }
        }
        let leading = WORDS * LEADING;
        let mut baseline = centre - leading * (label.lines.len() as f64 - 1.0) / 2.0 + 0.35 * WORDS;
        for line in &label.lines {
            figure.text(line, (left + SAMPLE, baseline), Anchor::Start, WORDS, Colour::INK);
            baseline += leading;
        }
    }
}
