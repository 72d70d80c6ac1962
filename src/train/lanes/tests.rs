//! Lanes and workers: equal bits for any number of them, and those of a plain version of the scheme.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::super::locks::Locks;
use super::super::tests::{every_objective, topics};
use super::super::window::KeptTokens;
use super::super::{Weights, objective::Objective, objective::Scratch, train as train_model};
use super::*;
use crate::config::TrainConfig;
use crate::error::Error;
use crate::matrix::{Matrix, Row, RowSource};
use crate::progress::{Report, Silent};
use crate::sampling::{AliasTable, SplitMix64, StreamKind};
use crate::simd;
use crate::workers;

/// The matrices of a model: inputs, and those of each loss.
#[derive(Debug)]
struct Model([Option<Matrix>; 3]);

impl Model {
    fn new(config: &TrainConfig, words: usize) -> Self {
        let zeros = || Matrix::zeros(words, config.vector_size).unwrap();
        let mut inputs = zeros();
        let mut generator = SplitMix64::new(1);
        for value in inputs.values_mut().unwrap() {
            *value = (generator.below(2000) as f32 / 1000.0 - 1.0) / config.vector_size as f32;
        }
        let negatives = (config.negative > 0).then(zeros);
        Self([Some(inputs), negatives, config.hierarchical_softmax.then(zeros)])
    }

    fn weights(&mut self) -> Weights<'_> {
        let [inputs, words, nodes] = self.0.each_mut().map(Option::as_mut);
        Weights { input_vectors: inputs.unwrap(), output_vectors: words, output_nodes: nodes }
    }

    fn bits(&mut self) -> Vec<u32> {
        self.weights().compact();
        let matrices = self.0.iter().flatten();
        matrices.flat_map(|m| m.values().unwrap()).map(|value| value.to_bits()).collect()
    }

    fn is_finite(&mut self) -> bool {
        self.bits().into_iter().all(|bits| f32::from_bits(bits).is_finite())
    }
}

/// A model trained as `train` does it, and what came of its epochs but for their time.
fn trained(job: &Job<'_>) -> (Vec<u32>, Vec<EpochSummary>) {
    let mut model = Model::new(job.config, job.counts.len());
    let summaries = train_model(job, &mut model.weights(), &mut Silent).unwrap();
    let timeless = |summary| EpochSummary { seconds: 0.0, ..summary };
    (model.bits(), summaries.into_iter().map(timeless).collect())
}

fn deterministic(config: TrainConfig) -> TrainConfig {
    TrainConfig { deterministic: true, ..config }
}

/// Checks that any number of workers gives the same, and returns it.
fn equal_for_all_workers(config: &TrainConfig, corpus: &EncodedCorpus, counts: &[u64]) -> Vec<u32> {
    let with = |workers| {
        let config = deterministic(TrainConfig { workers, ..config.clone() });
        trained(&Job::new(&config, corpus, counts))
    };
    let one = with(1);
    for workers in [2, 3, 5, 16, 33] {
        assert_eq!(with(workers), one, "{workers} workers, {config:?}");
    }
    one.0
}

/// Sentences of random lengths over `words` words, of which low numbers are frequent.
fn random_corpus(words: u32, ids: usize, seed: u64) -> (EncodedCorpus, Vec<u64>) {
    let mut generator = SplitMix64::new(seed);
    let mut text: Vec<WordId> = (0..words).map(WordId).collect();
    while text.len() < ids {
        let word = generator.below(words).min(generator.below(words));
        text.push(if generator.below(12) == 0 { WordId::SENTENCE_END } else { WordId(word) });
    }
    let count = |word| text.iter().filter(|&&id| id == WordId(word)).count() as u64;
    let counts: Vec<u64> = (0..words).map(count).collect();
    let raw_words = counts.iter().sum();
    (EncodedCorpus::from_ids(text, 1, raw_words), counts)
}

