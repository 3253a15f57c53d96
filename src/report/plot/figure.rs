//! A picture as a list of plain shapes: what layouts make and backends draw. Units are those of the SVG file.

/// A place: to the right, and down from the top.
pub type Point = (f64, f64);

/// The picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figure {
    /// Width and height.
    pub size: (u32, u32),
    /// Later ones cover earlier ones.
    pub shapes: Vec<Shape>,
}

/// Something to draw.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A filled area.
    Area {
        /// Its corners.
        corners: Vec<Point>,
        /// What it is filled with.
        colour: Colour,
    },
    /// An unbroken line through these points.
    Line {
        /// At least two.
        points: Vec<Point>,
        /// Of the stroke.
        colour: Colour,
        /// Of the stroke.
        width: f64,
    },
    /// One line of text.
    Text(Text),
}

/// One line of text.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// What it says.
    pub words: String,
    /// On the baseline; which end of it is up to `anchor`.
    pub at: Point,
    /// Which part of the text is at `at`.
    pub anchor: Anchor,
    /// Height of the font's em square.
    pub size: f64,
    /// Of the letters.
    pub colour: Colour,
}

/// Which part of a text its position means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Its left end.
    Start,
    /// Its centre.
    Middle,
    /// Its right end.
    End,
}

/// A colour and how much it covers, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Colour(pub u8, pub u8, pub u8, pub f64);

impl Colour {
    /// The page.
    pub const PAPER: Self = Self(255, 255, 255, 1.0);
    /// Words.
    pub const INK: Self = Self(34, 34, 34, 1.0);
    /// Less important words.
    pub const PALE_INK: Self = Self(95, 95, 95, 1.0);
    /// Lines that help the eye.
    pub const GRID: Self = Self(226, 226, 226, 1.0);
    /// The ideal line.
    pub const IDEAL: Self = Self(140, 140, 140, 1.0);

    /// The same colour, letting through what is below.
    pub const fn faint(self, opacity: f64) -> Self {
        Self(self.0, self.1, self.2, opacity)
    }
}

/// How one line of a chart is told from the others: by colour, and without colour by dashes and markers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LineStyle {
    /// Of line, markers and band.
    pub colour: Colour,
    /// Lengths of strokes and gaps in turn; empty for an unbroken line.
    pub dashes: &'static [f64],
    /// At each point.
    pub marker: Marker,
}

/// The shape of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// A circle.
    Circle,
    /// A square on its side.
    Square,
    /// A triangle on its base.
    TriangleUp,
    /// A square on its corner.
    Diamond,
    /// A triangle on its tip.
    TriangleDown,
}

/// Okabe and Ito's palette, made for the colour-blind, less the yellow that is lost on white paper.
const PALETTE: [Colour; 7] = [
    Colour(0, 114, 178, 1.0),
    Colour(213, 94, 0, 1.0),
    Colour(0, 158, 115, 1.0),
    Colour(204, 121, 167, 1.0),
    Colour(230, 159, 0, 1.0),
    Colour(86, 180, 233, 1.0),
    Colour(0, 0, 0, 1.0),
];
const DASHES: [&[f64]; 4] = [&[], &[10.0, 4.0], &[2.5, 3.0], &[10.0, 3.5, 2.5, 3.5]];
const MARKERS: [Marker; 5] = [
    Marker::Circle,
    Marker::Square,
    Marker::TriangleUp,
    Marker::Diamond,
    Marker::TriangleDown,
];

impl LineStyle {
    /// Of the line with that number: no two of the first 140 are alike, and neighbours differ in all three.
    pub fn nth(index: usize) -> Self {
        Self {
            colour: PALETTE[index % PALETTE.len()],
            dashes: DASHES[index % DASHES.len()],
            marker: MARKERS[index % MARKERS.len()],
        }
    }
}

impl Figure {
    /// A blank page.
    pub fn new(width: u32, height: u32) -> Self {
        Self {
            size: (width, height),
            shapes: Vec::new(),
        }
    }

    /// An unbroken line.
    pub fn line(&mut self, points: Vec<Point>, colour: Colour, width: f64) {
        if points.len() > 1 {
            self.shapes.push(Shape::Line {
                points,
                colour,
                width,
            });
        }
    }

    /// A line of strokes and gaps; unbroken where `dashes` is empty.
    pub fn dashed(&mut self, points: &[Point], dashes: &[f64], colour: Colour, width: f64) {
        for stroke in strokes(points, dashes) {
            self.line(stroke, colour, width);
        }
    }

    /// A filled area.
    pub fn area(&mut self, corners: Vec<Point>, colour: Colour) {
        self.shapes.push(Shape::Area { corners, colour });
    }

    /// One line of text on a baseline.
    pub fn text(&mut self, words: &str, at: Point, anchor: Anchor, size: f64, colour: Colour) {
        self.shapes.push(Shape::Text(Text {
            words: words.to_owned(),
            at,
            anchor,
            size,
            colour,
        }));
    }

