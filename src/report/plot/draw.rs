//! Drawing with plotters: the only file that knows it.
//!
//! Both backends get the same whole-numbered coordinates, [`FINE`] to a unit, so that SVG and PNG agree and
//! nothing depends on how floats are printed. The PNG is drawn that large and then averaged down: plotters
//! smooths only one-pixel lines.

use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, RGBAColor, ShapeStyle, TextStyle};

use crate::report::plot::figure::{Anchor, Colour, Figure, Point, Shape, Text};
use crate::report::plot::font;

/// Drawing units to a unit of the figure.
const FINE: u32 = 4;
/// Drawing units to a side of a pixel of the PNG.
const AVERAGED: usize = 2;

/// What the backends do each in their own way.
struct Habits<B> {
    /// Draws words.
    write: fn(&mut B, &Text) -> Result<(), String>,
    /// Drawing units by which a stroke is wider than requested: bitmaps fill the pixels on both edges.
    swelling: u32,
}

/// As an SVG document.
pub fn svg(figure: &Figure) -> Result<Vec<u8>, String> {
    let (width, height) = (figure.size.0 * FINE, figure.size.1 * FINE);
    let mut text = String::new();
    let mut backend = SVGBackend::with_string(&mut text, (width, height));
    draw(
        &mut backend,
        figure,
        Habits {
            write: write_svg,
            swelling: 0,
        },
    )?;
    drop(backend);
    // The fine coordinates stay in the view box; the document is as large as the figure says.
    let fine = format!("width=\"{width}\" height=\"{height}\"");
    let real = format!("width=\"{}\" height=\"{}\"", figure.size.0, figure.size.1);
    Ok(text.replacen(&fine, &real, 1).into_bytes())
}

/// As a PNG image.
pub fn png(figure: &Figure) -> Result<Vec<u8>, String> {
    let (width, height) = ((figure.size.0 * FINE) as usize, (figure.size.1 * FINE) as usize);
    let mut pixels = vec![255; width * height * 3];
    let mut backend = BitMapBackend::with_buffer(&mut pixels, (width as u32, height as u32));
    draw(
        &mut backend,
        figure,
        Habits {
            write: write_pixels,
            swelling: 1,
        },
    )?;
    drop(backend);
    let averaged = average(&pixels, width, height);

    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, (width / AVERAGED) as u32, (height / AVERAGED) as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    encoder.set_filter(png::Filter::NoFilter); // A fifth smaller: it is made of even areas.
    let mut writer = encoder.write_header().map_err(|error| error.to_string())?;
    writer
        .write_image_data(&averaged)
        .map_err(|error| error.to_string())?;
    writer.finish().map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn draw<B: DrawingBackend>(backend: &mut B, figure: &Figure, habits: Habits<B>) -> Result<(), String> {
    let (width, height) = backend.get_size();
    let corner = (width as i32, height as i32);
    backend
        .draw_rect((0, 0), corner, &style(Colour::PAPER, 1), true)
        .map_err(|error| error.to_string())?;
    for shape in &figure.shapes {
        let drawn = match shape {
            Shape::Area { corners, colour } => {
                backend.fill_polygon(corners.iter().map(fine), &style(*colour, 1))
            }
            Shape::Line {
                points,
                colour,
                width,
            } => {
                let width = (width * f64::from(FINE)).round() as u32 - habits.swelling;
                backend.draw_path(points.iter().map(fine), &style(*colour, width))
            }
            Shape::Text(text) => {
                (habits.write)(backend, text)?;
                continue;
            }
        };
        drawn.map_err(|error| error.to_string())?;
    }
    backend.present().map_err(|error| error.to_string())
}

/// As text, in whatever sans-serif font the viewer has.
fn write_svg(backend: &mut SVGBackend, text: &Text) -> Result<(), String> {
    // plotters divides font sizes by this, and puts the middle of a small x at a central anchor: in most fonts
    // that is so much of the em square above the baseline.
    const DIVISOR: f64 = 1.24;
    const MIDDLE_OF_X: f64 = 0.27;
    let size = text.size * f64::from(FINE) * DIVISOR;
    let font = FontDesc::new(FontFamily::SansSerif, size, FontStyle::Normal);
    let horizontal = match text.anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let anchored = TextStyle {
        pos: Pos::new(horizontal, VPos::Center),
        ..font.color(&rgba(text.colour))
    };
    let middle = (text.at.0, text.at.1 - MIDDLE_OF_X * text.size);
    backend
        .draw_text(&text.words, &anchored, fine(&middle))
        .map_err(|error| error.to_string())
}

/// Pixel by pixel, in our own font.
fn write_pixels(backend: &mut BitMapBackend, text: &Text) -> Result<(), String> {
    let scale = f64::from(FINE);
    let width = font::text_width(&text.words, text.size);
    let start = match text.anchor {
        Anchor::Start => text.at.0,
        Anchor::Middle => text.at.0 - width / 2.0,
        Anchor::End => text.at.0 - width,
    };
    let mut drawn = Ok(());
    font::rasterize(
        &text.words,
        text.size * scale,
        (start * scale, text.at.1 * scale),
        |x, y, coverage| {
            if drawn.is_ok() {
                let ink = rgba(text.colour).mix(coverage).to_backend_color();
                drawn = backend.draw_pixel((x, y), ink);
            }
        },
    );
    drawn.map_err(|error| error.to_string())
}

fn fine((x, y): &Point) -> (i32, i32) {
    let fine = |length: f64| (length * f64::from(FINE)).round() as i32;
    (fine(*x), fine(*y))
}

fn style(colour: Colour, width: u32) -> ShapeStyle {
    ShapeStyle {
        color: rgba(colour),
        filled: true,
        stroke_width: width,
    }
}

fn rgba(Colour(red, green, blue, opacity): Colour) -> RGBAColor {
    RGBAColor(red, green, blue, opacity)
}

/// Each pixel the rounded mean of the square of fine ones that it stands for.
fn average(fine: &[u8], width: usize, height: usize) -> Vec<u8> {
    let (columns, rows) = (width / AVERAGED, height / AVERAGED);
    let area = (AVERAGED * AVERAGED) as u32;
    let mut averaged = Vec::with_capacity(columns * rows * 3);
    for row in 0..rows {
        for column in 0..columns {
            for channel in 0..3 {
                let mut sum = area / 2;
                for y in row * AVERAGED..(row + 1) * AVERAGED {
                    for x in column * AVERAGED..(column + 1) * AVERAGED {
                        sum += u32::from(fine[(y * width + x) * 3 + channel]);
                    }
                }
                averaged.push((sum / area) as u8);
            }
        }
    }
    averaged
}
