//! A pass or a presentation as a QR code: its text in alphanumeric mode, at level M, drawn as PNG, SVG, or
//! on a terminal.

use onecard::wire::text;
use png::{BitDepth, ColorType, Encoder, EncodingError};
use qrcode::bits::Bits;
use qrcode::types::QrError;
use qrcode::{Color, EcLevel, QrCode, Version};
use std::fmt::Write as _;
use std::iter::repeat_n;

/// Side of a module in a PNG, in pixels.
const SCALE: usize = 4;
/// Modules of white around the symbol (ISO/IEC 18004 asks for four).
const QUIET: usize = 4;
/// Largest QR version.
const LARGEST: i16 = 40;

/// What was to be drawn is longer than any QR code holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} bytes do not fit a QR code")]
pub struct TooLong(pub usize);

/// A QR code.
#[derive(Clone, Debug)]
pub struct Symbol {
    version: i16,
    /// With the white around it; `true` is dark.
    rows: Vec<Vec<bool>>,
}

impl Symbol {
    /// The QR code with the text of these bytes, of the smallest version that holds it.
    ///
    /// # Errors
    /// [`TooLong`].
    pub fn new(bytes: &[u8]) -> Result<Self, TooLong> {
        let text = text::encode(bytes);
        (1..=LARGEST).find_map(|version| Self::of_version(&text, version).ok()).ok_or(TooLong(bytes.len()))
    }

    /// Alphanumeric mode throughout: a text of this alphabet needs no other.
    fn of_version(text: &str, version: i16) -> Result<Self, QrError> {
        let mut bits = Bits::new(Version::Normal(version));
        bits.push_alphanumeric_data(text.as_bytes())?;
        bits.push_terminator(EcLevel::M)?;
        let code = QrCode::with_bits(bits, EcLevel::M)?;
        let white = |modules| repeat_n(false, modules);
        let side = code.width().saturating_add(QUIET).saturating_add(QUIET);
        let blank = || repeat_n(white(side).collect(), QUIET);
        let colors = code.to_colors();
        let modules = colors
            .chunks(code.width())
            .map(|row| white(QUIET).chain(row.iter().map(|color| *color == Color::Dark)).chain(white(QUIET)).collect());
        Ok(Self { version, rows: blank().chain(modules).chain(blank()).collect() })
    }

    /// The QR version, 1 to 40.
    #[must_use]
    pub const fn version(&self) -> i16 {
        self.version
    }