#[test]
fn any_number_of_workers_gives_the_same_bits() {
    let (corpus, counts) = topics(40);
    for config in every_objective() {
        let config = TrainConfig { epochs: 2, ..config };
        let bits = equal_for_all_workers(&config, &corpus, &counts);
        let other = TrainConfig { seed: 2, ..config };
        assert_ne!(equal_for_all_workers(&other, &corpus, &counts), bits);
    }
}

#[test]
fn whatever_the_corpus_and_the_windows() {
    let vocabularies = [(1, 40), (2, 300), (3, 700), (17, 5), (50, 900), (400, 6000)];
    for (words, ids) in vocabularies {
        let (corpus, counts) = random_corpus(words, ids, 7);
        for (window, shrink_windows, sample) in [(1, true, 0.0), (5, false, 1e-2), (40, true, 1e-3)]
        {
            for shared_negatives in [true, false] {
                let config = TrainConfig {
                    architecture: Architecture::SkipGram,
                    window,
                    shrink_windows,
                    sample,
                    shared_negatives,
                    vector_size: 9,
                    epochs: 2,
                    ..TrainConfig::default()
                };
                equal_for_all_workers(&config, &corpus, &counts);
            }
        }
    }
}

#[test]
fn locked_rows_too() {
    let (corpus, counts) = topics(60);
    let factors = [0.0, 1.0, 0.5, 1.0, 0.0, 0.25, 1.0, 1.0];
    for config in every_objective() {
        let with = |workers| {
            let config = deterministic(TrainConfig { workers, epochs: 2, ..config.clone() });
            let locks = Locks::new(&factors, 8, corpus.ids()).unwrap();
            trained(&Job { locks, ..Job::new(&config, &corpus, &counts) })
        };
        let one = with(1);
        assert_eq!(with(2), one);
        assert_eq!(with(7), one);
        let before = Model::new(&config, 8).bits();
        let row = |bits: &[u32], word: usize| bits[word * 20..(word + 1) * 20].to_vec();
        for (word, factor) in factors.iter().enumerate() {
            assert_eq!(row(&one.0, word) == row(&before, word), *factor == 0.0);
        }
    }
}

#[test]
fn every_objective_tells_the_topics_apart() {
    let (corpus, counts) = topics(200);
    for config in every_objective() {
        let (bits, epochs) = trained(&Job::new(&deterministic(config.clone()), &corpus, &counts));
        let vector =
            |word: usize| bits[word * 20..(word + 1) * 20].iter().map(|&b| f32::from_bits(b));
        let dot = |a, b| vector(a).zip(vector(b)).map(|(x, y)| x * y).sum::<f32>();
        let cosine = |a, b| dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
        let (same, other) = (cosine(0, 1).min(cosine(4, 5)), cosine(0, 4).max(cosine(1, 5)));
        assert!(same > other + 0.3, "{same} {other} {config:?}");
        assert!(epochs[19].loss < epochs[0].loss, "{config:?}");
        assert!(epochs.iter().all(|e| e.raw_words == 1600 && e.trained_words == 1600));
    }
}

#[test]
fn what_stays_finite_by_default_does_so_here() {
    for (words, ids, alpha) in [(2, 20_000, 0.5), (50, 20_000, 1.0), (8, 3_000, 0.2)] {
        let (corpus, counts) = random_corpus(words, ids, 3);
        for config in every_objective() {
            let config = TrainConfig { alpha, epochs: 5, ..config };
            let is_finite = |config: &TrainConfig| {
                let mut model = Model::new(config, counts.len());
                let job = Job::new(config, &corpus, &counts);
                train_model(&job, &mut model.weights(), &mut Silent).unwrap();
                model.is_finite()
            };
            assert!(is_finite(&deterministic(config.clone())) || !is_finite(&config), "{config:?}");
        }
    }
}

