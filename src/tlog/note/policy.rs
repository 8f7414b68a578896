//! Trust policies (C2SP tlog-policy): which logs are trusted, and which witnesses have to have
//! cosigned a checkpoint of theirs.
//!
//! The file is written by people: spaces, comments and the order of its lines are free, and
//! [`WitnessPolicy::to_text`] writes one form of it. What it means is strict: every name is defined before
//! it is used, every key listed once, and a name is a member of one group at most, so that nobody
//! counts twice.

use super::checkpoint::SignedCheckpoint;
use super::note::{KeyKind, KeyName, NoteError, NoteVerifier, line_length, parse_decimal};
use crate::{
    limits::{MAX_NOTE, MAX_POLICY, MAX_POLICY_LINES, MAX_POLICY_NAMES},
    time::UnixTime,
};

/// The quorum that nobody has to cosign for. No witness and no group is called so.
const NONE: &[u8] = b"none";

/// The bytes of a checkpoint of size 0 and its log's line, without the log's name.
const UNNAMED_NOTE: usize = 147;

/// What is wrong with a line of a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyFault {
    /// It does not end in a newline.
    #[error("it does not end in a newline")]
    Unterminated,
    /// A control character other than tab and newline.
    #[error("it has the control character {0:#04x}")]
    Control(u8),
    /// It starts with a word that is not `log`, `witness`, `group` or `quorum`.
    #[error("it is not a log, a witness, a group, a quorum or a comment")]
    Keyword,
    /// It has more or fewer words than such a line has.
    #[error("it has the wrong number of words")]
    Words,
    /// The verifier key is refused.
    #[error("its key is refused: {0}")]
    Key(#[source] NoteError),
    /// A log or a witness with the key of another one, under whatever name.
    #[error("its key is listed twice")]
    DuplicateKey,
    /// The name is that of a witness or a group defined before.
    #[error("its name is defined twice")]
    DuplicateName,
    /// `none` is defined already.
    #[error("the name none is not free")]
    Reserved,
    /// A name that is not defined on a line before.
    #[error("it names what is not defined before")]
    UnknownName,
    /// A member of this or another group already.
    #[error("it names a member of a group again")]
    MemberTwice,
    /// Not `all`, `any` or a number from 1 to the number of members.
    #[error("its threshold is not one that its members can reach")]
    Threshold,
    /// There is a quorum already.
    #[error("it is a second quorum")]
    SecondQuorum,
    /// More than [`MAX_POLICY_NAMES`] of its kind.
    #[error("it is one more than {MAX_POLICY_NAMES} of its kind")]
    TooMany,
}

/// A policy cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// Longer than any policy.
    #[error("the policy has {0} bytes, more than {MAX_POLICY}")]
    TooLong(usize),
    /// More than [`MAX_POLICY_LINES`].
    #[error("the policy has more than {MAX_POLICY_LINES} lines")]
    TooManyLines,
    /// A line is refused.
    #[error("line {line} of the policy: {why}")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What is wrong with it.
        why: PolicyFault,
    },
    /// There is no quorum line.
    #[error("the policy has no quorum")]
    NoQuorum,
    /// No note fulfils it: the shortest that has so many cosignatures is too long.
    #[error("a note that fulfils the policy has {0} bytes or more, and none may have more than {MAX_NOTE}")]
    QuorumTooLong(usize),
}

/// A checkpoint does not fulfil a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyUnmet {
    /// The note is malformed, or a line of a known key is bad, or the log did not sign.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The policy lists no log of this name.
    #[error("the policy lists no log {0}")]
    UnknownLog(KeyName),
    /// The witnesses that cosigned are not a quorum.
    #[error("{0} witnesses cosigned, and they are no quorum")]
    Quorum(usize),
}

/// Which logs are trusted, and the quorum of witnesses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessPolicy {
    logs: Vec<NoteVerifier>,
    log_urls: Vec<Option<Box<[u8]>>>,
    witnesses: Vec<NoteVerifier>,
    labels: Vec<Label>,
    groups: Vec<QuorumGroup>,
    /// `None` when nobody has to cosign.
    quorum: Option<GroupMember>,
}

/// What a policy calls a witness, and where it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Label {
    name: Box<[u8]>,
    url: Option<Box<[u8]>>,
}

