//! Keys name random streams: 64 bits that depend on every link of a name and on the order of the links.

/// The name of a stream, which says what its samples are for.
///
/// A key is made of links: words and numbers. A link costs one pass of a mixing function, about 2 ns, and a word costs
/// another 1 ns for each byte. So keep the key of a task and extend it by numbers. The probability that any two of a
/// million streams share a key is 3e-8.
///
/// ```
/// use gilsim::random::Key;
///
/// let task = Key::root(7, 0).name("task").name("resize");
/// let (item, step) = (17, 2);
/// assert_ne!(task.number(item).number(step), task.number(step).number(item));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(u64);

/// The distance between consecutive numbers before they are mixed. It is odd, so that no two numbers of one parent
/// collide. It is not the golden ratio, by which SplitMix64 steps when it turns a key into a stream's state. Otherwise
/// the first word of a stream's state would be the key of the stream's first child. Source: Steele & Vigna, "Computationally
/// easy, spectrally good multipliers" (2021), table 5.
const STRIDE: u64 = 0xd134_2543_de82_ef95;

/// Separates words from numbers: the fractional bits of the square root of 2.
const NAMES: u64 = 0x6a09_e667_f3bc_c908;

impl Key {
    /// The key from which all keys of one replication are made.
    pub const fn root(seed: u64, replication: u64) -> Self {
        Self(NAMES).number(seed).number(replication)
    }

    /// Extends the key by a word.
    #[must_use]
    pub const fn name(self, name: &str) -> Self {
        Self(mix(self.0.wrapping_add(mix(fnv1a(name.as_bytes()) ^ NAMES))))
    }

    /// Extends the key by a number, such as that of an item, a step or a repetition.
    #[must_use]
    pub const fn number(self, number: u64) -> Self {
        // One more than the number, because zero times the stride would not change a key of zero.
        Self(mix(self
            .0
            .wrapping_add(STRIDE.wrapping_mul(number.wrapping_add(1)))))
    }

    /// The key as a seed.
    pub(super) const fn seed(self) -> u64 {
        self.0
    }
}

/// The finalizer of SplitMix64: a bijection in which each bit of the input flips each bit of the result with a
/// probability of one half. Source: Steele, Lea & Flood, "Fast splittable pseudorandom number generators" (OOPSLA 2014), with the
/// constants of Stafford's variant 13, as in `java.util.SplittableRandom`.
const fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// FNV-1a with 64 bits, a simple and portable hash for short words. Source: RFC 9923.
const fn fnv1a(bytes: &[u8]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        at += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fnv1a_agrees_with_its_published_vectors() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn the_order_and_the_kind_of_links_matter() {
        let root = Key::root(7, 0);
        assert_ne!(root, Key::root(0, 7));
        assert_ne!(root.number(1).number(2), root.number(2).number(1));
        assert_ne!(root.name("a").name("b"), root.name("b").name("a"));
        assert_ne!(root.name("ab"), root.name("a").name("b"));
        assert_ne!(root.name("17"), root.number(17));
        assert_ne!(root.name("").name("a"), root.name("a"));
        assert_ne!(root.number(0), root);
    }

    #[test]
    fn no_two_keys_of_a_large_grid_collide() {
        let mut keys = Vec::new();
        for (seed, replication) in [(0, 0), (0, 1), (1, 0), (7, 20), (u64::MAX, 0)] {
            for task in ["", "a", "b", "resize", "fetch"] {
                let task = Key::root(seed, replication).name("task").name(task);
                for item in 0..2_000 {
                    let item = task.number(item);
                    keys.extend((0..80).map(|step| item.number(step)));
                    keys.push(item);
                }
                keys.push(task);
            }
        }
        let all = keys.len();
        keys.sort_unstable_by_key(|key| key.0);
        keys.dedup();
        assert!(all > 4_000_000);
        assert_eq!(keys.len(), all);
    }

    #[test]
    fn every_bit_of_parent_and_number_flips_every_bit_half_of_the_time() {
        const TRIALS: u64 = 10_000;
        // Six standard deviations of the share of flips, over 2 x 4,096 pairs of bits.
        let allowed = 6.0 * (0.25 / TRIALS as f64).sqrt();
        for of_parent in [true, false] {
            for input in 0..64 {
                let mut flips = [0_u32; 64];
                for trial in 0..TRIALS {
                    let (parent, bit) = (Key::root(3, trial), 1 << input);
                    let other = if of_parent {
                        Key(parent.0 ^ bit).number(trial)
                    } else {
                        parent.number(trial ^ bit)
                    };
                    let changed = parent.number(trial).0 ^ other.0;
                    for (output, count) in flips.iter_mut().enumerate() {
                        *count += (changed >> output & 1) as u32;
                    }
                }
                for (output, count) in flips.into_iter().enumerate() {
                    let share = f64::from(count) / TRIALS as f64;
                    assert!(
                        (share - 0.5).abs() < allowed,
                        "bit {input} flips bit {output} in {share}"
                    );
                }
            }
        }
    }
}