/// Calls [`train`] with what [`train_model`] hands over.
fn train_from(
    job: &Job<'_>,
    model: &mut Model,
    from: Position,
    edge: Edge<'_>,
    observer: &mut dyn Observer,
) -> Result<Vec<EpochSummary>> {
    let table = AliasTable::new(job.counts, job.config.ns_exponent);
    let paths = HuffmanPaths::new(job.counts);
    let kernels = simd::kernels().unwrap();
    let mut weights = model.weights();
    let shared = shared(job, &kernels, &mut weights, &table, &paths);
    let subsampling = Subsampling::new(job.counts, job.config.sample);
    workers::caught(|| train(job, shared, &subsampling, from, edge, observer))
}

fn shared<'a>(
    job: &Job<'a>,
    kernels: &'a simd::Kernels,
    weights: &'a mut Weights<'_>,
    table: &'a AliasTable,
    paths: &'a HuffmanPaths,
) -> Shared<'a> {
    Shared {
        config: job.config,
        kernels,
        input_vectors: weights.input_vectors.share(),
        negatives: weights.output_vectors.as_mut().map(|matrix| (matrix.share(), table)),
        tree: weights.output_nodes.as_mut().map(|matrix| (matrix.share(), paths)),
        locks: job.locks,
    }
}

#[test]
fn training_goes_on_from_any_round_as_if_it_had_not_ended() {
    let (corpus, counts) = random_corpus(30, 400, 5);
    for config in every_objective().step_by(2) {
        let config = deterministic(TrainConfig { epochs: 2, workers: 3, sample: 1e-2, ..config });
        let job = Job::new(&config, &corpus, &counts);
        let whole = trained(&job);
        let rounds = AtomicUsize::new(0);
        let count = |_: &Position| {
            rounds.fetch_add(1, Ordering::Relaxed);
            Ok(())
        };
        let mut model = Model::new(&config, 30);
        train_from(&job, &mut model, Position::default(), &count, &mut Silent).unwrap();
        assert_eq!(model.bits(), whole.0);
        assert!(rounds.load(Ordering::Relaxed) > 8);
        for last in 1..=rounds.load(Ordering::Relaxed) {
            let (done, at) = (AtomicUsize::new(0), Mutex::new(Position::default()));
            let stop = |position: &Position| {
                *at.lock().unwrap() = position.clone();
                match done.fetch_add(1, Ordering::Relaxed) + 1 == last {
                    true => Err(Error::Stopped),
                    false => Ok(()),
                }
            };
            let mut model = Model::new(&config, 30);
            let ended = train_from(&job, &mut model, Position::default(), &stop, &mut Silent);
            assert!(matches!(ended, Err(Error::Stopped)));
            model.bits(); // as a checkpoint does it: weights at rest
            let from = at.into_inner().unwrap();
            let summaries = train_from(&job, &mut model, from, &|_| Ok(()), &mut Silent).unwrap();
            let timeless = |summary| EpochSummary { seconds: 0.0, ..summary };
            assert_eq!(model.bits(), whole.0, "from round {last}");
            assert_eq!(summaries.into_iter().map(timeless).collect::<Vec<_>>(), whole.1);
        }
    }
}

/// Stops at the first look.
struct StopAtOnce;

impl Observer for StopAtOnce {
    fn observe(&mut self, _: Report) -> Result<()> {
        Err(Error::Stopped)
    }
}

#[test]
fn who_stops_it_finds_it_between_two_rounds() {
    let (corpus, counts) = random_corpus(30, 1500, 5);
    let config =
        TrainConfig { epochs: 100_000, workers: 3, vector_size: 8, ..TrainConfig::default() };
    let job = Job::new(&config, &corpus, &counts);
    let at = Mutex::new(Position::default());
    let note = |position: &Position| {
        at.lock().unwrap().clone_from(position);
        Ok(())
    };
    let mut model = Model::new(&config, 30);
    let ended = train_from(&job, &mut model, Position::default(), &note, &mut StopAtOnce);
    assert!(matches!(ended, Err(Error::Stopped)));
    let at = at.into_inner().unwrap();
    assert!(at.rounds > 0);

    let mut again = Model::new(&config, 30);
    let until = |position: &Position| match position.finished.len() == at.finished.len()
        && position.rounds == at.rounds
    {
        true => Err(Error::Stopped),
        false => Ok(()),
    };
    train_from(&job, &mut again, Position::default(), &until, &mut Silent).unwrap_err();
    assert_eq!(model.bits(), again.bits());
}

