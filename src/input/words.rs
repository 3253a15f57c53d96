//! Enums whose variants are words of a file format. [`words!`] declares each variant, its word and its meaning once, for
//! the decoder, the JSON Schema, the reference, the results and the plan for the real interpreter alike.

use super::format::Words;

/// An enum that [`words!`] declares.
pub trait WordEnum: Copy + 'static {
    /// Every variant, in the order in which they are explained.
    const ALL: &'static [Self];
    /// Their words, as a [`Shape`](super::Shape) lists them.
    const WORDS: &'static Words;

    /// The variant as it is written in a file.
    fn word(self) -> &'static str;

    /// The variant that a word stands for.
    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|variant| variant.word() == word)
    }
}

/// Declares an enum of words: `Variant = "word" => "What it means."` A meaning is one sentence or standard phrase; it
/// becomes the variant's documentation, the schema's and the reference's text.
///
/// There is no way to decode a word other than into its variant, so a new word does not compile until each `match`
/// over the enum handles it.
macro_rules! words {
    (
        $(#[$of_enum:meta])*
        $visibility:vis enum $name:ident {
            $( $(#[$of_variant:meta])* $variant:ident = $word:literal => $meaning:literal, )+
        }
    ) => {
        $(#[$of_enum])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        $visibility enum $name {
            $(
                $(#[$of_variant])*
                #[doc = concat!("`\"", $word, "\"`: ", $meaning)]
                $variant,
            )+
        }

        impl $name {
            /// Every variant, in the order in which they are explained.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The variant as it is written in a file.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl $crate::input::WordEnum for $name {
            const ALL: &'static [Self] = Self::ALL;
            const WORDS: &'static $crate::input::Words = &$crate::input::Words {
                list: &[$($crate::input::Word::new($word, $meaning)),+],
                otherwise: None,
            };

            fn word(self) -> &'static str {
                self.word()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.word())
            }
        }
    };
}

pub(crate) use words;

#[cfg(test)]
mod tests {
    use super::WordEnum;

    words! {
        /// How coffee is served.
        enum Coffee {
            Black = "black" => "Without milk.",
            WithMilk = "with_milk" => "With milk.",
        }
    }

    #[test]
    fn each_word_stands_for_its_variant_and_no_other() {
        assert_eq!(Coffee::from_word("black"), Some(Coffee::Black));
        assert_eq!(Coffee::from_word("with_milk"), Some(Coffee::WithMilk));
        assert_eq!(Coffee::from_word("with milk"), None);
        assert_eq!(Coffee::WithMilk.to_string(), "with_milk");
        assert_eq!(Coffee::WORDS.names(), ["black", "with_milk"]);
    }
}
