//! Logs: hashing, proofs, notes, checkpoints, cosignatures, and proofs as files.

use super::super::schema::{File, Hex, Stage};
use super::world::{FEDERATION, NOW, named};
use super::{Maker, stage};
use onecard::crypto::{SigningKey, sha256};

type Hash = [u8; 32];

// Hashing and proofs, by the definitions of RFC 6962 section 2.1.

/// Entries of a log, each with the link before it, and the links.
pub(super) struct Chain {
    pub(super) entries: Vec<Vec<u8>>,
    pub(super) links: Vec<Hash>,
}

impl Chain {
    pub(super) fn of(origin: &str, bodies: &[Vec<u8>]) -> Self {
        let mut link = sha256(&[b"onecard/log/v1\n", origin.as_bytes()]).0;
        let (mut entries, mut links) = (vec![], vec![]);
        for body in bodies {
            entries.push([&link[..], body].concat());
            link = leaf(entries.last().unwrap());
            links.push(link);
        }
        Self { entries, links }
    }

    pub(super) fn root(&self) -> Hash {
        root(&self.links)
    }
}

pub(super) fn leaf(entry: &[u8]) -> Hash {
    sha256(&[&[0], entry]).0
}

fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => sha256(&[]).0,
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(half(leaves.len()));
            sha256(&[&[1], &root(left), &root(right)]).0
        }
    }
}

/// The largest power of two below `size`.
fn half(size: usize) -> usize {
    size.next_power_of_two() / 2
}

pub(super) fn inclusion(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return vec![];
    }
    let (left, right) = leaves.split_at(half(leaves.len()));
    match index.checked_sub(left.len()) {
        None => [inclusion(index, left), vec![root(right)]].concat(),
        Some(index) => [inclusion(index, right), vec![root(left)]].concat(),
    }
}

fn consistency(old: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if whole { vec![] } else { vec![root(leaves)] };
    }
    let (left, right) = leaves.split_at(half(leaves.len()));
    match old.checked_sub(left.len()) {
        None | Some(0) => [consistency(old, left, whole), vec![root(right)]].concat(),
        Some(old) => [consistency(old, right, false), vec![root(left)]].concat(),
    }
}

// Notes

pub(super) fn base64(bytes: &[u8]) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |group: &[u8]| {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | u32::from(group.get(at).copied().unwrap_or(0)));
        let digit = |at: usize| char::from(alphabet[(bits >> (18 - 6 * at)) as usize & 63]);
        (0..4).map(|at| if at <= group.len() { digit(at) } else { '=' }).collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

fn key_id(name: &str, kind: u8, key: &SigningKey) -> Vec<u8> {
    sha256(&[name.as_bytes(), b"\n", &[kind], key.verifying_key().as_bytes()]).0[..4].to_vec()
}

pub(super) fn vkey(name: &str, kind: u8, key: &SigningKey) -> String {
    let id = Hex(key_id(name, kind, key)).text();
    format!("{name}+{id}+{}", base64(&[&[kind], &key.verifying_key().as_bytes()[..]].concat()))
}

fn line(name: &str, id: &[u8], signature: &[u8]) -> String {
    format!("\u{2014} {name} {}\n", base64(&[id, signature].concat()))
}

fn signed_line(name: &str, key: &SigningKey, text: &str) -> String {
    line(name, &key_id(name, 1, key), &key.sign(text.as_bytes()))
}

pub(super) fn cosigned_line(name: &str, key: &SigningKey, time: u64, text: &str) -> String {
    let signature = key.sign(format!("cosignature/v1\ntime {time}\n{text}").as_bytes());
    line(name, &key_id(name, 4, key), &[&time.to_be_bytes()[..], &signature].concat())
}

pub(super) fn checkpoint_text(origin: &str, size: usize, root: &Hash) -> String {
    format!("{origin}\n{size}\n{}\n", base64(root))
}

/// The note of a log's checkpoint.
pub(super) fn checkpoint(origin: &str, key: &SigningKey, size: usize, root: &Hash) -> String {
    let text = checkpoint_text(origin, size, root);
    format!("{text}\n{}", signed_line(origin, key, &text))
}

