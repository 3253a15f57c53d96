//! Standard normal, exponential and gamma variates, the same to the last bit in every build.
//!
//! They are computed by inversion (one uniform number for one variate), not by the faster ziggurat of `rand_distr`.
//! There, a comparison with `exp` decides how many numbers a variate takes, so a maths library whose `exp` differs in the
//! last bit changes all variates that follow. And with inversion, a key that gives a long time under one set of
//! parameters gives a long time under every other, which makes comparisons with common random numbers sharper.

use rand::Rng;

use super::stream::unit;

/// The ends of the three approximations to the normal quantile, and their coefficients: numerator, then denominator,
/// each from the constant term up. Source: Wichura, "Algorithm AS 241: the percentage points of the normal
/// distribution" (1988), PPND16. `_normal_dist_inv_cdf` in CPython's `Lib/statistics.py` uses the same.
mod as241 {
    pub const CENTRE: f64 = 0.425;
    pub const TAIL: f64 = 5.0;
    pub const CENTRAL: [[f64; 8]; 2] = [
        [
            3.3871328727963665,
            133.14166789178438,
            1971.5909503065513,
            13731.69376550946,
            45921.95393154987,
            67265.7709270087,
            33430.57558358813,
            2509.0809287301227,
        ],
        [
            1.0,
            42.31333070160091,
            687.1870074920579,
            5394.196021424751,
            21213.794301586597,
            39307.89580009271,
            28729.085735721943,
            5226.495278852854,
        ],
    ];
    pub const MIDDLE: [[f64; 8]; 2] = [
        [
            1.4234371107496835,
            4.630337846156546,
            5.769497221460691,
            3.6478483247632045,
            1.2704582524523684,
            0.2417807251774506,
            0.022723844989269184,
            0.0007745450142783414,
        ],
        [
            1.0,
            2.053191626637759,
            1.6763848301838038,
            0.6897673349851,
            0.14810397642748008,
            0.015198666563616457,
            0.0005475938084995345,
            1.0507500716444169e-09,
        ],
    ];
    pub const OUTER: [[f64; 8]; 2] = [
        [
            6.657904643501103,
            5.463784911164114,
            1.7848265399172913,
            0.29656057182850487,
            0.026532189526576124,
            0.0012426609473880784,
            2.7115555687434876e-05,
            2.0103343992922881e-07,
        ],
        [
            1.0,
            0.599832206555888,
            0.1369298809227358,
            0.014875361290850615,
            0.0007868691311456133,
            1.8463183175100548e-05,
            1.421511758316446e-07,
            2.0442631033899397e-15,
        ],
    ];
}

/// Samples a normal variate with mean 0 and standard deviation 1.
pub(super) fn standard_normal<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    normal_quantile(unit(rng))
}

/// Samples an exponential variate with mean 1. No sample is above 36.8.
pub(super) fn standard_exponential<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    -libm::log(1.0 - unit(rng))
}

/// Samples a gamma variate with mean 1 and the given standard deviation.
///
/// Source: Marsaglia & Tsang, "A simple method for generating gamma variables" (2000).
pub(super) fn unit_mean_gamma<R: Rng + ?Sized>(cv: f64, rng: &mut R) -> f64 {
    // With a smaller spread the variate is normal, except for a skewness of 2 cv, and the logarithm below would lose
    // its digits.
    const NEARLY_NORMAL: f64 = 1e-5;
    // A spread that is not a number counts as none: with it, the loop below would never end.
    let cv = cv.max(0.0);
    if cv < NEARLY_NORMAL {
        return 1.0 + cv * standard_normal(rng);
    }
    let shape = 1.0 / (cv * cv);
    if shape < 1.0 {
        // The method needs a shape of at least 1: sample with a shape that is larger by 1, then multiply by a power of
        // a uniform number.
        let larger = gamma(shape + 1.0, rng);
        let power = libm::exp(-standard_exponential(rng) / shape);
        return larger * power / shape;
    }
    gamma(shape, rng) / shape
}

/// Samples a gamma variate with scale 1 and a shape from 1 to 1e10.
fn gamma<R: Rng + ?Sized>(shape: f64, rng: &mut R) -> f64 {
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    // The loop ends: a round accepts with a probability of at least 0.95.
    loop {
        let x = standard_normal(rng);
        let cube_root = 1.0 + c * x;
        if cube_root <= 0.0 {
            continue;
        }
        let v = cube_root * cube_root * cube_root;
        if -standard_exponential(rng) < 0.5 * x * x + d * (1.0 - v + libm::log(v)) {
            return d * v;
        }
    }
}

/// The value that a standard normal variate is below with probability `p`, to 16 digits.
fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= as241::CENTRE {
        return q * ratio(&as241::CENTRAL, as241::CENTRE * as241::CENTRE - q * q);
    }
    let r = (-libm::log(p.min(1.0 - p))).sqrt();
    let size = if r <= as241::TAIL {
        ratio(&as241::MIDDLE, r - 1.6)
    } else {
        ratio(&as241::OUTER, r - as241::TAIL)
    };
    size.copysign(q)
}

/// The quotient of two polynomials of `x`.
fn ratio([numerator, denominator]: &[[f64; 8]; 2], x: f64) -> f64 {
    let polynomial = |coefficients: &[f64; 8]| coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c);
    polynomial(numerator) / polynomial(denominator)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Key, Stream};

    #[test]
    fn the_normal_quantile_has_its_published_values() {
        for (p, published) in [
            (0.25, -0.674_489_750_196_081_7),
            (0.001, -3.090_232_306_167_814),
            (1e-20, -9.262_340_089_798_408),
        ] {
            let quantile = normal_quantile(p);
            assert!(
                (quantile / published - 1.0).abs() < 1e-15,
                "{p}: {quantile}, published {published}"
            );
        }
    }

    #[test]
    fn the_normal_quantile_inverts_the_normal_distribution() {
        for step in 1..4_000 {
            // From 5e-17 to one half; the smallest number that a stream gives is 1.1e-16.
            let p = 0.5 * libm::exp(-f64::from(step) * 0.0092);
            let back = 0.5 * libm::erfc(-normal_quantile(p) * std::f64::consts::FRAC_1_SQRT_2);
            assert!((back / p - 1.0).abs() < 1e-13, "{p}: {back}");
        }
    }

    #[test]
    fn the_normal_quantile_is_symmetric() {
        let mut stream = Stream::named(Key::root(1, 0));
        for _ in 0..10_000 {
            let p = stream.unit();
            assert_eq!(normal_quantile(p), -normal_quantile(1.0 - p));
        }
    }
}
