//! Training as a whole, on toy corpora whose answer is known.

use super::*;
use crate::config::Architecture;
use crate::progress::Silent;
use crate::vocab::WordId;

/// Two topics of four words each; a sentence stays within its topic.
pub(super) fn topics(sentences: u32) -> (EncodedCorpus, Vec<u64>) {
    let mut generator = SplitMix64::new(42);
    let mut ids = Vec::new();
    for sentence in 0..sentences {
        ids.extend((0..8).map(|_| WordId((sentence % 2) * 4 + generator.below(4))));
        ids.push(WordId::SENTENCE_END);
    }
    let count = |word| ids.iter().filter(|&&id| id == WordId(word)).count() as u64;
    let counts = (0..8).map(count).collect();
    (EncodedCorpus::from_ids(ids, u64::from(sentences), u64::from(sentences) * 8), counts)
}

pub(super) fn every_objective() -> impl Iterator<Item = TrainConfig> {
    let architectures = [Architecture::SkipGram, Architecture::Cbow];
    let losses = [(5, false), (0, true), (5, true)];
    architectures.into_iter().flat_map(move |architecture| {
        losses.into_iter().flat_map(move |(negative, hierarchical_softmax)| {
            [true, false].map(|shared_negatives| TrainConfig {
                architecture,
                negative,
                hierarchical_softmax,
                shared_negatives,
                vector_size: 20,
                sample: 0.0,
                alpha: 0.05,
                epochs: 20,
                workers: 1,
                compute_loss: true,
                ..TrainConfig::default()
            })
        })
    })
}

/// Trains from small random vectors; returns them and what came of each epoch.
fn run(job: &Job<'_>) -> Result<(Vec<f32>, Vec<EpochSummary>)> {
    let (rows, columns) = (job.counts.len(), job.config.vector_size);
    let mut input = Matrix::zeros(rows, columns)?;
    let mut generator = SplitMix64::new(1);
    for value in input.values_mut().unwrap() {
        *value = (f32::from(generator.below(2000) as u16) / 1000.0 - 1.0) / columns as f32;
    }
    let mut output = Matrix::zeros(rows, columns)?;
    let mut nodes = Matrix::zeros(rows, columns)?;
    let mut weights = Weights {
        input_vectors: &mut input,
        output_vectors: (job.config.negative > 0).then_some(&mut output),
        output_nodes: job.config.hierarchical_softmax.then_some(&mut nodes),
    };
    let summaries = train(job, &mut weights, &mut Silent)?;
    Ok((input.values().unwrap().to_vec(), summaries))
}

fn cosine(vectors: &[f32], d: usize, a: usize, b: usize) -> f32 {
    let row = |i: usize| &vectors[i * d..(i + 1) * d];
    let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f32>();
    dot(row(a), row(b)) / (dot(row(a), row(a)) * dot(row(b), row(b))).sqrt()
}

#[test]
fn every_objective_tells_the_topics_apart_and_its_loss_falls() {
    let (corpus, counts) = topics(200);
    for config in every_objective() {
        let (vectors, epochs) = run(&Job::new(&config, &corpus, &counts)).unwrap();
        let same = cosine(&vectors, 20, 0, 1).min(cosine(&vectors, 20, 4, 5));
        let other = cosine(&vectors, 20, 0, 4).max(cosine(&vectors, 20, 1, 5));
        assert!(same > other + 0.3, "{same} {other} {config:?}");
        assert!(
            epochs[19].loss < epochs[0].loss,
            "{} {} {config:?}",
            epochs[0].loss,
            epochs[19].loss
        );
        assert!(epochs.iter().all(|e| e.raw_words == 1600 && e.trained_words == 1600));
    }
}

