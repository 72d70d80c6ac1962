//! n-grams of characters and the buckets that they are hashed into (Bojanowski et al. 2017; the
//! numbers are those of fastText's `Dictionary::computeSubwords` and `Dictionary::hash`).

/// fastText's mark of a line's end, the one word without n-grams.
pub const END_OF_SENTENCE: &str = "</s>";

const FNV_BASIS: u32 = 2_166_136_261;
const FNV_PRIME: u32 = 16_777_619;

/// FNV-1a of 32 bits, with each byte taken as a signed char and widened with its sign, as compilers
/// made of fastText's code when its first models were trained.
pub fn hash(bytes: &[u8]) -> u32 {
    bytes.iter().fold(FNV_BASIS, |hash, &byte| hash_byte(hash, byte))
}

fn hash_byte(hash: u32, byte: u8) -> u32 {
    (hash ^ byte as i8 as u32).wrapping_mul(FNV_PRIME)
}

/// What is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hashing {
    /// Bytes of UTF-8, as fastText does.
    Bytes,
    /// Code points, as gensim before 3.8 did by mistake. It also differed in which n-grams there
    /// are: `<` and `>` alone are some, and a word that is shorter than `min_n` is its own only one.
    CodePoints,
}

/// How words are cut into n-grams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subwords {
    /// Characters of the shortest n-gram.
    pub min_n: u32,
    /// Characters of the longest one.
    pub max_n: u32,
    /// How many buckets there are; with none there are no n-grams.
    pub bucket: u32,
    /// What is hashed.
    pub hashing: Hashing,
}

impl Subwords {
    /// Calls `each` with the bucket of every n-gram of `word`, one that comes twice twice.
    pub fn for_each(&self, word: &str, mut each: impl FnMut(u32)) {
        if self.bucket == 0 || word == END_OF_SENTENCE {
            return;
        }
        let padded = format!("<{word}>");
        match self.hashing {
            Hashing::Bytes => self.each_of_bytes(padded.as_bytes(), &mut each),
            Hashing::CodePoints => self.each_of_code_points(&padded, &mut each),
        }
    }

    fn each_of_bytes(&self, padded: &[u8], each: &mut impl FnMut(u32)) {
        for start in (0..padded.len()).filter(|&at| begins_character(padded[at])) {
            let (mut end, mut hash) = (start, FNV_BASIS);
            for characters in 1..=self.max_n {
                if end == padded.len() {
                    break;
                }
                loop {
                    hash = hash_byte(hash, padded[end]);
                    end += 1;
                    if end == padded.len() || begins_character(padded[end]) {
                        break;
                    }
                }
                let is_mark = characters == 1 && (start == 0 || end == padded.len());
                if characters >= self.min_n && !is_mark {
                    each(hash % self.bucket);
                }
            }
        }
    }

    fn each_of_code_points(&self, padded: &str, each: &mut impl FnMut(u32)) {
        let points: Vec<u32> = padded.chars().map(u32::from).collect();
        let (shortest, longest) =
            (points.len().min(self.min_n as usize).max(1), points.len().min(self.max_n as usize));
        for start in 0..points.len() {
            let mut hash = FNV_BASIS;
            for (before, &point) in points[start..].iter().take(longest).enumerate() {
                hash = (hash ^ point).wrapping_mul(FNV_PRIME);
                if before + 1 >= shortest {
                    each(hash % self.bucket);
                }
            }
        }
    }
}

fn begins_character(byte: u8) -> bool {
    byte & 0xC0 != 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(word: &str, min_n: u32, max_n: u32, bucket: u32, hashing: Hashing) -> Vec<u32> {
        let mut found = Vec::new();
        Subwords { min_n, max_n, bucket, hashing }.for_each(word, |bucket| found.push(bucket));
        found
    }

    /// The n-grams themselves, by slicing text: the plain version.
    fn ngrams(word: &str, min_n: usize, max_n: usize) -> Vec<String> {
        let padded: Vec<char> = format!("<{word}>").chars().collect();
        let mut found = Vec::new();
        for start in 0..padded.len() {
            for length in min_n.max(1)..=max_n {
                let end = start + length;
                let is_mark = length == 1 && (start == 0 || end == padded.len());
                if end <= padded.len() && !is_mark {
                    found.push(padded[start..end].iter().collect());
                }
            }
        }
        found
    }

    #[test]
    fn bytes_are_widened_with_their_sign() {
        assert_eq!(hash(b""), FNV_BASIS);
        assert_eq!(hash(b"a"), 0xE40C_292C); // the published value of FNV-1a
        assert_eq!(hash("é".as_bytes()), {
            let first = (FNV_BASIS ^ 0xFFFF_FFC3).wrapping_mul(FNV_PRIME);
            (first ^ 0xFFFF_FFA9).wrapping_mul(FNV_PRIME)
        });
    }

    #[test]
    fn ngrams_are_those_of_the_plain_version() {
        for word in ["", "a", "where", "naïve", "日本語", "e\u{301}", "🙂"] {
            for (min_n, max_n) in [(0, 0), (0, 2), (1, 1), (1, 3), (3, 6), (5, 4), (2, 200)] {
                let expected: Vec<u32> = ngrams(word, min_n, max_n)
                    .iter()
                    .map(|ngram| hash(ngram.as_bytes()) % 1000)
                    .collect();
                let (min_n, max_n) = (min_n as u32, max_n as u32);
                assert_eq!(buckets(word, min_n, max_n, 1000, Hashing::Bytes), expected, "{word}");
            }
        }
    }

    #[test]
    fn the_end_of_a_line_and_no_buckets_have_none() {
        assert!(buckets(END_OF_SENTENCE, 1, 6, 10, Hashing::Bytes).is_empty());
        assert!(buckets("where", 1, 6, 0, Hashing::Bytes).is_empty());
    }

    #[test]
    fn code_points_agree_with_bytes_on_ascii_from_two_characters_on() {
        let sorted = |hashing| {
            let mut found = buckets("where", 2, 4, 1000, hashing);
            found.sort_unstable();
            found
        };
        assert_eq!(sorted(Hashing::CodePoints), sorted(Hashing::Bytes));
        assert_eq!(buckets("a", 5, 6, 1 << 30, Hashing::CodePoints), [hash(b"<a>") % (1 << 30)]);
        assert_ne!(
            buckets("é", 3, 3, 1000, Hashing::CodePoints),
            buckets("é", 3, 3, 1000, Hashing::Bytes)
        );
    }
}
