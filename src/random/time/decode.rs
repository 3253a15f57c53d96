//! A distribution as a cost profile writes it: `"5us"`, `"forever"` or a table with the one key that names its kind.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::Time;
use crate::units::Nanos;

/// What a table may be of.
#[derive(Deserialize)]
#[serde(variant_identifier, rename_all = "lowercase")]
enum Kind {
    Constant,
    Uniform,
    Exponential,
    Normal,
    LogNormal,
    Gamma,
    Pareto,
    Empirical,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    min: Nanos,
    max: Nanos,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mean {
    mean: Nanos,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spread {
    mean: Nanos,
    cv: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tail {
    min: Nanos,
    shape: f64,
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

/// Reads what is written. By hand, since a derived enum would let a second kind in the same table pass unread.
struct Written;

impl<'de> Visitor<'de> for Written {
    type Value = Time;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            r#"a duration such as "5us", "forever", or { exponential = { mean = "5us" } } or the like"#,
        )
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Time, E> {
        if text == "forever" {
            return Ok(Time::Forever);
        }
        checked(Time::Constant(text.parse().map_err(E::custom)?))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Time, A::Error> {
        let Some(kind) = map.next_key()? else {
            return Err(A::Error::invalid_length(0, &self));
        };
        let distribution = match kind {
            Kind::Constant => Time::Constant(map.next_value()?),
            Kind::Uniform => {
                let Range { min, max } = map.next_value()?;
                Time::Uniform { min, max }
            }
            Kind::Exponential => {
                let Mean { mean } = map.next_value()?;
                Time::Exponential { mean }
            }
            Kind::Normal => {
                let Spread { mean, cv } = map.next_value()?;
                Time::Normal { mean, cv }
            }
            Kind::LogNormal => {
                let Spread { mean, cv } = map.next_value()?;
                Time::LogNormal { mean, cv }
            }
            Kind::Gamma => {
                let Spread { mean, cv } = map.next_value()?;
                Time::Gamma { mean, cv }
            }
            Kind::Pareto => {
                let Tail { min, shape } = map.next_value()?;
                Time::Pareto { min, shape }
            }
            Kind::Empirical => Time::Empirical(map.next_value::<Vec<Nanos>>()?.into()),
        };
        if map.next_key::<IgnoredAny>()?.is_some() {
            return Err(A::Error::custom("more than one distribution: keep one"));
        }
        checked(distribution)
    }
}

fn checked<E: Error>(distribution: Time) -> Result<Time, E> {
    distribution.check().map_err(E::custom)?;
    Ok(distribution)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Profile {
        cost: Time,
    }

    fn read(cost: &str) -> Result<Time, String> {
        let profile: Result<Profile, _> = toml::from_str(&format!("cost = {cost}"));
        profile
            .map(|profile| profile.cost)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn every_kind_is_read() {
        let (us, mean) = (Nanos::from_micros, Nanos::from_micros(1));
        for (written, meant) in [
            (r#""5us""#, Time::Constant(us(5))),
            (r#""forever""#, Time::Forever),
            (r#"{ constant = "5us" }"#, Time::Constant(us(5))),
            (
                r#"{ uniform = { min = "0us", max = "20us" } }"#,
                Time::Uniform {
                    min: us(0),
                    max: us(20),
                },
            ),
            (
                r#"{ exponential = { mean = "1us" } }"#,
                Time::Exponential { mean },
            ),
            (
                r#"{ normal = { mean = "1us", cv = 0.5 } }"#,
                Time::Normal { mean, cv: 0.5 },
            ),
            (
                r#"{ lognormal = { mean = "1us", cv = 1 } }"#,
                Time::LogNormal { mean, cv: 1.0 },
            ),
            (
                r#"{ gamma = { mean = "1us", cv = 2.5 } }"#,
                Time::Gamma { mean, cv: 2.5 },
            ),
            (
                r#"{ pareto = { min = "1us", shape = 1.5 } }"#,
                Time::Pareto {
                    min: us(1),
                    shape: 1.5,
                },
            ),
            (
                r#"{ empirical = ["1us", "2us", "9us"] }"#,
                Time::Empirical([us(1), us(2), us(9)].into()),
            ),
        ] {
            assert_eq!(read(written), Ok(meant), "{written}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_what_would_be_right() {
        for (written, complaint) in [
            ("5", r#"expected a duration such as "5us""#),
            ("{}", r#"invalid length 0, expected a duration such as "5us""#),
            (r#""5""#, "unit"),
            (
                r#"{ unifrom = { min = "0us", max = "20us" } }"#,
                "expected one of `constant`, `uniform`",
            ),
            (
                r#"{ uniform = { min = "0us", mx = "20us" } }"#,
                "unknown field `mx`, expected `min` or `max`",
            ),
            (r#"{ gamma = { mean = "1us" } }"#, "missing field `cv`"),
            (r#"{ gamma = { mean = "1us", cv = "1" } }"#, "expected f64"),
            (
                r#"{ uniform = { min = "3us", max = "2us" } }"#,
                "min is 3us, above max, which is 2us",
            ),
            (
                r#"{ lognormal = { mean = "1us", cv = inf } }"#,
                "cv is inf, but must be above 0 and finite",
            ),
            (r#"{ exponential = { mean = "0us" } }"#, "mean is zero"),
            (
                r#"{ pareto = { min = "1us", shape = 1.0 } }"#,
                "shape is 1, but must be above 1",
            ),
            (
                r#"{ empirical = [] }"#,
                "there is no measured value: give one or more",
            ),
            (r#"{ empirical = ["1us", "2"] }"#, "unit"),
            (
                r#"{ constant = "5us", exponential = { mean = "1us" } }"#,
                "more than one distribution",
            ),
        ] {
            let error = read(written).unwrap_err();
            assert!(error.contains(complaint), "{written} gave:\n{error}");
        }
    }
}