pub(super) fn proof_file(extra: &[u8], index: usize, hashes: &[Hash], note: &str) -> String {
    let lines: String = hashes.iter().map(|hash| base64(hash) + "\n").collect();
    let extra = if extra.is_empty() { String::new() } else { format!("extra {}\n", base64(extra)) };
    format!("c2sp.org/tlog-proof@v1\n{extra}index {index}\n{lines}\n{note}")
}

// Cases

const ORIGIN: &str = "onecard.test/310101";

pub(super) fn log_key() -> SigningKey {
    named("310101 log")
}

fn witness(member: u32) -> (String, SigningKey) {
    (format!("{FEDERATION}/{member}/witness"), named(&format!("{member} witness")))
}

fn bodies() -> Vec<Vec<u8>> {
    (0..7_u8).map(|at| vec![at; usize::from(at)]).collect()
}

pub(super) fn file() -> File {
    let mut make = Maker::new("Logs: hash chain and tree, proofs, notes, checkpoints, cosignatures, tlog-proofs.");
    make.key("310101 log", &log_key());
    for member in [320_100, 330_100, 340_100] {
        make.key(&format!("{member} witness"), &witness(member).1);
    }
    hashing(&mut make);
    inclusions(&mut make);
    consistencies(&mut make);
    vkeys(&mut make);
    checkpoints(&mut make);
    proofs(&mut make);
    make.file
}

fn hashing(make: &mut Maker) {
    make.section("4.1");
    for size in [0, 1, 2, 7] {
        let bodies = &bodies()[..size];
        let chain = Chain::of(ORIGIN, bodies);
        let link = chain.links.last().copied().unwrap_or(sha256(&[b"onecard/log/v1\n", ORIGIN.as_bytes()]).0);
        let bytes: Vec<u8> =
            bodies.iter().flat_map(|body| [&(body.len() as u16).to_be_bytes()[..], body].concat()).collect();
        let gives = format!("{} {}", Hex(link.to_vec()).text(), Hex(chain.root().to_vec()).text());
        let (origin, gives) = (Some(ORIGIN.to_owned()), Some(gives));
        let name = ["log_of_nothing", "log_of_one", "log_of_two", "", "", "", "", "log_of_seven"][size];
        make.good(
            name,
            "the last link and the root of a log",
            vec![Stage { origin, gives, ..stage("log", &bytes, "accept") }],
        );
    }
}

fn inclusions(make: &mut Maker) {
    make.section("4.1");
    let chain = Chain::of(ORIGIN, &bodies());
    let hex = |hash: &Hash| Some(Hex(hash.to_vec()));
    let case = |leaf: &Hash, index: u64, size: u64, root: &Hash, proof: &[Hash], verdict: &str| {
        let (index, size, leaf, root) = (Some(index), Some(size), hex(leaf), hex(root));
        vec![Stage { index, size, leaf, root, ..stage("inclusion", &proof.concat(), verdict) }]
    };
    make.good("inclusion_of_the_only_leaf", "the proof is empty", {
        case(&chain.links[0], 0, 1, &chain.links[0], &[], "accept")
    });
    let root = chain.root();
    make.good("inclusion_at_the_edge", "the last of seven leaves", {
        case(&chain.links[6], 6, 7, &root, &inclusion(6, &chain.links), "accept")
    });
    let proof = inclusion(2, &chain.links);
    make.good("inclusion", "leaf 2 of 7", case(&chain.links[2], 2, 7, &root, &proof, "accept"));
    let mut bad = |name: &str, rule: &str, verdict: &str, leaf: &Hash, index: u64, size: u64, proof: &[Hash]| {
        make.bad(&format!("inclusion_{name}"), rule, case(leaf, index, size, &root, proof, verdict));
    };
    let leaf = &chain.links[2];
    bad("other_leaf", "the leaf is the one proven", "proof.root", &chain.links[3], 2, 7, &proof);
    bad("other_index", "the index is the one proven", "proof.root", leaf, 3, 7, &proof);
    bad("other_size", "the proof is of this size", "proof.length", leaf, 2, 4, &proof);
    bad("index_at_size", "the index is below the size", "proof.out_of_range", leaf, 7, 7, &proof);
    bad("size_0", "nothing is in the empty tree", "proof.out_of_range", leaf, 0, 0, &[]);
    bad("index_2_63", "any index is judged", "proof.out_of_range", leaf, 1 << 63, 7, &proof);
    bad("size_2_64", "any size is judged", "proof.length", leaf, 2, u64::MAX, &proof);
    bad("short", "the proof has as many hashes as its sizes need", "proof.length", leaf, 2, 7, &proof[..2]);
    bad("long", "the proof has no hash more", "proof.length", leaf, 2, 7, &[&proof[..], &[[0; 32]]].concat());
    let mut swapped = proof.clone();
    swapped.swap(0, 1);
    bad("swapped", "hashes go from the leaf up", "proof.root", leaf, 2, 7, &swapped);
}

