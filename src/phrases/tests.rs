//! Against the same on text, word by word.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{PhraseModel, PhraseSet, Scoring};
use crate::corpus::{Normalization, ScannedCorpus, SentenceScan, SpoolConfig};
use crate::progress::Silent;
use crate::vocab::KeyTable;

type Sentences = Vec<Vec<&'static str>>;

fn scanned(sentences: &[Vec<&str>]) -> ScannedCorpus {
    let mut scan = SentenceScan::new(SpoolConfig::default(), Normalization::default());
    for sentence in sentences {
        for word in sentence {
            scan.word(word).unwrap();
        }
        scan.end_sentence().unwrap();
    }
    scan.finish(&mut Silent).unwrap()
}

/// The words of a corpus, sentence by sentence; sentences without words are not there.
fn words_of(corpus: &ScannedCorpus) -> Vec<Vec<String>> {
    let keys = &corpus.vocabulary().keys;
    let encoded = corpus.encode(keys, || Ok(())).unwrap();
    let ids = encoded.ids().split(|&id| id == crate::vocab::WordId::SENTENCE_END);
    ids.map(|ids| ids.iter().map(|id| keys.get(id.row()).unwrap().to_owned()).collect::<Vec<_>>())
        .filter(|words| !words.is_empty())
        .collect()
}

