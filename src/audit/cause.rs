//! What a finding is of: the sentence that says it, and what this names. Findings of one cause differ in times, indices and
//! sums alone.

use crate::crypto::Hash;
use crate::id::{GateId, MemberId, ProductRef, VenueId};
use core::fmt;
use std::borrow::Cow;

/// The cause of a finding, beside its rule and log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cause {
    /// The sentence, without what it names and counts.
    sentence: Cow<'static, str>,
    subject: Subject,
}

/// What a finding names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    Nothing,
    TrustList(u64),
    Catalogue(MemberId, u64),
    /// By its URI.
    StatusList(String),
    /// A list by its digest.
    Digest(Hash),
    Member(MemberId),
    Product(ProductRef),
    Venue(VenueId),
    Grant(u8),
    /// A gate of the log's own city.
    Gate(u32),
    GateOf(GateId),
    /// A name in words: of a key, a log.
    Name(String),
}

/// What a finding says.
pub(super) trait Detail {
    fn text(&self) -> String;
    fn cause(&self) -> Cause;
}

/// A sentence that names and counts nothing.
impl Detail for &'static str {
    fn text(&self) -> String {
        (*self).to_owned()
    }

    fn cause(&self) -> Cause {
        Cause { sentence: Cow::Borrowed(self), subject: Subject::Nothing }
    }
}

/// A sentence with what it names and counts; made by [`says!`].
pub(super) struct Says<'a> {
    pub(super) sentence: &'static str,
    pub(super) subject: Subject,
    pub(super) text: fmt::Arguments<'a>,
}

impl Detail for Says<'_> {
    fn text(&self) -> String {
        self.text.to_string()
    }

    fn cause(&self) -> Cause {
        Cause { sentence: Cow::Borrowed(self.sentence), subject: self.subject.clone() }
    }
}

/// As `format_args`, after the [`Subject`] that it names and `=>`, where it names any.
macro_rules! says {
    ($subject:expr => $sentence:literal $($args:tt)*) => {
        $crate::audit::cause::Says { sentence: $sentence, subject: $subject, text: format_args!($sentence $($args)*) }
    };
    ($sentence:literal $($args:tt)*) => {
        $crate::audit::cause::Says {
            sentence: $sentence,
            subject: $crate::audit::cause::Subject::Nothing,
            text: format_args!($sentence $($args)*),
        }
    };
}
pub(super) use says;

/// What another room says, in its own words: an error. Its sentence is the text without its times and numbers, except
/// those that name something.
pub(super) struct Because<E>(pub(super) E);

impl<E: fmt::Display> Detail for Because<E> {
    fn text(&self) -> String {
        self.0.to_string()
    }

    fn cause(&self) -> Cause {
        Cause { sentence: Cow::Owned(words(&self.text())), subject: Subject::Nothing }
    }
}

/// The words of a detail, without times and numbers, except those that name something.
fn words(detail: &str) -> String {
    const NAMED: [&str; 7] = ["catalogue", "gate", "grant", "list", "of", "product", "venue"];
    let (mut words, mut before) = (String::with_capacity(detail.len()), "");
    for word in detail.split(' ') {
        let is_time = word.as_bytes().get(4) == Some(&b'-') && word.as_bytes().get(10) == Some(&b'T');
        let is_number = word.contains(|c: char| c.is_ascii_digit())
            && word.chars().all(|c| c.is_ascii_digit() || c.is_ascii_punctuation())
            && !word.contains('/');
        words.push_str(if is_time || (is_number && !NAMED.contains(&before)) { "#" } else { word });
        words.push(' ');
        before = word;
    }
    words
}
