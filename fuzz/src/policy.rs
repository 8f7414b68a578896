//! A policy is accepted exactly when a slow reading of C2SP tlog-policy accepts it; printed, it is the
//! same policy in one form, with the names and places that it gives; and a checkpoint fulfils it exactly when the
//! rules, read from the quorum down, say so.
//!
//! The input says who cosigned, and then the policy as received, in which `L0` to `L9` and `W0` to
//! `W9` stand for keys.

use onecard::crypto::{SigningKey, sha256};
use onecard::limits::{MAX_NOTE, MAX_POLICY, MAX_POLICY_LINES, MAX_POLICY_NAMES};
use onecard::time::UnixTime;
use onecard::tlog::{
    Checkpoint, KeyKind, KeyName, NoteError, NoteVerifier, PolicyUnmet, SignedCheckpoint, WitnessPolicy, Witnessed,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

const ORIGIN: &str = "onecard.test/310101";
/// Of the witnesses `W0` to `W9`, these cosign when they are asked to; the last two are `W0` and
/// `W1` under other names.
const WITNESSES: usize = 8;

pub fn run(data: &[u8]) {
    let Some((&who, text)) = data.split_first() else { return };
    let text = expand(text);
    let (parsed, model) = (WitnessPolicy::parse(&text), Model::read(&text));
    assert_eq!(parsed.is_ok(), model.is_some(), "{parsed:?}");
    let (Ok(policy), Some(model)) = (parsed, model) else { return };

    let printed = policy.to_text();
    if printed.len() <= MAX_POLICY {
        let again = WitnessPolicy::parse(&printed);
        assert_eq!(again.as_ref(), Ok(&policy), "printed, it is another policy");
        assert_eq!(again.unwrap().to_text(), printed, "two forms");
    }
    assert_eq!(policy.witnesses(), model.witnesses.as_slice());
    assert_eq!(policy.logs(), model.logs.as_slice());
    for at in 0..=model.logs.len() {
        assert_eq!(policy.log_url(at), model.log_urls.get(at).and_then(Option::as_deref), "of log {at}");
    }
    for at in 0..=model.witnesses.len() {
        let (name, url) = model.labels.get(at).map_or((None, None), |(name, url)| (Some(&name[..]), url.as_deref()));
        assert_eq!((policy.witness_name(at), policy.witness_url(at)), (name, url), "of witness {at}");
    }
    for who in [who, !who, 0, u8::MAX] {
        let note = cosigned(who);
        let signed = SignedCheckpoint::verify(note.as_bytes(), &LOGS[0]).unwrap();
        let expected = model.quorum(who);
        let by_log = if model.logs.contains(&LOGS[0]) {
            expected.clone()
        } else if model.logs.iter().any(|log| *log.name() == *ORIGIN) {
            Err(PolicyUnmet::Note(NoteError::NotSigned(name(ORIGIN))))
        } else {
            Err(PolicyUnmet::UnknownLog(name(ORIGIN)))
        };
        let cosigned = |result: Result<Witnessed, _>| {
            result.map(|witnessed| {
                assert_eq!(witnessed.checkpoint(), &signed);
                witnessed.cosigned().iter().map(|(at, _)| *at).collect::<Vec<_>>()
            })
        };
        assert_eq!(cosigned(policy.verify(note.as_bytes())), by_log);
        let known = if model.logs.is_empty() { expected } else { by_log };
        assert_eq!(cosigned(policy.check(&signed)), known);
    }
}

pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let example = "log L0\n\nwitness X1 W0\nwitness X2 W1\nwitness X3 W2\ngroup X-witnesses 2 X1 X2 X3\n\n\
        witness Y1 W3\nwitness Y2 W4\nwitness Y3 W5\ngroup Y-witnesses any Y1 Y2 Y3\n\n\
        group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n";
    let text = |who: u8, text: &str| [&[who], text.as_bytes()].concat();
    vec![
        ("fulfilled", text(0b10_0101, example)),
        ("unmet", text(0b00_0111, example)),
        ("none", text(0, "log L0 https://log.example\nquorum none\n")),
        ("comments", text(1, " # \u{20ac}\n\t\nwitness \u{212a}\tW0  url \nquorum \u{212a}\n")),
        ("another-key", text(0, "log L1\nquorum none\n")),
        ("another-log", text(0, "log L2\nlog L3\nquorum none\n")),
        ("another-name", text(1, "log L0\nwitness a W8\nquorum a\n")),
        ("duplicate-key", text(1, "witness a W0\nwitness b W8\nquorum a\n")),
        ("duplicate-name", text(1, "witness a W0\nwitness a W1\nquorum a\n")),
        ("forward", text(1, "witness a W0\ngroup g any h\ngroup h any a\nquorum g\n")),
        ("cycle", text(1, "group g any h\ngroup h any g\nquorum g\n")),
        ("member-twice", text(1, "witness a W0\ngroup g any a\ngroup h all a\nquorum h\n")),
        ("impossible", text(1, "witness a W0\ngroup g 2 a\nquorum g\n")),
        ("no-quorum", text(0, "log L0\n")),
        ("two-quorums", text(0, "quorum none\nquorum none\n")),
        ("places", text(1, "log L0 a\nlog L2\nwitness a W0 b\nwitness c W1\ngroup g all a c\nquorum g\n")),
        ("named-none", text(1, "witness none W0\nquorum none\n")),
        ("log-for-a-witness", text(1, "witness a L0\nquorum a\n")),
        ("control", text(0, "log L0\r\nquorum none\n")),
    ]
}

