//! Tests of `hash.rs`.

use super::*;

#[test]
fn hexadecimal_is_read_as_it_is_written() {
    let hash = sha256(&[b"onecard"]);
    let text = hash.to_string();
    assert_eq!(text.parse(), Ok(hash));
    assert_eq!(text.to_uppercase().parse(), Ok(hash));
    let long = format!("{text}0");
    for bad in [
        "",
        &text[..62],
        &text[..63],
        &long,
        &format!("g{}", &text[1..]),
        &format!("é{}", &text[2..]),
        &format!(" {text}"),
    ] {
        assert_eq!(bad.parse::<Hash>(), Err(HashError), "{bad}");
    }
}

#[test]
fn fips_180_4_examples() {
    assert_eq!(sha256(&[]).to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(sha256(&[b"abc"]).to_string(), abc);
    assert_eq!(sha256(&[b"a", b"", b"bc"]).to_string(), abc);
    assert_eq!(format!("{:?}", sha256(&[b"abc"])), abc);
    assert_eq!(sha256(&[b"abc"]).as_ref()[..4], [0xba, 0x78, 0x16, 0xbf]);
}

#[test]
fn each_of_many_is_the_hash_of_one_and_in_order() {
    let bytes: Vec<u8> = (0..3 * 64).map(|at| at as u8 ^ 0x5a).collect();
    let each = |lengths: &[usize]| {
        let mut hashes = Vec::new();
        let inputs = lengths.iter().map(|length| bytes[..*length].split_at(length / 3));
        sha256_each(inputs.map(|(a, b)| [a, b]), |hash| hashes.push(hash));
        hashes
    };
    let one = |lengths: &[usize]| lengths.iter().map(|length| sha256(&[&bytes[..*length]])).collect::<Vec<_>>();
    let (short, long) = (0..SHORT + 1, SHORT + 1..bytes.len());
    for count in 0..=2 * AT_ONCE + 1 {
        // Ascending and descending, so that nothing is left of the input before; and a longer one in each place.
        let ascending: Vec<usize> = short.clone().step_by(7).cycle().take(count).collect();
        let descending: Vec<usize> = short.clone().rev().step_by(5).cycle().take(count).collect();
        assert_eq!(each(&ascending), one(&ascending), "{count}");
        assert_eq!(each(&descending), one(&descending), "{count}");
        for (place, length) in (0..count).zip(long.clone().cycle()) {
            let mut mixed = descending.clone();
            mixed[place] = length;
            assert_eq!(each(&mixed), one(&mixed), "{count} with a longer one at {place}");
        }
    }
    let all: Vec<usize> = (0..bytes.len()).collect();
    assert_eq!(each(&all), one(&all));
}

#[test]
fn every_length_and_split_is_the_streaming_hash() {
    let bytes: Vec<u8> = (0..3 * 64).map(|at| at as u8 ^ 0x5a).collect();
    for length in 0..=bytes.len() {
        let expected = Hash(Sha256::digest(&bytes[..length]).into());
        assert_eq!(sha256(&[&bytes[..length]]), expected, "{length} bytes");
        for split in [0, 1, 32, 33, 64, length] {
            let (a, b) = bytes[..length].split_at(split.min(length));
            assert_eq!(sha256(&[a, b]), expected, "{length} bytes split at {split}");
            assert_eq!(sha256(&[&[], a, &[], b, &[]]), expected, "{length} bytes split at {split}");
        }
    }
}