#[test]
fn one_worker_gives_the_same_bits_again_and_other_seeds_others() {
    let (corpus, counts) = topics(100);
    for config in every_objective() {
        let run = |seed| {
            let config = TrainConfig { seed, epochs: 2, ..config.clone() };
            run(&Job { block_ids: 64, ..Job::new(&config, &corpus, &counts) }).unwrap().0
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }
}

#[test]
fn several_workers_count_every_word_once() {
    let (corpus, counts) = topics(300);
    let config = TrainConfig { workers: 4, epochs: 3, vector_size: 8, ..TrainConfig::default() };
    let config = TrainConfig { sample: 0.0, ..config };
    let (_, epochs) = run(&Job { block_ids: 32, ..Job::new(&config, &corpus, &counts) }).unwrap();
    assert!(epochs.iter().all(|e| e.raw_words == 2400 && e.trained_words == 2400));
}

#[test]
fn what_workers_changed_in_their_copies_is_handed_in() {
    // Every output row is a copy of each worker's, and used too rarely to be exchanged in between.
    let ids = [0, 1, 2, 3].map(WordId).to_vec();
    let corpus = EncodedCorpus::from_ids(ids, 1, 4);
    for config in every_objective() {
        let config =
            TrainConfig { workers: 2, epochs: 1, negative: 1.min(config.negative), ..config };
        let mut matrices = [4; 3].map(|rows| Matrix::zeros(rows, 20).unwrap());
        let [input, output, nodes] = &mut matrices;
        // Rows of different lengths, so that no two changes cancel out.
        for (row, scale) in input.values_mut().unwrap().chunks_mut(20).zip([0.1, 0.23, 0.51, 1.17])
        {
            row.fill(scale);
        }
        let mut weights = Weights {
            input_vectors: input,
            output_vectors: (config.negative > 0).then_some(&mut *output),
            output_nodes: config.hierarchical_softmax.then_some(&mut *nodes),
        };
        let job = Job { block_ids: 2, ..Job::new(&config, &corpus, &[2, 1, 1, 1]) };
        train(&job, &mut weights, &mut Silent).unwrap();
        // Words are centers once each; the root of three inner nodes is passed by all of them.
        let changed = |matrix: &Matrix, row: usize| matrix.values().unwrap()[20 * row] != 0.0;
        if config.negative > 0 {
            assert!((0..4).all(|word| changed(output, word)), "{config:?}");
        }
        if config.hierarchical_softmax {
            assert!(changed(nodes, 2), "{config:?}");
        }
    }
}

#[test]
fn a_vocabulary_of_one_word_trains_without_harm() {
    let corpus = EncodedCorpus::from_ids(vec![WordId(0); 50], 1, 50);
    for config in every_objective() {
        let (vectors, _) = run(&Job::new(&config, &corpus, &[50])).unwrap();
        assert!(vectors.iter().all(|value| value.is_finite()));
    }
}

struct StopAtOnce;

impl Observer for StopAtOnce {
    fn observe(&mut self, _: Report) -> Result<()> {
        Err(Error::Stopped)
    }
}

#[test]
fn a_stopped_job_leaves_dense_finite_weights() {
    let (corpus, counts) = topics(100);
    let config = TrainConfig { vector_size: 5, epochs: 1_000_000, ..TrainConfig::default() };
    let mut input = Matrix::zeros(8, 5).unwrap();
    let mut output = Matrix::zeros(8, 5).unwrap();
    let mut weights = Weights {
        input_vectors: &mut input,
        output_vectors: Some(&mut output),
        output_nodes: None,
    };
    let job = Job::new(&config, &corpus, &counts);
    assert!(matches!(train(&job, &mut weights, &mut StopAtOnce), Err(Error::Stopped)));
    assert!(input.values().unwrap().iter().all(|value| value.is_finite()));
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let (corpus, counts) = topics(10);
    let config = TrainConfig { vector_size: 5, ..TrainConfig::default() };
    let job = Job::new(&config, &corpus, &counts);
    let refused = |rows, columns, with_output: bool| {
        let mut input = Matrix::zeros(rows, columns).unwrap();
        let mut output = Matrix::zeros(rows, columns).unwrap();
        let mut weights = Weights {
            input_vectors: &mut input,
            output_vectors: with_output.then_some(&mut output),
            output_nodes: None,
        };
        train(&job, &mut weights, &mut Silent).is_err()
    };
    assert!(refused(8, 6, true) && refused(9, 5, true) && refused(8, 5, false));
    let foreign = EncodedCorpus::from_ids(vec![WordId(8)], 1, 1);
    let error = run(&Job::new(&config, &foreign, &counts)).unwrap_err();
    assert_eq!(error.to_string(), "corpus holds id 8 but the vocabulary has 8 words");
}