fn consistencies(make: &mut Maker) {
    make.section("4.1");
    let links = Chain::of(ORIGIN, &bodies()).links;
    let at = |size: usize| root(&links[..size]);
    let case = |old: u64, new: u64, roots: (Hash, Hash), proof: &[Hash], verdict: &str| {
        let (old_root, root) = (Some(Hex(roots.0.to_vec())), Some(Hex(roots.1.to_vec())));
        vec![Stage {
            old_size: Some(old),
            size: Some(new),
            old_root,
            root,
            ..stage("consistency", &proof.concat(), verdict)
        }]
    };
    make.good("consistency_of_equal_sizes", "the proof is empty", case(7, 7, (at(7), at(7)), &[], "accept"));
    make.bad(
        "consistency_equal_sizes_two_roots",
        "one size has one root",
        case(7, 7, (at(6), at(7)), &[], "proof.root"),
    );
    make.good("consistency_from_nothing", "the proof is empty", case(0, 7, (at(0), at(7)), &[], "accept"));
    make.bad(
        "consistency_from_nothing_with_a_root",
        "the empty tree has one root",
        case(0, 7, (at(1), at(7)), &[], "proof.root"),
    );
    make.good("consistency_from_a_power_of_two", "the old root begins the proof by itself", {
        case(4, 7, (at(4), at(7)), &consistency(4, &links, true), "accept")
    });
    let proof = consistency(3, &links, true);
    make.good("consistency", "3 and 7", case(3, 7, (at(3), at(7)), &proof, "accept"));
    let mut bad = |name: &str, rule: &str, verdict: &str, old: u64, roots: (Hash, Hash), proof: &[Hash]| {
        make.bad(&format!("consistency_{name}"), rule, case(old, 7, roots, proof, verdict));
    };
    bad("fork", "the new tree holds the old one", "proof.root", 3, (at(2), at(7)), &proof);
    bad("other_root", "the new root is the one proven", "proof.root", 3, (at(3), at(6)), &proof);
    bad("backwards", "the old size is not above the new", "proof.out_of_range", 8, (at(3), at(7)), &proof);
    bad("short", "the proof has as many hashes as its sizes need", "proof.length", 3, (at(3), at(7)), &proof[1..]);
    bad("long", "the proof has no hash more", "proof.length", 3, (at(3), at(7)), &[&proof[..], &[[0; 32]]].concat());
    bad("empty", "the proof is not empty", "proof.length", 3, (at(3), at(7)), &[]);
}

