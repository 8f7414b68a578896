//! Draws a pass or a presentation as a QR code. Nothing is verified here.

use crate::document::{self, Type};
use crate::trust::{read, write};
use crate::{Failure, dump};
use onecard::wire::text;
use onecard_cli::qr::Symbol;
use std::path::Path;

/// The command `qr`.
pub(crate) fn qr(out: &mut String, file: &Path, png: Option<&Path>, svg: Option<&Path>) -> Result<(), Failure> {
    let (kind, bytes) = document::show(&mut String::new(), read(file)?).map_err(Failure::Refused)?;
    if !matches!(kind, Type::Pass | Type::Presentation) {
        return Err(Failure::Refused(format!("not shown as a QR code: a {}", kind.name())));
    }
    // No gate reads a longer one.
    text::decode(text::encode(&bytes).as_bytes()).map_err(|error| Failure::Refused(error.to_string()))?;
    let symbol = Symbol::new(&bytes).map_err(|error| Failure::Refused(error.to_string()))?;
    if let Some(path) = png {
        let picture = symbol.png().map_err(|error| Failure::Usage(error.to_string()))?;
        write(path, &picture)?;
    }
    if let Some(path) = svg {
        write(path, symbol.svg().as_bytes())?;
    }
    if png.is_none() && svg.is_none() {
        out.push_str(&symbol.terminal());
    }
    dump::line(out, &format!("{}, not verified; QR version {}, level M", kind.name(), symbol.version()));
    Ok(())
}
