//! `manifest.json`: the inputs of a run and the digests of its outputs, so that another run can be compared with it.

use std::fmt;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use crate::report::json::cell;
use crate::report::record::record;
use crate::report::{OutputFile, Outputs, ReportError};
use crate::results::{Results, Value, identity};
use crate::scenario::{Configuration, Scenario};

record! {
    /// `manifest.json`: the inputs and outputs of a run. Its keys are in the order of these fields.
    pub struct Manifest {
        /// The version of gilsim that made the run. Another version may write other bytes.
        pub gilsim: String,
        /// The scenario file.
        pub scenario: Input,
        /// Every profile that a configuration uses, in the order of first use.
        pub profiles: Vec<Input>,
        /// The `--set` options, as typed.
        pub overrides: Vec<String>,
        /// The seed of all random streams.
        pub seed: u64,
        /// The number of replications of each configuration.
        pub replications: u32,
        /// The simulated time after which a replication is abandoned, in nanoseconds.
        pub limit_ns: u64,
        /// For each configuration, in the order of `results.csv`, the columns that say which one it is; empty ones are left out.
        pub configurations: Vec<Map<String, Json>>,
        /// Every other file of the run.
        pub outputs: Vec<Output>,
    }
}

record! {
    /// A file that was read.
    pub struct Input {
        /// The path as typed, or the name of a bundled profile. Folders are separated by `/` on every platform.
        pub path: String,
        /// The SHA-256 digest of its text, in hexadecimal.
        pub sha256: String,
    }
}

record! {
    /// A file that was written.
    pub struct Output {
        /// Its name in the output folder.
        pub file: String,
        /// The SHA-256 digest of its bytes, in hexadecimal.
        pub sha256: String,
    }
}

/// A difference between a new run and the recorded one, in its inputs or its outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A different input, which explains all differences in the outputs.
    Input {
        /// What it is, in words.
        what: String,
        /// As the manifest has it.
        recorded: String,
        /// As it is now.
        fresh: String,
    },
    /// The same file with different bytes.
    Bytes {
        /// Its name.
        file: String,
    },
    /// A recorded file that the new run does not write.
    Missing {
        /// Its name.
        file: String,
    },
    /// A file that only the new run writes.
    New {
        /// Its name.
        file: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input {
                what,
                recorded,
                fresh,
            } => write!(f, "{what}: recorded {recorded}, now {fresh}"),
            Self::Bytes { file } => write!(f, "{file}: different bytes"),
            Self::Missing { file } => write!(f, "{file}: recorded, but no longer written"),
            Self::New { file } => write!(f, "{file}: written now, but not recorded"),
        }
    }
}

impl Manifest {
    /// Its name in the output folder.
    pub const FILE: &'static str = "manifest.json";

    /// Of results and the files that were made of them.
    pub fn of(results: &Results, files: &[OutputFile]) -> Self {
        let scenario = &results.scenario;
        let mut profiles: Vec<Input> = Vec::new();
        for configuration in &scenario.configurations {
            let profile = &configuration.machine.profile;
            let input = Input {
                path: profile.name.replace('\\', "/"),
                sha256: sha256(profile.text.as_bytes()),
            };
            if !profiles.contains(&input) {
                profiles.push(input);
            }
        }
        let paths = identity::swept_paths(&scenario.configurations);
        let configurations = scenario
            .configurations
            .iter()
            .map(|configuration| identity_of(configuration, &paths));
        Self {
            gilsim: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: Input {
                path: scenario.path.to_string_lossy().replace('\\', "/"),
                sha256: Self::digest(scenario),
            },
            profiles,
            overrides: scenario.overrides.clone(),
            seed: scenario.replicate.seed,
            replications: scenario.replicate.replications,
            limit_ns: scenario.replicate.limit.0,
            configurations: configurations.collect(),
            outputs: files
                .iter()
                .map(|file| Output {
                    file: file.name.to_owned(),
                    sha256: sha256(&file.bytes),
                })
                .collect(),
        }
    }

    /// SHA-256 of a scenario's text, as a manifest has it.
    pub fn digest(scenario: &Scenario) -> String {
        sha256(scenario.text.as_bytes())
    }