fn vkeys(make: &mut Maker) {
    make.section("4.3");
    let of_witness = vkey(&witness(320_100).0, 4, &witness(320_100).1);
    let taken = |text: &str, id: Vec<u8>| {
        vec![Stage { gives: Some(Hex(id).text()), ..stage("vkey", text.as_bytes(), "accept") }]
    };
    make.good(
        "vkey_of_a_witness",
        "a cosignature key",
        taken(&of_witness, key_id(&witness(320_100).0, 4, &witness(320_100).1)),
    );
    let good = vkey(ORIGIN, 1, &log_key());
    make.good("vkey", "the key of a log", taken(&good, key_id(ORIGIN, 1, &log_key())));
    let mut bad = |name: &str, rule: &str, verdict: &str, text: &str| {
        make.bad(&format!("vkey_{name}"), rule, vec![stage("vkey", text.as_bytes(), verdict)]);
    };
    let material = |kind: u8| base64(&[&[kind], &log_key().verifying_key().as_bytes()[..]].concat());
    let id = Hex(key_id(ORIGIN, 1, &log_key())).text();
    bad("key_id", "the key id fits name and key", "note.vkey", &format!("{ORIGIN}+00000000+{}", material(1)));
    bad(
        "key_id_upper_case",
        "the key id is in lower case",
        "note.vkey",
        &format!("{ORIGIN}+{}+{}", id.to_uppercase(), material(1)),
    );
    bad("type", "the type is 0x01 or 0x04", "note.vkey", &vkey(ORIGIN, 2, &log_key()));
    bad("padding", "the Base64 has no padding too many", "note.vkey", &format!("{good}="));
    bad("newline", "nothing follows", "note.vkey", &format!("{good}\n"));
    bad("two_parts", "it has three parts", "note.vkey", &format!("{ORIGIN}+{id}"));
    bad("no_name", "a key has a name", "note.key_name", &vkey("", 1, &log_key()));
    bad("space", "a name has no space", "note.key_name", &vkey("onecard test", 1, &log_key()));
    bad("long_name", "a name has at most 255 bytes", "note.key_name", &vkey(&"n".repeat(256), 1, &log_key()));
    let small = [&[1, 1][..], &[0; 31]].concat();
    let small_id = Hex(sha256(&[ORIGIN.as_bytes(), b"\n", &small]).0[..4].to_vec()).text();
    bad(
        "small_order",
        "the key passes the rule for registered keys",
        "key.small_order",
        &format!("{ORIGIN}+{small_id}+{}", base64(&small)),
    );
}