    /// A greyscale PNG with four pixels a module.
    ///
    /// # Errors
    /// Those of the encoder.
    pub fn png(&self) -> Result<Vec<u8>, EncodingError> {
        let pixel = |dark: &bool| repeat_n(if *dark { 0 } else { u8::MAX }, SCALE);
        let line = |row: &Vec<bool>| repeat_n(row.iter().flat_map(pixel).collect::<Vec<_>>(), SCALE);
        let lines: Vec<_> = self.rows.iter().flat_map(line).collect();
        // At most 740.
        let side = lines.len().try_into().unwrap_or(u32::MAX);
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, side, side);
        encoder.set_color(ColorType::Grayscale);
        encoder.set_depth(BitDepth::Eight);
        encoder.write_header()?.write_image_data(&lines.concat())?;
        Ok(bytes)
    }

    /// An SVG with one unit a module and no size of its own.
    #[must_use]
    pub fn svg(&self) -> String {
        let side = self.rows.len();
        let mut path = String::new();
        for (y, row) in self.rows.iter().enumerate() {
            let mut x = 0_usize;
            for run in row.chunk_by(|a, b| a == b) {
                if run.first() == Some(&true) {
                    // Writing to a string does not fail.
                    let _ = write!(path, "M{x} {y}h{0}v1h-{0}z", run.len());
                }
                x = x.saturating_add(run.len());
            }
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
             <path fill=\"#fff\" d=\"M0 0h{side}v{side}h-{side}z\"/><path d=\"{path}\"/></svg>\n"
        )
    }

    /// Lines of half blocks, black on white whatever the terminal's own colours are.
    #[must_use]
    pub fn terminal(&self) -> String {
        let mut out = String::new();
        for pair in self.rows.chunks(2) {
            let mut halves = pair.iter();
            let upper = halves.next().into_iter().flatten();
            // Below an odd last line nothing is dark.
            let lower = halves.next().into_iter().flatten().chain(std::iter::repeat(&false));
            out.push_str("\x1b[38;5;16;48;5;231m");
            out.extend(upper.zip(lower).map(|(upper, lower)| match (upper, lower) {
                (true, true) => '\u{2588}',
                (true, false) => '\u{2580}',
                (false, true) => '\u{2584}',
                (false, false) => ' ',
            }));
            out.push_str("\x1b[0m\n");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use onecard::limits::MAX_PRESENTATION;
    use onecard_testkit::federation::{NOW, pass, presentation};

    /// Version and text of the one QR code in a picture, by another implementation; dark is `true`.
    fn read(picture: &[Vec<bool>]) -> (usize, String) {
        let luma = |x: usize, y: usize| if picture[y / SCALE][x / SCALE] { 0 } else { 255 };
        let (width, height) = (picture[0].len() * SCALE, picture.len() * SCALE);
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, luma);
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1);
        let (found, text) = grids[0].decode().unwrap();
        // The two bits of the format information that say M (ISO/IEC 18004, table of error correction levels).
        assert_eq!(found.ecc_level, 0);
        (found.version.0, text)
    }

    fn png_of(bytes: &[u8]) -> Vec<Vec<bool>> {
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        let line = info.width as usize;
        assert_eq!((info.width, info.color_type, info.bit_depth), (info.height, ColorType::Grayscale, BitDepth::Eight));
        pixels
            .chunks(line)
            .step_by(SCALE)
            .map(|row| row.iter().step_by(SCALE).map(|luma| *luma == 0).collect())
            .collect()
    }

    fn svg_of(svg: &str) -> Vec<Vec<bool>> {
        let between = |from: &str, to: &str| svg.split_once(from).unwrap().1.split_once(to).unwrap().0;
        let side: usize = between("viewBox=\"0 0 ", " ").parse().unwrap();
        let mut picture = vec![vec![false; side]; side];
        for run in between("<path d=\"M", "z\"/></svg>").split("zM") {
            let (at, run) = run.split_once('h').unwrap();
            let (x, y) = at.split_once(' ').unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            let (length, rest) = run.split_once('v').unwrap();
            assert_eq!(rest, format!("1h-{length}"));
            picture[y][x..x + length.parse::<usize>().unwrap()].fill(true);
        }
        picture
    }

    fn terminal_of(text: &str) -> Vec<Vec<bool>> {
        let mut picture = vec![];
        for line in text.lines() {
            let line = line.strip_prefix("\x1b[38;5;16;48;5;231m").unwrap().strip_suffix("\x1b[0m").unwrap();
            assert!(line.chars().all(|half| " \u{2580}\u{2584}\u{2588}".contains(half)), "{line:?}");
            picture.push(line.chars().map(|half| "\u{2588}\u{2580}".contains(half)).collect());
            picture.push(line.chars().map(|half| "\u{2588}\u{2584}".contains(half)).collect());
        }
        picture
    }

    #[test]
    fn another_implementation_reads_every_picture() {
        let pass = pass(1, |_| {});
        for bytes in [&presentation(&pass, 1, NOW), &pass, &vec![0xff; MAX_PRESENTATION], &vec![]] {
            let symbol = Symbol::new(bytes).unwrap();
            let expected = (usize::try_from(symbol.version()).unwrap(), text::encode(bytes));
            assert_eq!(read(&symbol.rows), expected);
            assert_eq!(read(&png_of(&symbol.png().unwrap())), expected);
            assert_eq!(read(&svg_of(&symbol.svg())), expected);
            assert_eq!(read(&terminal_of(&symbol.terminal())), expected);
        }
    }

    /// ISO/IEC 18004 gives 14-M 528 alphanumeric characters, and 362 bytes.
    #[test]
    fn the_mode_is_alphanumeric() {
        let version = |bytes: usize| {
            let symbol = Symbol::new(&vec![b'7'; bytes]).unwrap();
            (text::encode(&vec![b'7'; bytes]).len(), symbol.version())
        };
        assert_eq!(version(349), (528, 14));
        assert_eq!(version(350), (529, 15));
        assert_eq!(version(MAX_PRESENTATION), (964, 20));
        assert_eq!(Symbol::new(&[0; 3_000]).unwrap_err(), TooLong(3_000));
    }

    #[test]
    fn a_realistic_presentation_fits_version_14() {
        let shown = presentation(&pass(255, |claims| claims.holder_class = 255), 255, NOW);
        assert!(shown.len() > 320, "{} bytes are not realistic", shown.len());
        let symbol = Symbol::new(&shown).unwrap();
        assert!(symbol.version() <= 14, "{} bytes take version {}", shown.len(), symbol.version());
    }

    #[test]
    fn four_modules_around_are_white() {
        let symbol = Symbol::new(&[1, 2, 3]).unwrap();
        let side = symbol.rows.len();
        assert_eq!(side, 21 + 8);
        for (y, row) in symbol.rows.iter().enumerate() {
            assert_eq!(row.len(), side);
            for (x, dark) in row.iter().enumerate() {
                let around = [x, y].iter().any(|at| !(4..side - 4).contains(at));
                assert!(!(around && *dark), "{x}, {y}");
            }
        }
        assert!(symbol.rows[4][4] && symbol.rows[4][side - 5] && symbol.rows[side - 5][4]);
    }
}