    /// Indented, ending in a line break.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("every key of a manifest is a string") + "\n"
    }

    /// Reads back what [`Manifest::to_json`] wrote.
    ///
    /// # Errors
    /// The file cannot be read, or is not a manifest.
    pub fn load(path: &Path) -> Result<Self, ReportError> {
        let text = fs::read_to_string(path).map_err(|source| ReportError::ManifestUnreadable {
            path: path.to_owned(),
            source,
        })?;
        serde_json::from_str(&text).map_err(|source| ReportError::ManifestInvalid {
            path: path.to_owned(),
            source,
        })
    }

    /// The differences between a new run and the recorded one; empty if every byte is the same. The path of the scenario
    /// file may differ.
    pub fn verify(&self, fresh: &Outputs) -> Vec<Difference> {
        let mut differences = Vec::new();
        let recorded_manifest = fresh.files().iter().find(|file| file.name == Self::FILE);
        let manifest = recorded_manifest.and_then(|file| serde_json::from_slice::<Self>(&file.bytes).ok());
        if let Some(now) = &manifest {
            let mut compare = |what: &str, recorded: String, fresh: String| {
                if recorded != fresh {
                    differences.push(Difference::Input {
                        what: what.to_owned(),
                        recorded,
                        fresh,
                    });
                }
            };
            compare("gilsim's version", self.gilsim.clone(), now.gilsim.clone());
            compare(
                "SHA-256 of the scenario",
                self.scenario.sha256.clone(),
                now.scenario.sha256.clone(),
            );
            compare("cost profiles", inputs(&self.profiles), inputs(&now.profiles));
            compare("overrides", self.overrides.join(" "), now.overrides.join(" "));
            compare("seed", self.seed.to_string(), now.seed.to_string());
            compare(
                "replications",
                self.replications.to_string(),
                now.replications.to_string(),
            );
            compare("limit in ns", self.limit_ns.to_string(), now.limit_ns.to_string());
            let counts = [self, now].map(|manifest| manifest.configurations.len().to_string());
            let [recorded, fresh] = counts;
            compare("number of configurations", recorded, fresh);
        }
        let is_output = |file: &&OutputFile| file.name != Self::FILE;
        for output in &self.outputs {
            let file = output.file.clone();
            match fresh
                .files()
                .iter()
                .filter(is_output)
                .find(|fresh| fresh.name == output.file)
            {
                None => differences.push(Difference::Missing { file }),
                Some(fresh) if sha256(&fresh.bytes) != output.sha256 => {
                    differences.push(Difference::Bytes { file })
                }
                Some(_) => {}
            }
        }
        for fresh in fresh.files().iter().filter(is_output) {
            if !self.outputs.iter().any(|output| output.file == fresh.name) {
                differences.push(Difference::New {
                    file: fresh.name.to_owned(),
                });
            }
        }
        differences
    }
}

/// The columns that say which configuration it is, without empty ones.
pub(super) fn identity_of(configuration: &Configuration, paths: &[&str]) -> Map<String, Json> {
    let swept = paths
        .iter()
        .map(|path| (*path, identity::swept_value(configuration, path)));
    let values = identity::columns(configuration).into_iter().chain(swept);
    let present = values.filter(|(_, value)| *value != Value::Empty);
    present
        .map(|(key, value)| (key.to_owned(), cell(&value)))
        .collect()
}

fn inputs(inputs: &[Input]) -> String {
    inputs
        .iter()
        .map(|input| format!("{} {}", input.path, input.sha256))
        .collect::<Vec<_>>()
        .join(", ")
}

/// In lower-case hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::made_up;

    #[test]
    fn digest_of_a_known_text() {
        assert_eq!(
            sha256(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn reads_back_what_it_wrote_and_finds_no_difference() {
        let folder = tempfile::tempdir().unwrap();
        let outputs = Outputs::of(&made_up::runs_only()).unwrap();
        outputs.write(folder.path()).unwrap();
        let manifest = Manifest::load(&folder.path().join(Manifest::FILE)).unwrap();
        assert_eq!(
            manifest.to_json().as_bytes(),
            outputs.files().last().unwrap().bytes
        );
        assert_eq!(manifest.verify(&outputs), []);
    }

    #[test]
    fn names_what_went_in_and_what_came_out_differently() {
        let results = made_up::runs_only();
        let recorded = Outputs::of(&results).unwrap();
        let recorded: Manifest = serde_json::from_slice(&recorded.files().last().unwrap().bytes).unwrap();
        let mut changed = results;
        changed.scenario.replicate.seed = 8;
        changed.rows[0].replications[0].switches += 1;
        let differences: Vec<String> = recorded
            .verify(&Outputs::of(&changed).unwrap())
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            differences,
            [
                "seed: recorded 7, now 8",
                "results.csv: different bytes",
                "replications.csv: different bytes"
            ]
        );
    }

    #[test]
    fn a_file_that_is_no_manifest_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifest.json");
        assert!(
            Manifest::load(&path)
                .unwrap_err()
                .to_string()
                .contains("manifest.json")
        );
        fs::write(&path, "{\"gilsim\": 3}").unwrap();
        let error = Manifest::load(&path).unwrap_err().to_string();
        assert!(
            error.contains("not a manifest") && error.contains("line 1"),
            "{error}"
        );
    }

    #[test]
    fn reads_like_this() {
        let mut results = made_up::runs_only();
        results.scenario.configurations.truncate(2);
        insta::assert_snapshot!(
            Manifest::of(
                &results,
                &[OutputFile {
                    name: "results.csv",
                    bytes: Vec::new()
                }]
            )
            .to_json()
        );
    }
}
