//! What the parts of a document are called, for programs that show one to people.
//!
//! Each format has its shape beside its encoding. Nothing is decoded or verified by it.

/// What a value is, beyond its bytes.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Shape {
    /// Nothing more is known.
    Any,
    /// Unix seconds.
    Time,
    /// A map with these keys, perhaps among others.
    Map(&'static [(i64, &'static str, Self)]),
    /// An array of such items.
    List(&'static Self),
    /// An array of these items, perhaps without the last ones.
    Tuple(&'static [(&'static str, Self)]),
    /// An array that begins with a number, which tells the items.
    Cases(&'static [(u64, &'static [(&'static str, Self)])]),
}
