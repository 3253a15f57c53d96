//! The files of a command, written completely or not at all: everything is built in memory, then moved into place.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::report::manifest::Manifest;
use crate::report::{ReportError, csv, plot, published};
use crate::results::Results;

/// The files of a command, in the order in which they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outputs {
    files: Vec<OutputFile>,
}

/// A file to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputFile {
    /// Its name in the output folder.
    pub name: &'static str,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl Outputs {
    /// These files.
    pub(super) fn new(files: Vec<OutputFile>) -> Self {
        Self { files }
    }

    /// Every file of a run; last the manifest, which has the digests of the others.
    ///
    /// # Errors
    /// A plot cannot be drawn.
    pub fn of(results: &Results) -> Result<Self, ReportError> {
        let mut files = vec![
            OutputFile {
                name: "results.csv",
                bytes: csv::results(results),
            },
            OutputFile {
                name: "replications.csv",
                bytes: csv::replications(results),
            },
        ];
        if let Some(bytes) = published::to_csv(results) {
            files.push(OutputFile {
                name: "published.csv",
                bytes,
            });
        }
        let plot = plot::Plot::of(results);
        files.push(OutputFile {
            name: "speedup.svg",
            bytes: plot.svg()?,
        });
        files.push(OutputFile {
            name: "speedup.png",
            bytes: plot.png()?,
        });
        let manifest = Manifest::of(results, &files);
        files.push(OutputFile {
            name: Manifest::FILE,
            bytes: manifest.to_json().into_bytes(),
        });
        Ok(Self { files })
    }

    /// Checks, before anything is simulated, whether files can be written into `folder`. Leaves nothing behind.
    ///
    /// # Errors
    /// They cannot.
    pub fn check_folder(folder: &Path) -> Result<(), ReportError> {
        let unusable = |source| ReportError::Folder {
            folder: folder.to_owned(),
            source,
        };
        // The nearest folder that exists already, where the others would be created.
        let here = |path: &Path| {
            if path.as_os_str().is_empty() {
                PathBuf::from(".")
            } else {
                path.to_owned()
            }
        };
        let existing = folder.ancestors().map(here).find(|path| path.exists());
        let existing = existing.unwrap_or_else(|| folder.to_owned());
        tempfile::Builder::new()
            .prefix(".gilsim-")
            .tempdir_in(existing)
            .map(drop)
            .map_err(unusable)
    }

    /// In the order in which they are written.
    pub fn files(&self) -> &[OutputFile] {
        &self.files
    }

    /// Writes all files into `folder`, which is created if necessary, and returns their paths. Other files there are not
    /// touched.
    ///
    /// # Errors
    /// The folder cannot be created or written to. It is then as it was before: files that had been replaced are restored.
    pub fn write(&self, folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
        let unusable = |source| ReportError::Folder {
            folder: folder.to_owned(),
            source,
        };
        let made_here = !folder.exists();
        fs::create_dir_all(folder).map_err(unusable)?;
        let written = self.write_into(folder).map_err(unusable);
        if written.is_err() && made_here {
            // This only removes an empty folder. If it fails, the first error is the one to report.
            let _ = fs::remove_dir(folder);
        }
        written
    }

    fn write_into(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        // The temporary folders are inside the target, so that a rename stays on one file system and needs no permission
        // beside that to write here. Both are deleted when dropped.
        let fresh = tempfile::Builder::new().prefix(".gilsim-").tempdir_in(folder)?;
        let replaced = tempfile::Builder::new().prefix(".gilsim-").tempdir_in(folder)?;
        for file in &self.files {
            fs::write(fresh.path().join(file.name), &file.bytes)?;
        }
        let mut moved = Vec::new();
        for file in &self.files {
            let target = folder.join(file.name);
            let replacement = Replacement {
                old: replaced.path().join(file.name),
                new: fresh.path().join(file.name),
                target,
            };
            if let Err(error) = replacement.apply() {
                moved.iter().rev().for_each(Replacement::undo);
                return Err(io::Error::new(error.kind(), format!("{}: {error}", file.name)));
            }
            moved.push(replacement);
        }
        Ok(moved.into_iter().map(|replacement| replacement.target).collect())
    }
}

/// A file that is moved into place, and the old file that it replaces.
struct Replacement {
    new: PathBuf,
    target: PathBuf,
    old: PathBuf,
}

impl Replacement {
    fn apply(&self) -> io::Result<()> {
        if self.target.is_dir() {
            return Err(io::Error::new(
                io::ErrorKind::IsADirectory,
                "a folder of that name is in the way",
            ));
        }
        if self.target.exists() {
            fs::rename(&self.target, &self.old)?;
        }
        fs::rename(&self.new, &self.target).inspect_err(|_| self.undo())
    }

    /// Restores the old file as far as possible: a second failure is ignored, because the first one is reported.
    fn undo(&self) {
        if self.target.exists() {
            let _ = fs::remove_file(&self.target);
        }
        if self.old.exists() {
            let _ = fs::rename(&self.old, &self.target);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::made_up;

    fn small() -> Outputs {
        let file = |name, text: &str| OutputFile {
            name,
            bytes: text.as_bytes().to_vec(),
        };
        Outputs {
            files: vec![
                file("results.csv", "new results"),
                file("manifest.json", "new manifest"),
            ],
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn writes_every_file_and_leaves_others_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("notes.txt"), "mine").unwrap();
        fs::write(folder.path().join("results.csv"), "old results").unwrap();
        small().write(folder.path()).unwrap();
        assert_eq!(
            names(folder.path()),
            ["manifest.json", "notes.txt", "results.csv"]
        );
        assert_eq!(
            fs::read_to_string(folder.path().join("results.csv")).unwrap(),
            "new results"
        );
    }

    #[test]
    fn makes_the_folder_and_its_parents() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("output/quickstart");
        assert_eq!(
            small().write(&deep).unwrap(),
            [deep.join("results.csv"), deep.join("manifest.json")]
        );
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named_with_a_way_out() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let error = small()
            .write(&folder.path().join("file/output"))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("file/output") && error.contains("--out"),
            "{error}"
        );
    }

    #[test]
    fn a_failure_half_way_leaves_everything_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("results.csv"), "old results").unwrap();
        fs::create_dir(folder.path().join("manifest.json")).unwrap();
        let error = small().write(folder.path()).unwrap_err();
        assert!(
            format!("{error}").contains("manifest.json: a folder of that name is in the way"),
            "{error}"
        );
        assert_eq!(names(folder.path()), ["manifest.json", "results.csv"]);
        assert_eq!(
            fs::read_to_string(folder.path().join("results.csv")).unwrap(),
            "old results"
        );
    }

    #[test]
    fn the_same_results_make_the_same_bytes() {
        let results = made_up::countdown();
        let outputs = Outputs::of(&results).unwrap();
        assert_eq!(outputs, Outputs::of(&results).unwrap());
        let names: Vec<&str> = outputs.files().iter().map(|file| file.name).collect();
        assert_eq!(
            names,
            [
                "results.csv",
                "replications.csv",
                "published.csv",
                "speedup.svg",
                "speedup.png",
                "manifest.json"
            ]
        );
    }
}
