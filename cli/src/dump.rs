//! Prints CBOR with the names that the library gives to the parts of a document.
//!
//! Nothing here was verified, so whatever is put on a line stays there: what could move a terminal's cursor, or turn the
//! direction of what is read, is escaped.

use onecard::audit::Printed;
use onecard::time::UnixTime;
use onecard::wire::cbor::{CborError, CborErrorKind, Decoder, Key};
use onecard::wire::shape::Shape;

/// Longest byte string printed whole.
const WHOLE: usize = 64;

/// Prints one item after what stands on the line already, and ends the line.
pub(crate) fn item(out: &mut String, raw: &[u8], shape: Shape, indent: usize) -> Result<(), CborError> {
    let d = &mut Decoder::new(raw);
    let deeper = indent.saturating_add(2);
    match (raw.first().map(|head| head >> 5), shape) {
        (Some(0), Shape::Time) => {
            let seconds: u64 = d.uint()?;
            match UnixTime::try_from(seconds) {
                Ok(time) => line(out, &format!("{time} ({seconds})")),
                Err(_) => line(out, &format!("{seconds} (no time)")),
            }
        }
        (Some(0), _) => line(out, &d.uint::<u64>()?.to_string()),
        (Some(1), _) => line(out, &d.int()?.to_string()),
        (Some(2), _) => line(out, &hex(d.bytes()?)),
        (Some(3), _) => line(out, &format!("{:?}", d.text()?)),
        (Some(4), shape) => {
            let count = d.array()?;
            let fields = match shape {
                Shape::Tuple(fields) => fields,
                Shape::Cases(cases) => case(d.clone(), cases),
                _ => &[],
            };
            line(out, if count == 0 { "none" } else { "" });
            for at in 0..count {
                let (name, shape) = match shape {
                    Shape::List(shape) => ("", *shape),
                    _ => fields.get(at).copied().unwrap_or(("", Shape::Any)),
                };
                let name = if name.is_empty() { format!("[{at}]") } else { name.to_owned() };
                label(out, &name, indent);
                item(out, d.item()?, shape, deeper)?;
            }
        }
        (Some(5), shape) => {
            let fields = if let Shape::Map(fields) = shape { fields } else { &[] };
            let mut map = d.map()?;
            line(out, "");
            while let Some(key) = map.key(d)? {
                let (name, shape) = match key {
                    Key::Text(text) => (format!("{text:?}"), Shape::Any),
                    Key::Int(key) => match fields.iter().find(|field| field.0 == key) {
                        Some((_, name, shape)) => (format!("{name} ({key})"), *shape),
                        None => (key.to_string(), Shape::Any),
                    },
                };
                label(out, &name, indent);
                item(out, d.item()?, shape, deeper)?;
            }
        }
        (Some(_), _) => line(out, &if d.item()? == [0xf6] { "null".into() } else { hex(raw) }),
        (None, _) => return Err(d.error(CborErrorKind::End)),
    }
    d.end()
}

/// The fields of the case that the first item of an array tells.
fn case<F>(mut items: Decoder<'_>, cases: &[(u64, &'static [F])]) -> &'static [F] {
    let number = items.uint::<u64>().ok();
    cases.iter().find(|(case, _)| Some(*case) == number).map_or(&[], |(_, fields)| *fields)
}

/// Prints a name at the start of a line.
pub(crate) fn label(out: &mut String, name: &str, indent: usize) {
    out.push_str(&format!("{:indent$}{}:", "", Printed(name)));
}

/// Ends a line with this text.
pub(crate) fn line(out: &mut String, text: &str) {
    let starts = out.is_empty() || out.ends_with('\n');
    if !starts && !text.is_empty() {
        out.push(' ');
    }
    out.push_str(&Printed(text).to_string());
    out.push('\n');
}

/// Bytes in hexadecimal; of many, how they start.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().take(WHOLE).map(|byte| format!("{byte:02x}")).collect();
    match bytes.len() {
        0..=WHOLE => format!("h'{digits}'"),
        more => format!("h'{digits}…' ({more} bytes)"),
    }
}