fn checkpoints(make: &mut Maker) {
    make.section("4.3");
    let (key, root) = (log_key(), Chain::of(ORIGIN, &bodies()).root());
    let text = checkpoint_text(ORIGIN, 7, &root);
    let note = checkpoint(ORIGIN, &key, 7, &root);
    let log = vkey(ORIGIN, 1, &key);
    let (one, two) = (witness(320_100), witness(330_100));
    let witnesses = [vkey(&one.0, 4, &one.1), vkey(&two.0, 4, &two.1)];
    let known = || Some([std::slice::from_ref(&log), &witnesses[..]].concat());
    let taken = |note: &str, cosigned: &str| {
        let gives = Some(format!("7 {}, cosigned: {cosigned}", Hex(root.to_vec()).text()));
        vec![Stage { vkeys: known(), gives, ..stage("checkpoint", note.as_bytes(), "accept") }]
    };
    let refused =
        |note: &str, verdict: &str| vec![Stage { vkeys: known(), ..stage("checkpoint", note.as_bytes(), verdict) }];
    make.good("checkpoint", "signed by its log", taken(&note, "none"));
    let mut bad = |name: &str, rule: &str, verdict: &str, note: &str| {
        make.bad(&format!("checkpoint_{name}"), rule, refused(note, verdict));
    };
    let with_text = |text: &str| format!("{text}\n{}", signed_line(ORIGIN, &key, text));
    let root64 = base64(&root);
    bad(
        "other_log",
        "its origin is the key's name",
        "checkpoint.other_log",
        &with_text(&checkpoint_text("onecard.test/320100", 7, &root)),
    );
    bad(
        "not_signed",
        "its log signed",
        "note.not_signed",
        &format!("{text}\n{}", signed_line("onecard.test/320100", &key, &text)),
    );
    bad("signature", "what it says was signed", "note.signature", &note.replacen("\n7\n", "\n8\n", 1));
    bad("signature_length", "an Ed25519 signature has 64 bytes", "note.signature", &{
        format!("{text}\n{}", line(ORIGIN, &key_id(ORIGIN, 1, &key), &[0; 63]))
    });
    bad("extension", "it has no extension lines", "checkpoint.text", &with_text(&format!("{text}more\n")));
    bad(
        "size_leading_zero",
        "the size has no leading zero",
        "checkpoint.text",
        &with_text(&format!("{ORIGIN}\n07\n{root64}\n")),
    );
    bad("size_plus", "the size has no sign", "checkpoint.text", &with_text(&format!("{ORIGIN}\n+7\n{root64}\n")));
    bad(
        "size_2_64",
        "the size is below 2^64",
        "checkpoint.text",
        &with_text(&format!("{ORIGIN}\n18446744073709551616\n{root64}\n")),
    );
    bad(
        "root_unpadded",
        "the root is padded Base64",
        "checkpoint.text",
        &with_text(&format!("{ORIGIN}\n7\n{}\n", root64.trim_end_matches('='))),
    );
    bad(
        "root_31",
        "the root has 32 bytes",
        "checkpoint.text",
        &with_text(&format!("{ORIGIN}\n7\n{}\n", base64(&root[..31]))),
    );
    bad("two_lines", "it has three lines", "checkpoint.text", &with_text(&format!("{ORIGIN}\n7\n")));
    bad(
        "no_blank_line",
        "an empty line ends the text",
        "note.shape",
        &format!("{text}{}", signed_line(ORIGIN, &key, &text)),
    );
    bad("no_signatures", "a note has a signature line", "note.shape", &format!("{text}\n"));
    bad("no_last_newline", "a signature line ends in a newline", "note.shape", note.trim_end());
    bad("crlf", "lines end in a newline alone", "note.not_text", &note.replace('\n', "\r\n"));
    bad("tab", "there is no control character but newline", "note.not_text", &note.replacen("\n7\n", "\n\t7\n", 1));
    bad("hyphen_for_dash", "a signature line begins with an em dash", "note.line", &note.replacen('\u{2014}', "-", 1));
    bad("line_unpadded", "a known key's line is padded Base64", "note.signature", &{
        let id = key_id(ORIGIN, 1, &key);
        format!(
            "{text}\n\u{2014} {ORIGIN} {}\n",
            base64(&[&id[..], &key.sign(text.as_bytes())].concat()).trim_end_matches('=')
        )
    });
    bad(
        "line_of_an_id_alone",
        "a known key's line has a signature",
        "note.signature",
        &format!("{text}\n{}", line(ORIGIN, &key_id(ORIGIN, 1, &key), &[])),
    );
    bad("line_no_base64", "whose line it is, name and key id say, whatever follows", "note.signature", &{
        let id = base64(&[&key_id(ORIGIN, 1, &key)[..], &[0; 2]].concat());
        format!("{text}\n\u{2014} {ORIGIN} {id}?\n")
    });
    bad("line_without_an_id", "the line of no key is not the log's", "note.not_signed", &{
        format!("{text}\n\u{2014} {ORIGIN} AAAA\n")
    });
    bad("no_dash", "a signature line begins with an em dash and a space", "note.line", &format!("{note}\u{2014}a\n"));
    bad(
        "two_lines_of_one_key",
        "a known key has one line",
        "note.two_lines",
        &format!("{note}{}", signed_line(ORIGIN, &key, &text)),
    );
    let many: String = (0..64).map(|at| line(&format!("n{at}"), &[0; 4], &[0])).collect();
    bad("65_lines", "at most 64 signature lines", "note.too_many_signatures", &format!("{note}{many}"));
    let not_utf8 = [note.as_bytes(), &[0xff]].concat();
    make.bad("checkpoint_not_utf8", "a note is UTF-8", {
        vec![Stage { vkeys: known(), ..stage("checkpoint", &not_utf8, "note.not_text") }]
    });
    let long =
        Stage { vkeys: known(), zeros: Some(16_385 - note.len()), ..stage("checkpoint", note.as_bytes(), "too_long") };
    make.bad("checkpoint_too_long", "at most 16,384 bytes, looked at first", vec![long]);
    let cosigner = Some(vec![witnesses[0].clone()]);
    make.bad("checkpoint_by_a_witness_key", "a log signs by type 0x01", {
        vec![Stage { vkeys: cosigner, ..stage("checkpoint", note.as_bytes(), "note.wrong_kind") }]
    });

    let at = NOW as u64;
    let first = cosigned_line(&one.0, &one.1, at, &text);
    let second = cosigned_line(&two.0, &two.1, at, &text);
    let unknown = line("someone", &[1, 2, 3, 4], &[5]);
    make.good(
        "checkpoint_of_unknown_lines",
        "lines of unknown keys mean nothing",
        taken(&format!("{note}{unknown}"), "none"),
    );
    for (name, rule, lines) in [
        (
            "checkpoint_of_unknown_lines_twice",
            "nor do two of one name and key id",
            format!("{unknown}{}", line("someone", &[1, 2, 3, 4], &[6])),
        ),
        (
            "checkpoint_of_unknown_lines_of_a_long_name",
            "nor does one with a name longer than any key's",
            line(&"n".repeat(256), &[0; 4], &[5]),
        ),
        (
            "checkpoint_of_unknown_lines_of_a_control_character",
            "nor does one with a control character from U+007F on",
            line("a\u{7f}\u{9b}", &[0; 4], &[5]),
        ),
        ("checkpoint_of_unknown_lines_of_a_plus", "nor does one with a name that is none", line("a+b", &[0; 4], &[5])),
        (
            "checkpoint_of_unknown_lines_of_a_known_name",
            "nor does one that has a known key's name alone",
            line(&one.0, &[0; 4], &[5]),
        ),
        (
            "checkpoint_of_unknown_lines_of_a_known_id",
            "nor does one that has a known key's id alone",
            line("w", &key_id(&one.0, 4, &one.1), &[5]),
        ),
        (
            "checkpoint_of_unknown_lines_of_no_base64",
            "nor does one that holds no Base64",
            "\u{2014} someone ?\n".to_owned(),
        ),
        (
            "checkpoint_of_unknown_lines_of_a_name_alone",
            "nor does one that holds nothing else",
            "\u{2014} someone\n".to_owned(),
        ),
        ("checkpoint_of_unknown_lines_of_nothing", "nor does one that holds nothing at all", "\u{2014} \n".to_owned()),
    ] {
        make.good(name, rule, taken(&format!("{note}{lines}{first}"), &format!("{} {at}", one.0)));
    }
    make.good("cosigned_by_two", "two witnesses, in any order", {
        taken(&format!("{note}{second}{first}"), &format!("{} {at}, {} {at}", one.0, two.0))
    });
    let cosigned = format!("{note}{first}");
    make.good("cosigned", "a witness, and when", taken(&cosigned, &format!("{} {at}", one.0)));
    let mut bad = |name: &str, rule: &str, verdict: &str, lines: &str| {
        make.bad(&format!("cosigned_{name}"), rule, refused(&format!("{note}{lines}"), verdict));
    };
    let other = checkpoint_text(ORIGIN, 6, &root);
    bad(
        "other_checkpoint",
        "a bad line of a known key refuses the note",
        "note.signature",
        &cosigned_line(&one.0, &one.1, at, &other),
    );
    let later = {
        let signature = one.1.sign(format!("cosignature/v1\ntime {at}\n{text}").as_bytes());
        line(&one.0, &key_id(&one.0, 4, &one.1), &[&(at + 1).to_be_bytes()[..], &signature].concat())
    };
    bad("redated", "the time is signed", "note.signature", &later);
    bad(
        "plain",
        "a cosignature has its time",
        "note.signature",
        &line(&one.0, &key_id(&one.0, 4, &one.1), &one.1.sign(text.as_bytes())),
    );
    bad("twice", "a witness has one line", "note.two_lines", &format!("{first}{first}"));
    bad(
        "no_base64",
        "a known key's line is Base64",
        "note.signature",
        &cosigned_line(&one.0, &one.1, at, &text).replacen("==\n", "=\n", 1),
    );
    bad(
        "year_10000",
        "the time is at most the year 9999",
        "note.time",
        &cosigned_line(&one.0, &one.1, 253_402_300_800, &text),
    );
}