#[test]
fn a_panic_of_one_worker_ends_them_all() {
    let (corpus, counts) = random_corpus(30, 1500, 5);
    let config = TrainConfig { workers: 4, vector_size: 8, ..TrainConfig::default() };
    let job = Job::new(&config, &corpus, &counts);
    let mut model = Model::new(&config, 30);
    let result =
        train_from(&job, &mut model, Position::default(), &|_| panic!("boom"), &mut Silent);
    assert!(matches!(result, Err(Error::Internal(message)) if message.contains("boom")));
}

/// A matrix of a lane's own, all of it, with the uses of each row.
#[derive(Debug)]
struct Counted<'a> {
    matrix: SharedMatrix<'a>,
    uses: Vec<u32>,
}

impl<'a> RowSource<'a> for Counted<'a> {
    fn width(&self) -> usize {
        self.matrix.width()
    }

    fn row(&mut self, index: usize) -> Row<'a> {
        self.uses[index] += 1;
        self.matrix.row(index)
    }

    fn find(&self, index: usize) -> Row<'a> {
        self.matrix.row(index)
    }
}

/// What a lane of the plain version made of one matrix.
struct Made {
    values: Vec<f32>,
    uses: Vec<u32>,
    claimed: Vec<bool>,
}

/// One lane of a round on copies of everything.
fn plain_lane(job: &Job<'_>, base: &[Option<Vec<f32>>; 3], at: (u32, usize, usize)) -> Vec<Made> {
    let (config, (epoch, round, lane)) = (job.config, at);
    let (table, paths) =
        (AliasTable::new(job.counts, config.ns_exponent), HuffmanPaths::new(job.counts));
    let kernels = simd::kernels().unwrap();
    let mut model = Model::new(config, job.counts.len());
    for (matrix, values) in model.0.iter_mut().zip(base) {
        if let (Some(matrix), Some(values)) = (matrix, values) {
            matrix.values_mut().unwrap().copy_from_slice(values);
        }
    }
    let mut kept = KeptTokens::default();
    let mut uses = Vec::new();
    {
        let mut weights = model.weights();
        let shared = shared(job, &kernels, &mut weights, &table, &paths);
        let rounds = Plan::new(job, &shared).rounds(job, epoch);
        let stream = |kind, block| SplitMix64::stream(config.seed, epoch, kind, block);
        let kept_stream = stream(StreamKind::Subsampling, 0);
        let subsampling = Subsampling::new(job.counts, config.sample);
        let range = rounds.range(round, lane);
        kept.fill(job.corpus.ids(), range, config.window, &subsampling, &kept_stream);
        let counted = |matrix| Counted { matrix, uses: vec![0; job.counts.len()] };
        let sources = Sources {
            inputs: counted(shared.input_vectors),
            words: shared.negatives.map(|(matrix, _)| counted(matrix)),
            nodes: shared.tree.map(|(matrix, _)| counted(matrix)),
        };
        let mut scratch = Scratch::new(&shared).unwrap();
        let mut objective = Objective::new(shared, sources, &mut scratch);
        let passed = f64::from(epoch) + rounds.share_before(round);
        objective.alpha = job.schedule.alpha(passed * job.corpus.raw_words as f64);
        let mut generator = stream(StreamKind::Windows, (round * LANES + lane) as u64);
        for place in kept.centers(config.window) {
            objective.train(place.window(config, &mut generator), &mut generator);
        }
        objective.finish();
        uses.extend(objective.sources.each().map(|counted| counted.uses.clone()));
    }
    model.weights().compact();
    let values = model.0.iter().flatten().map(|matrix| matrix.values().unwrap().to_vec());
    let mut made: Vec<Made> = values
        .zip(uses)
        .map(|(values, uses)| Made { values, claimed: uses.iter().map(|&n| n > 0).collect(), uses })
        .collect();
    for token in kept.tokens() {
        made[0].claimed[token.row()] = true;
    }
    made
}