/// A policy as the words of the specification say it.
struct Model {
    logs: Vec<NoteVerifier>,
    log_urls: Vec<Option<Vec<u8>>>,
    witnesses: Vec<NoteVerifier>,
    /// Their names and places.
    labels: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// Each name with the line that defines it.
    names: BTreeMap<Vec<u8>, (usize, Defined)>,
    quorum: Vec<u8>,
}

enum Defined {
    Witness(usize),
    Group(u64, Vec<Vec<u8>>),
}

impl Model {
    /// Reads everything first, and looks whether it fits together then.
    fn read(text: &[u8]) -> Option<Self> {
        let mut lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
        let terminated = lines.pop() == Some(b"");
        let allowed = |byte: &u8| matches!(byte, 0x09 | 0x0a | 0x20..=0x7e | 0x80..=0xff);
        if !terminated || text.len() > MAX_POLICY || lines.len() > MAX_POLICY_LINES || !text.iter().all(allowed) {
            return None;
        }
        let (mut logs, mut witnesses, mut names, mut quorums) = (vec![], vec![], BTreeMap::new(), vec![]);
        let (mut log_urls, mut labels) = (vec![], vec![]);
        let (mut definitions, mut groups) = (0, 0);
        for (line, at) in lines.into_iter().zip(0..) {
            let words = line.split(|byte| b" \t".contains(byte)).map(<[u8]>::to_vec).filter(|word| !word.is_empty());
            let words: Vec<Vec<u8>> = words.collect();
            let Some(first) = words.first().filter(|first| first[0] != b'#') else { continue };
            match (&first[..], words.len()) {
                (b"log", 2 | 3) => {
                    logs.push(verifier(&words[1], KeyKind::Ed25519)?);
                    log_urls.push(words.get(2).cloned());
                }
                (b"witness", 3 | 4) => {
                    names.insert(words[1].clone(), (at, Defined::Witness(witnesses.len())));
                    witnesses.push(verifier(&words[2], KeyKind::Cosignature)?);
                    labels.push((words[1].clone(), words.get(3).cloned()));
                    definitions += 1;
                }
                (b"group", 4..) => {
                    let members = words[3..].to_vec();
                    let k = match &words[2][..] {
                        b"any" => 1,
                        b"all" => members.len() as u64,
                        k => std::str::from_utf8(k).ok()?.parse().ok()?,
                    };
                    let plain = [&b"any"[..], b"all"].contains(&&words[2][..]) || k.to_string().as_bytes() == words[2];
                    (plain && (1..=members.len() as u64).contains(&k)).then_some(())?;
                    names.insert(words[1].clone(), (at, Defined::Group(k, members)));
                    definitions += 1;
                    groups += 1;
                }
                (b"quorum", 2) => quorums.push((at, words[1].clone())),
                _ => return None,
            }
        }
        let [(quorum_at, quorum)] = &quorums[..] else { return None };
        let distinct = |keys: &[NoteVerifier]| {
            keys.len() <= MAX_POLICY_NAMES
                && keys.iter().map(|key| *key.key().as_bytes()).collect::<BTreeSet<_>>().len() == keys.len()
        };
        let before = |line: usize, name: &[u8]| names.get(name).is_some_and(|(at, _)| *at < line);
        let all: Vec<(usize, &Vec<u8>)> = names
            .values()
            .flat_map(|(at, defined)| match defined {
                Defined::Group(_, members) => members.iter().map(|member| (*at, member)).collect(),
                Defined::Witness(_) => vec![],
            })
            .collect();
        let once = all.iter().map(|(_, member)| *member).collect::<BTreeSet<_>>().len() == all.len();
        let good = distinct(&logs)
            && distinct(&witnesses)
            && groups <= MAX_POLICY_NAMES
            && names.len() == definitions
            && !names.contains_key(&b"none"[..])
            && all.iter().all(|(at, member)| before(*at, member))
            && once
            && (quorum == b"none" || before(*quorum_at, quorum));
        let quorum = quorum.clone();
        let model = good.then_some(Self { logs, log_urls, witnesses, labels, names, quorum })?;
        (model.note() <= MAX_NOTE).then_some(model)
    }