/// A group and its members, which are all defined before it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct QuorumGroup {
    name: Box<[u8]>,
    /// From 1 to the number of members.
    threshold: usize,
    members: Vec<GroupMember>,
}

/// A witness or a group by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GroupMember {
    Witness(usize),
    QuorumGroup(usize),
}

/// A checkpoint that fulfils a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witnessed {
    checkpoint: SignedCheckpoint,
    cosigned: Vec<(usize, UnixTime)>,
}

impl Witnessed {
    /// The checkpoint.
    #[must_use]
    pub const fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// Which of [`WitnessPolicy::witnesses`] cosigned it, and when.
    #[must_use]
    pub fn cosigned(&self) -> &[(usize, UnixTime)] {
        &self.cosigned
    }
}

impl WitnessPolicy {
    /// Parses a policy file.
    ///
    /// # Errors
    /// [`PolicyError`] with the line that is wrong; the size is checked before anything else is
    /// looked at.
    pub fn parse(policy: &[u8]) -> Result<Self, PolicyError> {
        if policy.len() > MAX_POLICY {
            return Err(PolicyError::TooLong(policy.len()));
        }
        let mut parsed = Self {
            logs: Vec::new(),
            log_urls: Vec::new(),
            witnesses: Vec::new(),
            labels: Vec::new(),
            groups: Vec::new(),
            quorum: None,
        };
        let mut quorum = None;
        for (text, line) in policy.split_inclusive(|byte| *byte == b'\n').zip(1..) {
            if line > MAX_POLICY_LINES {
                return Err(PolicyError::TooManyLines);
            }
            parsed.add_line(text, &mut quorum).map_err(|why| PolicyError::Line { line, why })?;
        }
        parsed.quorum = quorum.ok_or(PolicyError::NoQuorum)?;
        let shortest = parsed.shortest_note();
        if shortest > MAX_NOTE { Err(PolicyError::QuorumTooLong(shortest)) } else { Ok(parsed) }
    }

