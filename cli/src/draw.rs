//! Draws a pass or a presentation as a QR code. Nothing is verified here.

use crate::document::{self, Type};
use crate::dump;
use crate::failure::Failure;
use crate::files::{For, Output, read};
use onecard::limits::MAX_SEGMENT;
use onecard_cli::qr::Symbol;
use std::path::Path;

/// The command `qr`.
pub(crate) fn qr(out: &mut String, file: &Path, png: Option<&Path>, svg: Option<&Path>) -> Result<(), Failure> {
    let create = |path: Option<&Path>| path.map(|path| Output::create(path, For::All)).transpose();
    let (png, svg) = (create(png)?, create(svg)?);
    let to_terminal = png.is_none() && svg.is_none();
    let (kind, bytes) = document::show(&mut String::new(), read(file, MAX_SEGMENT)?).map_err(Failure::Refused)?;
    if !matches!(kind, Type::Pass | Type::Presentation) {
        return Err(Failure::Refused(format!("not shown as a QR code: a {}", kind.name())));
    }
    let symbol = Symbol::new(&bytes).map_err(|error| Failure::Refused(error.to_string()))?;
    if let Some(output) = png {
        output.write(&symbol.png().map_err(|error| Failure::Usage(error.to_string()))?)?;
    }
    if let Some(output) = svg {
        output.write(symbol.svg().as_bytes())?;
    }
    if to_terminal {
        out.push_str(&symbol.terminal());
    }
    dump::line(out, &format!("{}, not verified; QR version {}, level M", kind.name(), symbol.version()));
    Ok(())
}
