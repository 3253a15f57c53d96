//! What everything costs on one kind of host: one TOML file, with the source of each number beside it.

use std::path::Path;
use std::sync::Arc;

/// Every cost of a host. Bundled ones are named for what they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// The bundled name, or the path as written.
    pub name: String,
    /// The profile's text, byte for byte: its digest goes into the manifest.
    pub text: String,
}

/// Why there is no such profile.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// Neither bundled nor a file.
    #[error("neither a bundled profile (linux-x86_64) nor a file that can be read")]
    Unknown,
}

impl Profile {
    /// The bundled profile of that name, or the file of that path, relative to `relative_to`.
    ///
    /// # Errors
    /// There is none.
    pub fn load(name: &str, relative_to: &Path) -> Result<Arc<Self>, ProfileError> {
        let text = match name {
            "linux-x86_64" => String::new(),
            path => std::fs::read_to_string(relative_to.join(path)).map_err(|_| ProfileError::Unknown)?,
        };
        Ok(Arc::new(Self {
            name: name.to_owned(),
            text,
        }))
    }
}