fn proofs(make: &mut Maker) {
    make.section("5.4");
    let (key, chain) = (log_key(), Chain::of(ORIGIN, &bodies()));
    let note = checkpoint(ORIGIN, &key, 7, &chain.root());
    let text = checkpoint_text(ORIGIN, 7, &chain.root());
    let (one, two) = (witness(320_100), witness(330_100));
    let cosigned = |witnesses: &[&(String, SigningKey)]| {
        let lines = witnesses.iter().map(|(name, key)| cosigned_line(name, key, NOW as u64, &text));
        note.clone() + &lines.collect::<String>()
    };
    let vkeys = vec![vkey(ORIGIN, 1, &key), vkey(&one.0, 4, &one.1), vkey(&two.0, 4, &two.1)];
    let case = |file: &str, quorum: u64, verdict: &str| {
        let (vkeys, leaf) = (Some(vkeys.clone()), Some(Hex(chain.links[2].to_vec())));
        vec![Stage { vkeys, leaf, quorum: Some(quorum), ..stage("tlog_proof", file.as_bytes(), verdict) }]
    };
    let hashes = inclusion(2, &chain.links);
    make.good("tlog_proof_unwitnessed", "a quorum of none", case(&proof_file(b"", 2, &hashes, &note), 0, "accept"));
    make.good("tlog_proof_extra", "extra data is not signed", case(&proof_file(b"x", 2, &hashes, &note), 0, "accept"));
    let both = cosigned(&[&one, &two]);
    let good = proof_file(b"", 2, &hashes, &both);
    make.good("tlog_proof", "an entry under a checkpoint that two witnesses cosigned", case(&good, 2, "accept"));
    let mut bad = |name: &str, rule: &str, verdict: &str, file: &str| {
        make.bad(&format!("tlog_proof_{name}"), rule, case(file, 2, verdict));
    };
    bad("quorum", "enough witnesses cosigned", "tlog_proof.quorum", &proof_file(b"", 2, &hashes, &cosigned(&[&one])));
    bad("index", "the index is the one proven", "proof.root", &proof_file(b"", 3, &hashes, &both));
    bad("index_beyond", "the index is below the size", "proof.out_of_range", &proof_file(b"", 7, &hashes, &both));
    bad("short", "the proof has all its hashes", "proof.length", &proof_file(b"", 2, &hashes[1..], &both));
    bad(
        "signature",
        "the checkpoint is signed",
        "note.signature",
        &proof_file(b"", 2, &hashes, &both.replacen("\n7\n", "\n8\n", 1)),
    );
    bad("header", "the first line says what it is", "tlog_proof.line", &good.replacen("@v1", "@v2", 1));
    bad(
        "index_leading_zero",
        "the index has no leading zero",
        "tlog_proof.line",
        &good.replacen("index 2", "index 02", 1),
    );
    bad("no_index", "there is an index", "tlog_proof.line", &good.replacen("index 2\n", "", 1));
    bad("extra_empty", "extra data is not empty", "tlog_proof.line", &good.replacen("index", "extra \nindex", 1));
    bad(
        "hash_31",
        "a hash has 32 bytes",
        "tlog_proof.line",
        &good.replacen(&base64(&hashes[0]), &base64(&hashes[0][..31]), 1),
    );
    bad("65_hashes", "at most 64 hashes", "tlog_proof.line", &proof_file(b"", 2, &[[0; 32]; 65], &both));
    let zeros = Some(131_073 - good.len());
    let long = case(&good, 2, "too_long").into_iter().map(|stage| Stage { zeros, ..stage }).collect();
    make.bad("tlog_proof_too_long", "at most 131,072 bytes, looked at first", long);
}
