//! The one font of the PNG, by which labels are measured for the SVG too.
//!
//! DejaVu Sans comes with the program (its licence is `assets/dejavu-fonts-LICENSE.txt`), so that no system font
//! is needed and none can make a difference. Glyphs are placed here and not by plotters, which drops the space to
//! the left of each.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};

use crate::report::plot::figure::Point;

static DEJAVU_SANS: LazyLock<FontRef<'static>> = LazyLock::new(|| {
    FontRef::try_from_slice(dejavu::sans::regular()).expect("the font that comes with the program is a font")
});

/// How wide words are in a font whose em square is `size` high. SVG viewers take their own sans-serif, which is
/// hardly ever wider than this one.
pub fn text_width(words: &str, size: f64) -> f64 {
    place(words, size, |_, _| ())
}

/// Calls `put` with each pixel that words touch, written from `start` on its baseline, and how much of it they
/// cover, from 0 to 1.
pub fn rasterize(words: &str, size: f64, start: Point, mut put: impl FnMut(i32, i32, f64)) {
    let scale = scale(size);
    place(words, size, |character, across| {
        let position = point((start.0 + across) as f32, start.1 as f32);
        let glyph = DEJAVU_SANS
            .glyph_id(character)
            .with_scale_and_position(scale, position);
        if let Some(outlined) = DEJAVU_SANS.outline_glyph(glyph) {
            let corner = outlined.px_bounds().min;
            outlined.draw(|x, y, coverage| {
                put(
                    corner.x as i32 + x as i32,
                    corner.y as i32 + y as i32,
                    f64::from(coverage.min(1.0)),
                );
            });
        }
    });
}

/// Calls `put` with each character and how far from the start it is written; says how far all of them reach.
fn place(words: &str, size: f64, mut put: impl FnMut(char, f64)) -> f64 {
    let font = DEJAVU_SANS.as_scaled(scale(size));
    let mut across = 0.0;
    let mut previous = None;
    for character in words.chars() {
        let glyph = font.glyph_id(character);
        if let Some(previous) = previous {
            across += f64::from(font.kern(previous, glyph));
        }
        put(character, across);
        across += f64::from(font.h_advance(glyph));
        previous = Some(glyph);
    }
    across
}

/// `ab_glyph` means the height from the lowest descender to the highest ascender, typographers the em square.
fn scale(size: f64) -> PxScale {
    let em = DEJAVU_SANS.units_per_em().unwrap_or(2048.0);
    PxScale::from(size as f32 * DEJAVU_SANS.height_unscaled() / em)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_font_and_grow_with_its_size() {
        // An "m" of DejaVu Sans advances by 1,995 of 2,048 units.
        assert!((text_width("m", 2048.0) - 1995.0).abs() < 0.01);
        assert!((text_width("processes", 32.0) - 2.0 * text_width("processes", 16.0)).abs() < 0.01);
        assert_eq!(text_width("", 16.0), 0.0);
    }

    #[test]
    fn a_letter_is_black_within_its_box_and_nowhere_else() {
        let mut pixels = Vec::new();
        rasterize("H", 100.0, (10.0, 200.0), |x, y, coverage| {
            if coverage > 0.5 {
                pixels.push((x, y));
            }
        });
        let columns = pixels.iter().map(|(x, _)| *x);
        let rows = pixels.iter().map(|(_, y)| *y);
        // From 201 to 1,339 units across and 1,493 high.
        assert_eq!((columns.clone().min(), columns.max()), (Some(20), Some(74)));
        assert_eq!((rows.clone().min(), rows.max()), (Some(127), Some(199)));
    }
}
