//! From a name or a text to a profile, complete and checked.
//!
//! A profile that is `like` a bundled one is that one's table with the changes laid over it.

use std::path::Path;
use std::sync::Arc;

use super::{Costs, Profile};

/// The profiles that come with gilsim: name and text.
const BUNDLED: [(&str, &str); 9] = [
    ("linux-x86_64", include_str!("linux-x86_64.toml")),
    ("linux-2012-laptop", include_str!("linux-2012-laptop.toml")),
    ("linux-2-cpu-vm", include_str!("linux-2-cpu-vm.toml")),
    ("linux-2021-server", include_str!("linux-2021-server.toml")),
    ("linux-2023-8-cores", include_str!("linux-2023-8-cores.toml")),
    ("linux-2025-desktop", include_str!("linux-2025-desktop.toml")),
    ("macos-2009-macbook", include_str!("macos-2009-macbook.toml")),
    ("macos-2010-mac-pro", include_str!("macos-2010-mac-pro.toml")),
    ("macos-2021-laptop", include_str!("macos-2021-laptop.toml")),
];

/// Why a profile cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// Neither a bundled name nor a readable file.
    #[error(
        "neither a bundled profile ({}) nor a file that can be read: {source}",
        bundled_names()
    )]
    Unreadable {
        /// Why.
        source: std::io::Error,
    },
    /// Not a profile.
    #[error("the profile {name} cannot be used: {reason}")]
    Malformed {
        /// As named.
        name: String,
        /// Where and why, over several lines.
        reason: String,
    },
}

impl Profile {
    /// A bundled profile, or a file whose path is relative to `base`.
    pub fn load(name: &str, base: &Path) -> Result<Arc<Self>, ProfileError> {
        if let Some(text) = bundled(name) {
            return Self::parse(name, text).map(Arc::new);
        }
        let path = base.join(name);
        let text = std::fs::read_to_string(path).map_err(|source| ProfileError::Unreadable { source })?;
        Self::parse(name, &text).map(Arc::new)
    }

    /// A profile from its text. One that is `like` a bundled one says only what differs.
    pub fn parse(name: &str, text: &str) -> Result<Self, ProfileError> {
        let malformed = |reason: String| ProfileError::Malformed {
            name: name.to_owned(),
            reason,
        };
        let (table, texts) = with_all_it_is_like(text).map_err(malformed)?;
        let costs: Costs = table.try_into().map_err(|error: toml::de::Error| {
            malformed(bad_change(text).unwrap_or_else(|| error.to_string()))
        })?;
        costs.check().map_err(|reason| malformed(reason.to_owned()))?;
        Ok(Self {
            name: name.to_owned(),
            text: texts,
            costs,
        })
    }
}

/// The table that a profile's text amounts to, and the texts that it was made from.
fn with_all_it_is_like(text: &str) -> Result<(toml::Table, String), String> {
    let mut own: toml::Table = toml::from_str(text).map_err(|error| error.to_string())?;
    let Some(like) = own.remove("like") else {
        // Read whole, so that a mistake is shown with its place.
        toml::from_str::<Costs>(text).map_err(|error| error.to_string())?;
        return Ok((own, text.to_owned()));
    };
    let model = like
        .as_str()
        .and_then(bundled)
        .ok_or_else(|| format!("`like` names a bundled profile ({}), not {like}", bundled_names()))?;
    let (mut table, texts) = with_all_it_is_like(model)?;
    for (key, value) in own {
        match (table.get_mut(&key), value) {
            (Some(toml::Value::Table(costs)), toml::Value::Table(changes)) => {
                for (cost, value) in changes {
                    if !costs.contains_key(&cost) {
                        let known = costs.keys().cloned().collect::<Vec<_>>().join(", ");
                        return Err(format!("there is no cost `{key}.{cost}`; [{key}] has {known}"));
                    }
                    costs.insert(cost, value);
                }
            }
            (Some(place), value) => *place = value,
            (None, _) => {
                let known = table.keys().cloned().collect::<Vec<_>>().join(", ");
                return Err(format!("there is no table `{key}`; a profile has {known}"));
            }
        }
    }
    Ok((table, format!("{text}\n{texts}")))
}

/// The first change to the profile that this one is like that makes it unusable, and why.
fn bad_change(text: &str) -> Option<String> {
    let own: toml::Table = toml::from_str(text).ok()?;
    let (model, _) = with_all_it_is_like(bundled(own.get("like")?.as_str()?)?).ok()?;
    let tables = own
        .iter()
        .filter_map(|(key, value)| Some((key, value.as_table()?)));
    tables
        .flat_map(|(key, costs)| costs.iter().map(move |(cost, value)| (key, cost, value)))
        .find_map(|(key, cost, value)| {
            let mut table = model.clone();
            table[key][cost] = value.clone();
            let error = table.try_into::<Costs>().err()?;
            Some(format!("`{key}.{cost}` cannot be {value}: {error}"))
        })
}

fn bundled(name: &str) -> Option<&'static str> {
    let found = BUNDLED.iter().find(|(bundled, _)| *bundled == name)?;
    Some(found.1)
}

fn bundled_names() -> String {
    BUNDLED.map(|(name, _)| name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Nanos;

    #[test]
    fn every_bundled_profile_is_complete() {
        for (name, _) in BUNDLED {
            Profile::load(name, Path::new(".")).unwrap_or_else(|error| panic!("{error}"));
        }
    }

    #[test]
    fn a_profile_that_is_like_another_differs_where_it_says_so_and_nowhere_else() {
        let model = Profile::load("linux-x86_64", Path::new(".")).unwrap();
        let text = "description = \"mine\"\nlike = \"linux-x86_64\"\n[thread]\ncreate = \"77us\"\n";
        let mine = Profile::parse("mine", text).unwrap();
        assert_eq!(mine.costs.thread.create, Nanos::from_micros(77));
        let mut costs = mine.costs.clone();
        costs.description.clone_from(&model.costs.description);
        costs.thread.create = model.costs.thread.create;
        assert_eq!(costs, model.costs);
        // A change of either is seen in the digest.
        assert_eq!(mine.text, format!("{text}\n{}", model.text));
    }

    #[track_caller]
    fn refused(text: &str, reason: &str) {
        let error = Profile::parse("mine", text).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }

    #[test]
    fn what_no_profile_has_is_refused_with_what_there_is() {
        let like = "description = \"mine\"\nlike = \"linux-x86_64\"\n";
        refused(
            &format!("{like}[thread]\ncraete = \"77us\"\n"),
            "there is no cost `thread.craete`; [thread] has create,",
        );
        refused(&format!("{like}[threads]\n"), "there is no table `threads`");
        refused(
            "like = \"linux\"\n",
            "`like` names a bundled profile (linux-x86_64,",
        );
        refused("like = 7\n", "`like` names a bundled profile");
        refused(
            &format!("{like}[thread]\ncreate = \"soon\"\n"),
            "`thread.create` cannot be \"soon\": a duration is a number and a unit",
        );
        refused(&format!("{like}thread = 5\n"), "thread");
    }
}