    /// The bytes of the shortest note that fulfils it: size 0, the shortest name of a log, and those who cosign.
    fn note(&self) -> usize {
        let names = self.logs.iter().map(|log| log.name().to_string());
        let origin = name(&names.min_by_key(String::len).unwrap_or("x".into()));
        let checkpoint = Checkpoint { origin, size: 0, root: sha256(&[]) }.sign(&key(0));
        checkpoint.len() + if self.quorum == b"none" { 0 } else { self.lines(&self.quorum) }
    }

    fn lines(&self, name: &[u8]) -> usize {
        match &self.names[name].1 {
            // The Base64 of 76 bytes.
            Defined::Witness(at) => format!("\u{2014} {} {:104}\n", self.witnesses[*at].name(), "").len(),
            Defined::Group(k, members) => {
                let mut all: Vec<usize> = members.iter().map(|member| self.lines(member)).collect();
                all.sort_unstable();
                all[..*k as usize].iter().sum()
            }
        }
    }

    fn cosigned(&self, witness: usize, who: u8) -> bool {
        (0..WITNESSES).any(|at| who >> at & 1 == 1 && COSIGNERS[at] == self.witnesses[witness])
    }

    fn met(&self, name: &[u8], who: u8) -> bool {
        match &self.names[name].1 {
            Defined::Witness(at) => self.cosigned(*at, who),
            Defined::Group(k, members) => members.iter().filter(|member| self.met(member, who)).count() as u64 >= *k,
        }
    }

    /// Which witnesses cosigned, where they are a quorum.
    fn quorum(&self, who: u8) -> Result<Vec<usize>, PolicyUnmet> {
        let cosigned: Vec<usize> = (0..self.witnesses.len()).filter(|at| self.cosigned(*at, who)).collect();
        let met = self.quorum == b"none" || self.met(&self.quorum, who);
        if met { Ok(cosigned) } else { Err(PolicyUnmet::Quorum(cosigned.len())) }
    }
}

static LOGS: LazyLock<[NoteVerifier; 10]> = LazyLock::new(|| {
    core::array::from_fn(|at| {
        let name = if at < 2 { ORIGIN.to_owned() } else { format!("l/{at}") };
        NoteVerifier::new(&name, KeyKind::Ed25519, key(at as u8).verifying_key()).unwrap()
    })
});

static COSIGNERS: LazyLock<[NoteVerifier; 10]> = LazyLock::new(|| {
    core::array::from_fn(|at| {
        let key = key(20 + (at % WITNESSES) as u8).verifying_key();
        NoteVerifier::new(&format!("w/{at}"), KeyKind::Cosignature, key).unwrap()
    })
});

/// The checkpoint's note, and the lines of those who cosign.
static NOTE: LazyLock<(String, [String; WITNESSES])> = LazyLock::new(|| {
    let checkpoint = Checkpoint { origin: name(ORIGIN), size: 77, root: sha256(&[b"root"]) };
    let line = |at: usize| checkpoint.cosign(&name(&format!("w/{at}")), &key(20 + at as u8), UnixTime::MAX);
    (checkpoint.sign(&key(0)), core::array::from_fn(line))
});

fn cosigned(who: u8) -> String {
    let lines = NOTE.1.iter().zip(0u8..).filter(|(_, at)| who >> at & 1 == 1).map(|(line, _)| line.as_str());
    [NOTE.0.as_str()].into_iter().chain(lines).collect()
}

/// Puts keys in the place of the words that stand for them.
fn expand(text: &[u8]) -> Vec<u8> {
    let mut expanded = Vec::new();
    for word in text.split_inclusive(|byte| b" \t\n".contains(byte)) {
        match word {
            [kind @ (b'L' | b'W'), digit @ b'0'..=b'9', end @ ..] if end.len() < 2 => {
                let keys = if *kind == b'L' { &*LOGS } else { &*COSIGNERS };
                expanded.extend(keys[usize::from(digit - b'0')].to_string().bytes());
                expanded.extend(end);
            }
            word => expanded.extend(word),
        }
    }
    expanded
}

fn verifier(text: &[u8], kind: KeyKind) -> Option<NoteVerifier> {
    let verifier: NoteVerifier = std::str::from_utf8(text).ok()?.parse().ok()?;
    (verifier.kind() == kind).then_some(verifier)
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn name(text: &str) -> KeyName {
    KeyName::new(text).unwrap()
}