    /// A filled marker, of about `radius`.
    pub fn marker(&mut self, marker: Marker, centre: Point, radius: f64, colour: Colour) {
        self.area(corners(marker, centre, radius), colour);
    }

    /// Only the outline of a marker, so that a filled one of the same shape shows within it where they agree;
    /// `barred` draws a bar to either side.
    pub fn open_marker(&mut self, marker: Marker, centre: Point, radius: f64, colour: Colour, barred: bool) {
        const WIDTH: f64 = 1.8;
        // How far the sides are from the centre, for a radius of 1: so the outline is as wide everywhere.
        let sides = match marker {
            Marker::Circle => 1.0,
            Marker::Square => 0.9,
            Marker::Diamond => 0.884,
            Marker::TriangleUp | Marker::TriangleDown => 0.7,
        };
        let mut ring = corners(marker, centre, radius);
        let inner = corners(marker, centre, radius - WIDTH / sides);
        // Around outside, then back around inside: one area with a seam of no width.
        ring.push(ring[0]);
        ring.push(inner[0]);
        ring.extend(inner.into_iter().rev());
        self.area(ring, colour);
        if barred {
            for side in [-1.0, 1.0] {
                let from = centre.0 + side * (radius + 0.5);
                self.line(
                    vec![(from, centre.1), (from + side * 6.0, centre.1)],
                    colour,
                    WIDTH,
                );
            }
        }
    }
}

/// The corners of a marker with about the area of a circle of that radius.
fn corners(marker: Marker, (x, y): Point, radius: f64) -> Vec<Point> {
    let unit: &[Point] = match marker {
        Marker::Circle => return circle((x, y), radius),
        Marker::Square => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
        Marker::Diamond => &[(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)],
        Marker::TriangleUp => &[(0.0, -1.4), (1.2, 0.7), (-1.2, 0.7)],
        Marker::TriangleDown => &[(0.0, 1.4), (1.2, -0.7), (-1.2, -0.7)],
    };
    unit.iter()
        .map(|(dx, dy)| (x + dx * radius, y + dy * radius))
        .collect()
}

/// Near enough to a circle at the size of a marker.
fn circle((x, y): Point, radius: f64) -> Vec<Point> {
    const CORNERS: u8 = 40;
    let angle = |corner: u8| f64::from(corner) * std::f64::consts::TAU / f64::from(CORNERS);
    (0..CORNERS)
        .map(|corner| {
            (
                x + radius * libm::cos(angle(corner)),
                y + radius * libm::sin(angle(corner)),
            )
        })
        .collect()
}

/// The strokes of a dashed line: the path cut into the lengths of `dashes` in turn, every second one left out.
fn strokes(path: &[Point], dashes: &[f64]) -> Vec<Vec<Point>> {
    let Some((first, rest)) = path.split_first() else {
        return Vec::new();
    };
    if dashes.is_empty() {
        return vec![path.to_vec()];
    }
    let mut strokes = Vec::new();
    let mut stroke = vec![*first];
    let mut dash = 0;
    let mut left = dashes[0];
    let mut from = *first;
    for to in rest {
        loop {
            let (dx, dy) = (to.0 - from.0, to.1 - from.1);
            let length = (dx * dx + dy * dy).sqrt();
            if length <= left {
                left -= length;
                from = *to;
                stroke.push(from);
                break;
            }
            from = (from.0 + dx * left / length, from.1 + dy * left / length);
            stroke.push(from);
            if dash % 2 == 0 {
                strokes.push(std::mem::take(&mut stroke));
            }
            stroke = vec![from];
            dash += 1;
            left = dashes[dash % dashes.len()];
        }
    }
    if dash % 2 == 0 && stroke.len() > 1 {
        strokes.push(stroke);
    }
    strokes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_run_on_around_corners() {
        let path = [(0.0, 0.0), (5.0, 0.0), (5.0, 5.0)];
        assert_eq!(
            strokes(&path, &[3.0, 1.0]),
            [
                vec![(0.0, 0.0), (3.0, 0.0)],
                vec![(4.0, 0.0), (5.0, 0.0), (5.0, 2.0)],
                vec![(5.0, 3.0), (5.0, 5.0)]
            ]
        );
        assert_eq!(strokes(&path, &[]), [path.to_vec()]);
    }

    #[test]
    fn the_first_lines_differ_in_colour_or_in_both_dashes_and_markers() {
        for a in 0..10 {
            for b in 0..a {
                let (one, other) = (LineStyle::nth(a), LineStyle::nth(b));
                assert_ne!(one, other);
                assert!(
                    one.dashes != other.dashes || one.marker != other.marker,
                    "{a} and {b} are alike in print"
                );
            }
        }
    }
}