    /// The policy in one form, without comments: logs, witnesses, groups, the quorum. Octets and not
    /// a string, because names and URLs are opaque.
    #[must_use]
    pub fn to_text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        for (log, url) in self.logs.iter().zip(&self.log_urls) {
            let key = log.to_string();
            write_line(&mut text, [&b"log"[..], key.as_bytes()].into_iter().chain(url.as_deref()));
        }
        for (witness, label) in self.witnesses.iter().zip(&self.labels) {
            let key = witness.to_string();
            let words = [&b"witness"[..], &label.name, key.as_bytes()];
            write_line(&mut text, words.into_iter().chain(label.url.as_deref()));
        }
        for group in &self.groups {
            let threshold = match group.threshold {
                all if all == group.members.len() => "all".to_owned(),
                1 => "any".to_owned(),
                some => some.to_string(),
            };
            let members = group.members.iter().map(|member| self.name_of(*member));
            write_line(&mut text, [&b"group"[..], &group.name, threshold.as_bytes()].into_iter().chain(members));
        }
        write_line(&mut text, [&b"quorum"[..], self.quorum.map_or(NONE, |member| self.name_of(member))]);
        text
    }

    /// The keys of the trusted logs. Where there are none, the application has to know its log.
    #[must_use]
    pub fn logs(&self) -> &[NoteVerifier] {
        &self.logs
    }

    /// Where the log at `index` of [`WitnessPolicy::logs`] is reached, if the policy says so.
    #[must_use]
    pub fn log_url(&self, index: usize) -> Option<&[u8]> {
        self.log_urls.get(index)?.as_deref()
    }

    /// The keys of the known witnesses.
    #[must_use]
    pub fn witnesses(&self) -> &[NoteVerifier] {
        &self.witnesses
    }

    /// What this policy calls the witness at `index` of [`WitnessPolicy::witnesses`].
    #[must_use]
    pub fn witness_name(&self, index: usize) -> Option<&[u8]> {
        self.labels.get(index).map(|label| &*label.name)
    }

    /// Where the witness at `index` of [`WitnessPolicy::witnesses`] is reached, if the policy says so.
    #[must_use]
    pub fn witness_url(&self, index: usize) -> Option<&[u8]> {
        self.labels.get(index)?.url.as_deref()
    }

    /// Verifies that a note is a checkpoint of one of this policy's logs, signed by it and cosigned
    /// by a quorum.
    ///
    /// # Errors
    /// [`PolicyUnmet`]; a bad line of any listed key refuses the note, even where the others would do.
    pub fn verify(&self, note: &[u8]) -> Result<Witnessed, PolicyUnmet> {
        match SignedCheckpoint::verify_any(note, &self.logs) {
            Ok(signed) => self.check_quorum(signed),
            Err(NoteError::OtherLog(origin)) => Err(PolicyUnmet::UnknownLog(origin)),
            Err(error) => Err(error.into()),
        }
    }

    /// Checks a checkpoint whose log is known from elsewhere: as [`WitnessPolicy::verify`], but where the
    /// policy lists no logs, the quorum alone decides.
    ///
    /// # Errors
    /// [`PolicyUnmet`].
    pub fn check(&self, signed: &SignedCheckpoint) -> Result<Witnessed, PolicyUnmet> {
        if self.logs.is_empty() { self.check_quorum(signed.clone()) } else { self.verify(signed.note().as_bytes()) }
    }

    fn check_quorum(&self, checkpoint: SignedCheckpoint) -> Result<Witnessed, PolicyUnmet> {
        let cosigned = checkpoint.cosignatures(&self.witnesses)?;
        let by = |witness| cosigned.iter().any(|(at, _)| *at == witness);
        // Members are defined before their group, so that one walk decides, whatever the nesting.
        let mut groups: Vec<bool> = Vec::with_capacity(self.groups.len());
        let counts = |member: &GroupMember, groups: &[bool]| match *member {
            GroupMember::Witness(at) => by(at),
            GroupMember::QuorumGroup(at) => groups.get(at) == Some(&true),
        };
        for group in &self.groups {
            let count = group.members.iter().filter(|member| counts(member, &groups)).count();
            groups.push(count >= group.threshold);
        }
        if self.quorum.is_none_or(|quorum| counts(&quorum, &groups)) {
            return Ok(Witnessed { checkpoint, cosigned });
        }
        Err(PolicyUnmet::Quorum(cosigned.len()))
    }

    /// The bytes of the shortest note that fulfils it. Nobody is in two groups, so the shortest lines of each add up.
    fn shortest_note(&self) -> usize {
        let length = |member: &GroupMember, groups: &[usize]| match *member {
            GroupMember::Witness(at) => {
                self.witnesses.get(at).map_or(0, |witness| line_length(witness.name(), witness.kind()))
            }
            GroupMember::QuorumGroup(at) => groups.get(at).copied().unwrap_or(0),
        };
        let mut groups: Vec<usize> = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            let mut lengths: Vec<usize> = group.members.iter().map(|member| length(member, &groups)).collect();
            lengths.sort_unstable();
            groups.push(lengths.into_iter().take(group.threshold).fold(0, usize::saturating_add));
        }
        let lines = self.quorum.map_or(0, |quorum| length(&quorum, &groups));
        // The origin is there twice, in the text and in the log's line; a log that is known from elsewhere has some name.
        let origin = self.logs.iter().map(|log| log.name().as_str().len()).min().unwrap_or(1);
        origin.saturating_mul(2).saturating_add(UNNAMED_NOTE).saturating_add(lines)
    }

    fn add_line(&mut self, line: &[u8], quorum: &mut Option<Option<GroupMember>>) -> Result<(), PolicyFault> {
        let line = line.strip_suffix(b"\n").ok_or(PolicyFault::Unterminated)?;
        if let Some(&byte) = line.iter().find(|byte| byte.is_ascii_control() && **byte != b'\t') {
            return Err(PolicyFault::Control(byte));
        }
        let words = line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
        let words: Vec<&[u8]> = words.collect();
        match words.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", key] => self.add_log(key, None),
            [b"log", key, url] => self.add_log(key, Some((*url).into())),
            [b"witness", name, key] => self.add_witness(name, key, None),
            [b"witness", name, key, url] => self.add_witness(name, key, Some((*url).into())),
            [b"group", name, threshold, members @ ..] if !members.is_empty() => {
                self.add_group(name, threshold, members)
            }
            [b"quorum", _] if quorum.is_some() => Err(PolicyFault::SecondQuorum),
            [b"quorum", NONE] => {
                *quorum = Some(None);
                Ok(())
            }
            [b"quorum", name] => {
                *quorum = Some(Some(self.member(name)?));
                Ok(())
            }
            [b"log" | b"witness" | b"group" | b"quorum", ..] => Err(PolicyFault::Words),
            _ => Err(PolicyFault::Keyword),
        }
    }

    fn add_log(&mut self, key: &[u8], url: Option<Box<[u8]>>) -> Result<(), PolicyFault> {
        add_key(&mut self.logs, key, KeyKind::Ed25519)?;
        self.log_urls.push(url);
        Ok(())
    }

    fn add_witness(&mut self, name: &[u8], key: &[u8], url: Option<Box<[u8]>>) -> Result<(), PolicyFault> {
        self.free(name)?;
        add_key(&mut self.witnesses, key, KeyKind::Cosignature)?;
        self.labels.push(Label { name: name.into(), url });
        Ok(())
    }

    fn add_group(&mut self, name: &[u8], threshold: &[u8], names: &[&[u8]]) -> Result<(), PolicyFault> {
        self.free(name)?;
        if self.groups.len() >= MAX_POLICY_NAMES {
            return Err(PolicyFault::TooMany);
        }
        let mut members = Vec::new();
        for name in names {
            let member = self.member(name)?;
            if members.contains(&member) || self.groups.iter().any(|group| group.members.contains(&member)) {
                return Err(PolicyFault::MemberTwice);
            }
            members.push(member);
        }
        let threshold = match threshold {
            b"all" => Some(members.len()),
            b"any" => Some(1),
            number => core::str::from_utf8(number).ok().and_then(parse_decimal).and_then(|k| k.try_into().ok()),
        };
        let threshold = threshold.filter(|k| (1..=members.len()).contains(k)).ok_or(PolicyFault::Threshold)?;
        self.groups.push(QuorumGroup { name: name.into(), threshold, members });
        Ok(())
    }

    /// Checks that a name may be defined.
    fn free(&self, name: &[u8]) -> Result<(), PolicyFault> {
        match self.find(name) {
            _ if name == NONE => Err(PolicyFault::Reserved),
            Some(_) => Err(PolicyFault::DuplicateName),
            None => Ok(()),
        }
    }

    fn member(&self, name: &[u8]) -> Result<GroupMember, PolicyFault> {
        self.find(name).ok_or(PolicyFault::UnknownName)
    }

    fn find(&self, name: &[u8]) -> Option<GroupMember> {
        let witness = self.labels.iter().position(|label| *label.name == *name).map(GroupMember::Witness);
        witness.or_else(|| self.groups.iter().position(|group| *group.name == *name).map(GroupMember::QuorumGroup))
    }

    fn name_of(&self, member: GroupMember) -> &[u8] {
        let name = match member {
            GroupMember::Witness(at) => self.labels.get(at).map(|label| &*label.name),
            GroupMember::QuorumGroup(at) => self.groups.get(at).map(|group| &*group.name),
        };
        // Members are indices of what is there, so this default is never taken.
        name.unwrap_or(NONE)
    }
}

/// Adds a key in vkey form, of the type that signs what such a line is for.
fn add_key(keys: &mut Vec<NoteVerifier>, key: &[u8], kind: KeyKind) -> Result<(), PolicyFault> {
    if keys.len() >= MAX_POLICY_NAMES {
        return Err(PolicyFault::TooMany);
    }
    let text = core::str::from_utf8(key).map_err(|_| PolicyFault::Key(NoteError::VerifierKey))?;
    let key: NoteVerifier = text.parse().map_err(PolicyFault::Key)?;
    if key.kind() != kind {
        return Err(PolicyFault::Key(NoteError::WrongKind(key.name().clone())));
    }
    if keys.iter().any(|other| other.key() == key.key()) {
        return Err(PolicyFault::DuplicateKey);
    }
    keys.push(key);
    Ok(())
}

fn write_line<'a>(text: &mut Vec<u8>, words: impl IntoIterator<Item = &'a [u8]>) {
    for (word, at) in words.into_iter().zip(0u32..) {
        text.extend((at != 0).then_some(b' '));
        text.extend(word);
    }
    text.push(b'\n');
}

#[cfg(test)]
#[path = "tests/policy.rs"]
mod tests;
