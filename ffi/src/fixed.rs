//! Texts with room of fixed size in a struct of C.

use crate::Status;
use core::ffi::c_char;

/// The text with NULs after it, cut where it would leave no room for one.
pub(crate) fn write<const N: usize>(text: &str) -> [c_char; N] {
    let mut room = [0; N];
    // The last place stays a NUL.
    for (to, from) in room.iter_mut().take(N.saturating_sub(1)).zip(text.bytes()) {
        *to = from as c_char;
    }
    room
}

/// The text before the first NUL; there must be one.
pub(crate) fn read(room: &[c_char]) -> Result<String, Status> {
    let length = room.iter().position(|unit| *unit == 0).ok_or(Status::Length)?;
    let bytes = room.iter().take(length).map(|unit| *unit as u8).collect();
    String::from_utf8(bytes).map_err(|_| Status::Utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_back_and_keeps_its_nul() {
        assert_eq!(read(&write::<4>("abc")), Ok("abc".to_owned()));
        assert_eq!(read(&write::<4>("abcd")), Ok("abc".to_owned()));
        assert_eq!(read(&write::<7>("\u{82d1}\u{56ed}")), Ok("\u{82d1}\u{56ed}".to_owned()));
        assert_eq!(read(&write::<4>("")), Ok(String::new()));
        assert_eq!(read(&[b'a' as c_char; 4]), Err(Status::Length));
        assert_eq!(read(&[-1_i8 as c_char, 0]), Err(Status::Utf8));
        assert_eq!(read(&[]), Err(Status::Length));
    }
}