/// The scheme without any of its shortcuts: a lane after the other works on copies of everything,
/// then what they made is merged.
fn plain(job: &Job<'_>) -> Vec<u32> {
    let (config, size) = (job.config, job.config.vector_size);
    let mut model = Model::new(config, job.counts.len());
    let mut base = model.0.each_ref().map(|m| m.as_ref().map(|m| m.values().unwrap().to_vec()));
    let (table, paths) =
        (AliasTable::new(job.counts, config.ns_exponent), HuffmanPaths::new(job.counts));
    let kernels = simd::kernels().unwrap();
    let mut weights = model.weights();
    let plan = Plan::new(job, &shared(job, &kernels, &mut weights, &table, &paths));
    for (epoch, rounds) in (0..config.epochs).map(|epoch| (epoch, plan.rounds(job, epoch))) {
        for round in 0..rounds.count() {
            let passed = f64::from(epoch) + rounds.share_before(round);
            let alpha = job.schedule.alpha(passed * job.corpus.raw_words as f64);
            let lanes: Vec<Vec<Made>> =
                (0..LANES).map(|lane| plain_lane(job, &base, (epoch, round, lane))).collect();
            for (side, values) in base.iter_mut().flatten().enumerate() {
                let per_use =
                    if side == 0 { plan.gradients_per_input } else { plan.gradients_per_output };
                for (row, values) in values.chunks_mut(size).enumerate() {
                    let of = |lane: usize| &lanes[lane][side].values[row * size..][..size];
                    let claims: Vec<usize> =
                        (0..LANES).filter(|&lane| lanes[lane][side].claimed[row]).collect();
                    let used: Vec<usize> =
                        (0..LANES).filter(|&lane| lanes[lane][side].uses[row] > 0).collect();
                    if let [alone] = claims[..] {
                        values.copy_from_slice(of(alone));
                        continue;
                    }
                    let uses: u32 = used.iter().map(|&lane| lanes[lane][side].uses[row]).sum();
                    let strength = alpha * per_use * uses as f32;
                    let free = 6.0;
                    let damping = (free / strength.max(free)).max(1.0 / used.len().max(1) as f32);
                    for (at, value) in values.iter_mut().enumerate() {
                        let changes = used.iter().map(|&lane| of(lane)[at] - *value);
                        *value += damping * changes.fold(0.0, |sum, change| sum + change);
                    }
                }
            }
        }
    }
    base.iter().flatten().flatten().map(|value| value.to_bits()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn it_is_what_the_plain_version_gives(
        (words, ids, seed) in (1u32..40, 0usize..900, 0u64..1000),
        (negative, hierarchical_softmax) in prop::sample::select(vec![(3, false), (0, true), (2, true)]),
        (skip_gram, shared_negatives, cbow_mean) in any::<(bool, bool, bool)>(),
        (window, shrink_windows) in (1usize..20, any::<bool>()),
        (vector_size, workers) in (1usize..40, 1usize..6),
        sample in prop::sample::select(vec![0.0, 1e-2]),
        alpha in prop::sample::select(vec![0.0f32, 0.025, 0.5]),
    ) {
        let (corpus, counts) = random_corpus(words, ids, seed);
        let config = TrainConfig {
            architecture: if skip_gram { Architecture::SkipGram } else { Architecture::Cbow },
            epochs: 2,
            deterministic: true,
            negative, hierarchical_softmax, shared_negatives, cbow_mean, window, shrink_windows,
            vector_size, workers, sample, alpha, seed,
            ..TrainConfig::default()
        };
        let job = Job::new(&config, &corpus, &counts);
        prop_assert_eq!(trained(&job).0, plain(&job));
    }
}
