//! Stub.
use crate::report::ReportError;
use crate::results::Results;
/// Stub.
pub struct Plot;
impl Plot {
    /// Stub.
    pub fn of(_: &Results) -> Self {
        Self
    }
    /// Stub.
    pub fn svg(&self) -> Result<Vec<u8>, ReportError> {
        Ok(Vec::new())
    }
    /// Stub.
    pub fn png(&self) -> Result<Vec<u8>, ReportError> {
        Ok(Vec::new())
    }
}
