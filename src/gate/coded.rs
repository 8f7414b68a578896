//! Tables of what a gate tells people: a stable number, a verdict and the text in two languages.

/// Declares an enum of such rows, ascending by number. The text after its name says what the verdict means.
macro_rules! coded {
    (
        $(#[$what:meta])* $type:ident, $means:literal;
        $($(#[$doc:meta])* $name:ident = $number:literal, $verdict:ident, $zh:literal, $en:literal;)*
    ) => {
        $(#[$what])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum $type { $($(#[$doc])* $name = $number,)* }

        impl $type {
            /// Every one, ascending by number.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The stable number.
            #[must_use]
            pub const fn number(self) -> u8 {
                self as u8
            }

            #[doc = $means]
            #[must_use]
            pub const fn verdict(self) -> $crate::gate::Verdict {
                match self { $(Self::$name => $crate::gate::Verdict::$verdict,)* }
            }

            /// The text in Chinese.
            #[must_use]
            pub const fn text_zh(self) -> &'static str {
                match self { $(Self::$name => $zh,)* }
            }

            /// The text in English.
            #[must_use]
            pub const fn text_en(self) -> &'static str {
                match self { $(Self::$name => $en,)* }
            }
        }
    };
}

pub(super) use coded;
