//! Single CBOR items, as a schema takes them that allows any.

use super::super::schema::{File, Stage};
use super::value::{array, bytes, int, tag, text};
use super::{Maker, stage};

fn item(bytes: &[u8]) -> Vec<Stage> {
    vec![stage("cbor", bytes, "accept")]
}

pub(super) fn file() -> File {
    let mut make =
        Maker::new("One CBOR item in deterministic encoding (RFC 8949 section 4.2.1), of any type the format has.");
    make.section("1.2");
    let nested = |depth: usize| (1..depth).fold(int(0), |inner, _| array(&[inner]));
    let bad = |make: &mut Maker, name: &str, rule: &str, bytes: &[u8], verdict: &str| {
        make.bad(name, rule, vec![stage("cbor", bytes, verdict)]);
    };
    make.good("cbor_integer_23", "up to 23 an integer is one byte", item(&[0x17]));
    bad(&mut make, "cbor_empty", "an item has at least one byte", &[], "cbor.end");
    bad(&mut make, "cbor_integer_in_2", "an integer is in its shortest form", &[0x18, 0x17], "cbor.not_minimal");
    bad(&mut make, "cbor_integer_in_3", "an integer is in its shortest form", &[0x19, 0, 0x17], "cbor.not_minimal");
    bad(
        &mut make,
        "cbor_integer_in_5",
        "an integer is in its shortest form",
        &[0x1a, 0, 0, 0, 0x17],
        "cbor.not_minimal",
    );
    bad(
        &mut make,
        "cbor_integer_in_9",
        "an integer is in its shortest form",
        &[0x1b, 0, 0, 0, 0, 0, 0, 0, 0x17],
        "cbor.not_minimal",
    );
    bad(&mut make, "cbor_trailing", "nothing follows the item", &[0x17, 0x17], "cbor.trailing");
    bad(&mut make, "cbor_reserved_28", "heads 28 to 30 mean nothing", &[0x1c], "cbor.unused");
    make.good(
        "cbor_integer_largest",
        "the largest integer is 2^64-1",
        item(&[0x1b, 255, 255, 255, 255, 255, 255, 255, 255]),
    );
    bad(&mut make, "cbor_integer_cut", "the argument of a head is whole", &[0x1b, 255, 255, 255, 255], "cbor.end");
    make.good("cbor_negative_24", "-24 is one byte", item(&[0x37]));
    bad(
        &mut make,
        "cbor_negative_in_2",
        "a negative integer is in its shortest form",
        &[0x38, 0x17],
        "cbor.not_minimal",
    );
    make.good("cbor_negative_smallest", "the smallest integer is -2^63", item(&int(i64::MIN)));
    bad(
        &mut make,
        "cbor_negative_below",
        "the smallest integer is -2^63",
        &[0x3b, 0x80, 0, 0, 0, 0, 0, 0, 0],
        "cbor.range",
    );
    make.good("cbor_tag", "a tag and its content", item(&tag(1, int(5))));
    bad(&mut make, "cbor_tag_alone", "a tag has a content", &[0xc1], "cbor.end");
    bad(
        &mut make,
        "cbor_bignum",
        "there are no bignums: a second encoding of an integer",
        &tag(2, bytes(&[5])),
        "cbor.unused",
    );
    bad(&mut make, "cbor_bignum_negative", "there are no bignums", &tag(3, bytes(&[5])), "cbor.unused");
    make.good("cbor_bytes", "a byte string", item(&bytes(&[1, 2, 3])));
    bad(&mut make, "cbor_bytes_length", "a length is in its shortest form", &[0x58, 3, 1, 2, 3], "cbor.not_minimal");
    bad(&mut make, "cbor_bytes_indefinite", "lengths are definite", &[0x5f, 0x43, 1, 2, 3, 0xff], "cbor.indefinite");
    bad(&mut make, "cbor_bytes_cut", "a byte string is whole", &[0x43, 1, 2], "cbor.end");
    bad(
        &mut make,
        "cbor_bytes_huge",
        "a length beyond the input allocates nothing",
        &[0x5b, 255, 255, 255, 255, 255, 255, 255, 255],
        "cbor.end",
    );
    make.good("cbor_text", "a text string in UTF-8", item(&text("\u{8c6b}\u{56ed}")));
    bad(&mut make, "cbor_text_utf8", "text is UTF-8", &[0x62, 0xc3, 0x28], "cbor.utf8");
    bad(
        &mut make,
        "cbor_text_surrogate",
        "text is UTF-8, which has no surrogates",
        &[0x63, 0xed, 0xa0, 0x80],
        "cbor.utf8",
    );
    bad(
        &mut make,
        "cbor_text_overlong",
        "text is UTF-8, each character in its shortest form",
        &[0x62, 0xc0, 0xaf],
        "cbor.utf8",
    );
    bad(&mut make, "cbor_text_indefinite", "lengths are definite", &[0x7f, 0x61, 0x61, 0xff], "cbor.indefinite");
    make.good("cbor_array", "an array", item(&[0x82, 1, 2]));
    bad(&mut make, "cbor_array_indefinite", "lengths are definite", &[0x9f, 1, 2, 0xff], "cbor.indefinite");
    bad(&mut make, "cbor_array_length", "a length is in its shortest form", &[0x98, 2, 1, 2], "cbor.not_minimal");
    bad(&mut make, "cbor_array_cut", "an array is whole", &[0x83, 1, 2], "cbor.end");
    bad(
        &mut make,
        "cbor_array_huge",
        "a length beyond the input allocates nothing",
        &[0x9b, 0, 0, 0, 1, 0, 0, 0, 0],
        "cbor.end",
    );
    bad(&mut make, "cbor_break", "a break ends nothing", &[0x82, 1, 0xff], "cbor.unused");
    make.good(
        "cbor_map",
        "a map, its keys ascending by their bytes: 1, 100, -1",
        item(&[0xa3, 1, 0, 0x18, 0x64, 0, 0x20, 0]),
    );
    bad(
        &mut make,
        "cbor_map_by_length",
        "keys are ascending by their bytes, not by their lengths first",
        &[0xa3, 1, 0, 0x20, 0, 0x18, 0x64, 0],
        "cbor.key_order",
    );
    bad(&mut make, "cbor_map_descending", "keys are ascending", &[0xa2, 2, 0, 1, 0], "cbor.key_order");
    bad(&mut make, "cbor_map_key_twice", "no key is there twice", &[0xa2, 1, 0, 1, 0], "cbor.key_order");
    bad(&mut make, "cbor_map_indefinite", "lengths are definite", &[0xbf, 1, 0, 0xff], "cbor.indefinite");
    bad(&mut make, "cbor_map_half_pair", "a map is pairs", &[0xa1, 1], "cbor.end");
    make.good("cbor_null", "null", item(&[0xf6]));
    bad(&mut make, "cbor_false", "there are no booleans", &[0xf4], "cbor.unused");
    bad(&mut make, "cbor_true", "there are no booleans", &[0xf5], "cbor.unused");
    bad(&mut make, "cbor_undefined", "there is no undefined", &[0xf7], "cbor.unused");
    bad(&mut make, "cbor_simple", "there are no simple values", &[0xf8, 0xff], "cbor.unused");
    bad(&mut make, "cbor_half_float", "there are no floats", &[0xf9, 0x3c, 0], "cbor.unused");
    bad(&mut make, "cbor_single_float", "there are no floats", &[0xfa, 0x3f, 0x80, 0, 0], "cbor.unused");
    bad(&mut make, "cbor_double_float", "there are no floats", &[0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0], "cbor.unused");
    make.good("cbor_depth_12", "items nest 12 deep", item(&nested(12)));
    bad(&mut make, "cbor_depth_13", "items nest at most 12 deep", &nested(13), "cbor.depth");
    bad(&mut make, "cbor_depth_of_tags", "tags nest like arrays", &[0xc1; 640], "cbor.depth");
    bad(
        &mut make,
        "cbor_depth_of_arrays",
        "a decoder does not go as deep as the input says",
        &[0x81; 640],
        "cbor.depth",
    );
    make.file
}
