//! Text files that a user brings along.

use std::path::Path;

/// Reads a text whole.
///
/// # Errors
/// One line: why not, and where it stops being UTF-8.
pub(crate) fn open(path: &str) -> Result<String, String> {
    let bytes = std::fs::read(Path::new(path)).map_err(|error| format!("failed to read the text `{path}`: {error}"))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        format!("the text `{path}` is not UTF-8 (byte {at}); convert it first, with iconv for example")
    })
}