/// Walks over a sentence: `is_phrase` is asked for each pair, and what is said to be one is joined.
fn walk<'a>(
    sentence: &[&'a str],
    connectors: &[&str],
    mut is_phrase: impl FnMut(&[&'a str]) -> bool,
) -> Vec<String> {
    let (mut out, mut waiting): (Vec<String>, Vec<&str>) = (Vec::new(), Vec::new());
    for &word in sentence {
        if connectors.contains(&word) {
            if waiting.is_empty() {
                out.push(word.to_owned())
            } else {
                waiting.push(word)
            }
            continue;
        }
        let pair = [&waiting[..], &[word]].concat();
        if !waiting.is_empty() && is_phrase(&pair) {
            out.push(pair.join("_"));
            waiting.clear();
        } else {
            out.extend(waiting.drain(..).map(str::to_owned));
            waiting.push(word);
        }
    }
    out.extend(waiting.into_iter().map(str::to_owned));
    out
}

fn plain_counts(sentences: &[Vec<&str>], connectors: &[&str]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for sentence in sentences {
        walk(sentence, connectors, |pair| {
            *counts.entry(pair.join("_")).or_default() += 1;
            false
        });
    }
    counts
}

fn model(sentences: &[Vec<&str>], connectors: &[&str], workers: usize) -> PhraseModel {
    let connectors = connectors.iter().map(|&word| word.to_owned()).collect();
    let mut model = PhraseModel::new(connectors, usize::MAX);
    model.add(&scanned(sentences), workers, || Ok(())).unwrap();
    model
}

fn corpora() -> impl Strategy<Value = Sentences> {
    let word = prop::sample::select(vec!["a", "b", "c", "d", "of", "the"]);
    prop::collection::vec(prop::collection::vec(word, 0..30), 0..12)
}

fn connectors() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(vec!["of", "the"], 0..=2)
}

proptest! {
    #[test]
    fn pairs_are_counted_as_they_read(
        sentences in corpora(), connectors in connectors(), workers in 1usize..4,
    ) {
        let model = model(&sentences, &connectors, workers);
        let found: BTreeMap<String, u64> =
            model.pairs.iter().map(|(pair, count)| (model.phrase(pair, "_"), count)).collect();
        prop_assert_eq!(found, plain_counts(&sentences, &connectors));
        let words = sentences.iter().map(Vec::len).sum::<usize>();
        prop_assert_eq!(model.words, words as u64);
    }

    #[test]
    fn phrases_are_applied_as_they_read(
        sentences in corpora(),
        connectors in connectors(),
        phrases in prop::sample::subsequence(
            vec!["a_b", "b_a", "c_of_d", "a_of_the_a", "d_d", "of_the", "b_c", "c_c", "a_the_b"], 0..=9,
        ),
    ) {
        let mut table = KeyTable::default();
        for phrase in &phrases {
            table.insert(phrase).unwrap();
        }
        let set = PhraseSet {
            phrases: table,
            delimiter: "_".into(),
            connectors: connectors.iter().map(|&word| word.to_owned()).collect(),
        };
        let applied = set.apply(&scanned(&sentences), || Ok(())).unwrap();
        let is_phrase = |pair: &[&str]| phrases.contains(&&*pair.join("_"));
        let expected: Vec<Vec<String>> = sentences
            .iter()
            .map(|sentence| walk(sentence, &connectors, is_phrase))
            .filter(|sentence| !sentence.is_empty())
            .collect();
        prop_assert_eq!(words_of(&applied), expected.clone());
        // The same as if the result had been read.
        let read: Vec<Vec<&str>> =
            expected.iter().map(|sentence| sentence.iter().map(String::as_str).collect()).collect();
        let read = scanned(&read);
        prop_assert!(applied.vocabulary().keys.iter().eq(read.vocabulary().keys.iter()));
        prop_assert_eq!(&applied.vocabulary().counts, &read.vocabulary().counts);
        prop_assert_eq!(applied.raw_words(), read.raw_words());
    }
}

#[test]
fn scores_are_those_of_the_formulas() {
    let sentences = vec![vec!["a", "b"], vec!["a", "b"], vec!["a", "b", "c"], vec!["c"]];
    let model = model(&sentences, &[], 2);
    // a 3, b 3, c 2; a_b 3, b_c 1: 5 words and pairs, 8 words read.
    let score = |scoring, min_count| {
        let scored = model.scored(scoring, min_count as f64, f64::MIN, "_");
        scored.into_iter().map(|found| (found.phrase, found.score)).collect::<BTreeMap<_, _>>()
    };
    let default = score(Scoring::Default, 1);
    assert!((default["a_b"] - 2.0 * 5.0 / 9.0).abs() < 1e-12);
    assert_eq!(default["b_c"], 0.0);
    assert!((score(Scoring::Word2Phrase, 1)["a_b"] - 2.0 * 8.0 / 9.0).abs() < 1e-12);
    let npmi = score(Scoring::Npmi, 2);
    let expected = (3.0 / 8.0 / (3.0 / 8.0 * 3.0 / 8.0f64)).ln() / -(3.0 / 8.0f64).ln();
    assert!((npmi["a_b"] - expected).abs() < 1e-12);
    assert_eq!(npmi.len(), 1, "rarer than min_count");
    let best = model.scored(Scoring::Default, 1.0, f64::MIN, "_");
    assert_eq!((best[0].phrase.as_str(), best[0].count), ("a_b", 3));
    assert_eq!(model.distinct(), 5);
    let connected = self::model(&sentences, &["c", "absent"], 1);
    assert_eq!(connected.distinct(), 3, "a, b, a_b");
}

#[test]
fn what_is_read_later_is_added() {
    let first = vec![vec!["a", "b", "of", "c"]];
    let second = vec![vec!["b", "of", "c"], vec!["d", "a"]];
    let mut twice = model(&first, &["of"], 1);
    twice.add(&scanned(&second), 2, || Ok(())).unwrap();
    let once = model(&[first, second].concat(), &["of"], 2);
    assert_eq!(twice.candidates(1), once.candidates(1));
    assert_eq!(twice.vocabulary.counts, once.vocabulary.counts);
    assert_eq!(twice.words, 9);
}

#[test]
fn the_rarest_are_forgotten_when_there_are_too_many() {
    let mut sentences = vec![vec!["a", "b"]; 50];
    sentences.extend([vec!["c", "d"], vec!["d", "c"], vec!["d", "a"], vec!["c", "a"]]);
    let mut model = PhraseModel::new(Vec::new(), 2);
    model.add(&scanned(&sentences), 1, || Ok(())).unwrap();
    let kept = model.candidates(1);
    assert!(kept.len() <= 2, "{kept:?}");
    assert_eq!(model.phrase(kept[0].0, "_"), "a_b");
    assert_eq!(model.vocabulary.counts, [50 + 2, 50, 3, 3], "words are never forgotten");
}

#[test]
fn what_stood_between_forgotten_pairs_is_forgotten() {
    let common = ["a", "of", "b"];
    let rare: Vec<Vec<&str>> =
        (0..20).map(|at| [vec!["a"], vec!["of"; at], vec!["c"]].concat()).collect();
    let sentences = [vec![common.to_vec(); 30], rare].concat();
    let mut model = PhraseModel::new(vec!["of".to_owned()], 3);
    model.add(&scanned(&sentences), 1, || Ok(())).unwrap();
    assert!(model.pairs.len() <= 3);
    assert!(model.pairs.between_len() <= 3);
    let kept: Vec<String> = model.pairs.iter().map(|(pair, _)| model.phrase(pair, "_")).collect();
    assert!(kept.contains(&"a_of_b".to_owned()), "{kept:?}");
}

#[test]
fn ways_to_read_a_phrase_are_bounded() {
    let connectors = ["x", "x_x", "x_x_x"];
    let phrase = format!("a_{}b", "x_".repeat(60));
    let set = PhraseSet {
        phrases: [phrase.as_str()].into_iter().collect(),
        delimiter: "_".into(),
        connectors: connectors.iter().map(|&word| word.to_owned()).collect(),
    };
    let sentence = [vec!["a"], vec!["x_x_x"; 20], vec!["b"], connectors.to_vec()].concat();
    set.apply(&scanned(&[sentence]), || Ok(())).unwrap();
}

#[test]
fn an_interrupted_count_changes_nothing() {
    let before = vec![vec!["a", "b"], vec!["b", "c"]];
    let later: Vec<Vec<&str>> = vec![vec!["x", "y", "a", "b"]; 100];
    let mut model = model(&before, &[], 2);
    let counted = |model: &PhraseModel| -> BTreeMap<String, u64> {
        model.pairs.iter().map(|(pair, count)| (model.phrase(pair, "_"), count)).collect()
    };
    let expected = counted(&model);
    let mut polls = 0;
    let poll = || {
        polls += 1;
        if polls > 9 { Err(crate::error::Error::Stopped) } else { Ok(()) }
    };
    assert!(model.add(&scanned(&later), 2, poll).is_err(), "nobody was asked");
    assert_eq!(counted(&model), expected);
    assert_eq!((model.vocabulary.counts.len(), model.words), (3, 4));
    model.add(&scanned(&later), 2, || Ok(())).unwrap();
    assert_eq!(counted(&model)["a_b"], 101);
    assert_eq!(counted(&model)["x_y"], 100);
}
