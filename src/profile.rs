//! What everything costs on one kind of host: one TOML file, with the source of each number beside it.

/// Every cost of a host. Bundled ones are named for what they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// The bundled name, or the path as written.
    pub name: String,
    /// The profile's text, byte for byte: its digest goes into the manifest.
    pub text: String,
}
