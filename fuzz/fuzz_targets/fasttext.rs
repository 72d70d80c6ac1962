//! A fastText model; what a file without quantisation holds is written, read again and compared.
#![no_main]

use libfuzzer_sys::fuzz_target;
use synvec::error::Result;
use synvec::formats::fasttext::{
    self, Matrix, Model, ModelKind, ReadOptions, WantedOutput, WordsAndNgrams,
};
use synvec::formats::output::{Destination, Output};
use synvec::formats::source::ByteReader;
use synvec::formats::word2vec::KeyDecoder;
use synvec::progress::Silent;
use synvec_fuzz::{check, limits, question, round_trip, stream};

fuzz_target!(|data: &[u8]| {
    // The first byte chooses options, so that the fuzzer finds them.
    let Some((&choice, data)) = data.split_first() else { return };
    let options = ReadOptions {
        limit: (choice & 1 != 0).then_some(u64::from(choice >> 4)),
        output: if choice & 2 == 0 { WantedOutput::Always } else { WantedOutput::Never },
        allow_nonfinite: choice & 4 != 0,
    };
    let model = match read(data, &options) {
        Ok(model) => model,
        Err(error) => return check(&error),
    };
    let keys = &model.dictionary.words;
    question(keys);
    let Matrix::Dense { values, size } = &model.input else { return };
    assert!(values.len().is_multiple_of(*size) && values.len() >= keys.len() * size);
    assert!(options.allow_nonfinite || values.iter().all(|value| value.is_finite()));
    let (own, ngrams) = values.split_at(keys.len() * size);
    round_trip(keys, own, *size);
    if model.args.model == ModelKind::Supervised || model.dictionary.ngram_buckets.is_some() {
        return;
    }
    let written = WordsAndNgrams {
        keys,
        counts: None,
        own,
        ngrams,
        size: *size,
        min_n: 3,
        max_n: if ngrams.is_empty() { 0 } else { 6 },
        allow_nonfinite: true,
    };
    // A word may hold what the format keeps for itself; then it is refused before the first byte.
    if let Ok(saved) = write(&written) {
        let options = ReadOptions { allow_nonfinite: true, limit: None, ..options };
        let again = read(&saved, &options).expect("what was written can be read");
        assert!(again.dictionary.words == *keys);
        assert!(
            matches!(again.input, Matrix::Dense { values, .. } if values.len() == own.len() + ngrams.len())
        );
    }
});

fn read(data: &[u8], options: &ReadOptions) -> Result<Model> {
    let mut silent = Silent;
    let reader = ByteReader::open(stream(data), fasttext::FORMAT, limits(), &mut silent)?;
    fasttext::read(reader, options, KeyDecoder::Strict)
}

fn write(model: &WordsAndNgrams) -> Result<Vec<u8>> {
    let (mut saved, mut silent) = (Vec::new(), Silent);
    let mut output = Output::create(Destination::Stream(Box::new(&mut saved), None), &mut silent)?;
    fasttext::write(model, &mut output)?;
    output.finish()?;
    Ok(saved)
}
