//! A corpus back to text.

use super::ScannedCorpus;
use crate::error::{FormatError, FormatErrorKind, Result};
use crate::formats::output::Output;
use crate::vocab::WordId;

/// Bytes gathered before they are written.
const BLOCK: usize = 1 << 16;

impl ScannedCorpus {
    /// Writes a sentence a line, words separated by spaces; sentences without words are left out.
    pub fn write_text(&self, output: &mut Output) -> Result<()> {
        let keys = &self.vocabulary().keys;
        for word in keys.iter() {
            if word.is_empty() || word.bytes().any(|byte| byte.is_ascii_whitespace()) {
                let message = format!(
                    "the word {word:?} is empty or holds a space, and would not be read back as one \
                     word; replace its spaces first"
                );
                let kind = FormatErrorKind::Row;
                return Err(FormatError { kind, path: None, format: "text", message }.into());
            }
        }
        let corpus = self.encode(keys, || output.check())?;
        let mut text = Vec::with_capacity(2 * BLOCK);
        let mut in_sentence = false;
        for &id in corpus.ids() {
            if id == WordId::SENTENCE_END {
                text.push(b'\n');
                in_sentence = false;
            } else {
                if in_sentence {
                    text.push(b' ');
                }
                text.extend_from_slice(keys.get_bytes(id.row()).unwrap_or_default());
                in_sentence = true;
            }
            if text.len() >= BLOCK {
                output.write(&text)?;
                text.clear();
            }
        }
        output.write(&text)
    }
}
