//! The text in the QR code.

use super::super::schema::{File, Hex, Stage};
use super::world::{NOW, Shown, pass_claims};
use super::{Maker, stage};

fn accepted(text: &[u8], bytes: &[u8]) -> Vec<Stage> {
    vec![Stage { gives: Some(Hex(bytes.to_vec()).text()), ..stage("text", text, "accept") }]
}

fn refused(text: &str, verdict: &str) -> Vec<Stage> {
    vec![stage("text", text.as_bytes(), verdict)]
}

pub(super) fn file() -> File {
    let mut make = Maker::new("The text of a QR code: OC1: and Base45 (RFC 9285).");
    make.section("2");
    make.good("text_of_two_bytes", "two bytes are three characters", accepted(b"OC1:BB8", b"AB"));
    make.good("text_of_one_byte", "a last byte alone is two characters", accepted(b"OC1:BB8U5", &[65, 66, 255]));
    make.good("text_of_nothing", "no bytes are the prefix alone", accepted(b"OC1:", b""));
    make.good("text_with_spaces", "the space is a digit like any other", accepted(b"OC1:%69 VD92EX0", b"Hello!!"));
    make.good("text_of_ffff", "65535 is the largest group", accepted(b"OC1:FGW", &[255, 255]));
    let code = Shown::code(&pass_claims().item(), NOW).binding.unwrap().0;
    let qr = onecard::wire::text::encode(&code);
    make.good("text_longest", "640 bytes are 964 characters", {
        accepted(format!("OC1:{}", "0".repeat(960)).as_bytes(), &[0; 640])
    });
    make.bad("text_too_long", "at most 964 characters", refused(&format!("OC1:{}", "0".repeat(961)), "too_long"));
    let many = vec![Stage { zeros: Some(1_000_000), ..stage("text", b"OC1:", "too_long") }];
    make.bad("text_far_too_long", "the length is looked at before anything else", many);

    make.good("text_of_a_code", "a whole presentation", accepted(qr.as_bytes(), &code));
    make.bad("text_prefix_lower_case", "the prefix is compared byte for byte", {
        refused(&qr.replacen("OC1:", "oc1:", 1), "text.prefix")
    });
    make.bad(
        "text_prefix_other_version",
        "OC2 is another format",
        refused(&qr.replacen("OC1", "OC2", 1), "text.prefix"),
    );
    make.bad(
        "text_prefix_of_another_scheme",
        "HC1 is another scheme",
        refused(&qr.replacen("OC1", "HC1", 1), "text.prefix"),
    );
    make.bad("text_prefix_missing", "the prefix is there", refused(&qr[4..], "text.prefix"));
    make.bad(
        "text_prefix_no_colon",
        "the colon belongs to the prefix",
        refused(&qr.replacen("OC1:", "OC1", 1), "text.prefix"),
    );
    make.bad("text_prefix_twice", "the prefix is there once", refused(&format!("OC1:{qr}"), "text.group"));
    make.bad("text_prefix_cut", "a part of the prefix is none", refused("OC1", "text.prefix"));
    make.bad("text_empty", "the empty text has no prefix", refused("", "text.prefix"));
    make.bad("text_leading_space", "nothing is trimmed", refused(&format!(" {qr}"), "text.prefix"));
    make.bad("text_leading_bom", "nothing is trimmed", refused(&format!("\u{feff}{qr}"), "text.prefix"));
    make.bad("text_trailing_space", "nothing is trimmed", refused(&format!("{qr} "), "text.group"));
    make.bad("text_trailing_newline", "a newline is no digit", refused(&format!("{qr}\n"), "text.alphabet"));
    make.bad("text_trailing_nul", "a zero byte is no digit", refused(&format!("{qr}\0"), "text.alphabet"));
    make.bad(
        "text_lower_case",
        "letters are not folded to upper case",
        refused(&qr.to_lowercase().replacen("oc1:", "OC1:", 1), "text.alphabet"),
    );
    make.bad(
        "text_percent_prefix",
        "nothing is percent-decoded",
        refused(&qr.replacen("OC1:", "OC1%3A", 1), "text.prefix"),
    );
    make.bad(
        "text_as_uri_path",
        "a URI around the text is not taken off",
        refused(&format!("https://onecard.test/{qr}"), "text.prefix"),
    );

    make.base("text_with_spaces");
    make.bad(
        "text_percent_space",
        "a space is not written as %20, whose three characters are digits",
        refused("OC1:%69%20VD92EX0", "text.group"),
    );
    make.bad(
        "text_plus_space",
        "a space is not written as +, which is a digit",
        refused("OC1:%69+VD92EX+", "text.group"),
    );
    make.bad("text_group_65536", "a group of three is at most 65535", refused("OC1:GGW", "text.group"));
    make.bad("text_group_91124", "a group of three is at most 65535", refused("OC1::::", "text.group"));
    make.bad("text_pair_256", "a last pair is at most 255", refused("OC1:V5", "text.group"));
    make.bad("text_pair_2024", "a last pair is at most 255", refused("OC1:BB8::", "text.group"));
    make.bad("text_lone_character", "a last character alone is no byte", refused("OC1:BB8A", "text.group"));
    make.bad("text_quote", "only the 45 characters are digits", refused("OC1:BB\"", "text.alphabet"));
    make.bad("text_underscore", "only the 45 characters are digits", refused("OC1:BB_", "text.alphabet"));
    make.bad("text_full_width", "full-width letters are no digits", refused("OC1:\u{ff22}\u{ff22}8", "text.alphabet"));
    make.bad("text_accent", "letters with accents are no digits", refused("OC1:B\u{c9}8", "text.alphabet"));
    make.file
}
