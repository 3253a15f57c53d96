//! `speedup.svg` and `speedup.png`: one chart of a scenario's results.
//!
//! There are three steps, and only the last one knows the plotting library: [`chart`] decides what to show, the layouts
//! ([`lines`], [`bars`]) place it as plain shapes on a [`figure`], and [`draw`] hands these to a backend. Both
//! files come from the same figure, and its bytes are the same on every machine: positions are computed with
//! exactly rounded arithmetic and `libm`, and the only font is the one that comes with the program.

mod axis;
mod bars;
mod chart;
mod draw;
mod figure;
mod font;
#[cfg(test)]
mod gallery;
mod labels;
mod lines;
mod names;

pub use chart::{Beside, MeasuredPoint};

use crate::report::ReportError;
use crate::results::statistics::Estimate;
use crate::results::{self, Results, Status};
use crate::scenario::Scenario;
use chart::Chart;
use figure::Figure;

/// A chart of results, placed and ready to be drawn.
pub struct Plot {
    figure: Figure,
}

impl Plot {
    /// Speedup over cores, or the closest that these results allow.
    pub fn of(results: &Results) -> Self {
        Self::place(&Chart::of(results))
    }

    /// A figure of each configuration over its replications, and what was measured of it.
    pub fn beside(
        scenario: &Scenario,
        figure: &results::figures::Figure,
        estimates: &[(Option<Estimate>, Status)],
        replications: u32,
        beside: &Beside,
    ) -> Self {
        Self::place(&Chart::beside(scenario, figure, estimates, replications, beside))
    }

    fn place(chart: &Chart) -> Self {
        let figure = match chart {
            Chart::Lines(chart) => lines::layout(chart, &font::text_width),
            Chart::Bars(chart) => bars::layout(chart, &font::text_width),
        };
        Self { figure }
    }

    /// As an SVG document.
    ///
    /// # Errors
    /// The plotting library fails.
    pub fn svg(&self) -> Result<Vec<u8>, ReportError> {
        draw::svg(&self.figure).map_err(|reason| ReportError::Plot {
            file: "speedup.svg",
            reason,
        })
    }

    /// As a PNG image, two pixels to each unit of the SVG.
    ///
    /// # Errors
    /// The plotting library fails.
    pub fn png(&self) -> Result<Vec<u8>, ReportError> {
        draw::png(&self.figure).map_err(|reason| ReportError::Plot {
            file: "speedup.png",
            reason,
        })
    }
}
