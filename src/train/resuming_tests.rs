//! Training that is interrupted and goes on, against training that never was.

use super::position::Position;
use super::tests::{every_objective, topics};
use super::*;
use crate::progress::{Report, Silent};

/// The matrices of a model, as they would lie in a file.
#[derive(Debug, Clone, PartialEq)]
struct Saved {
    reached: Reached,
    matrices: [Vec<f32>; 3],
}

const SIZE: usize = 20;

impl Saved {
    /// Small vectors, none like another.
    fn first(words: usize) -> Self {
        let value = |i: usize| ((i * 7919 % 997) as f32 / 498.0 - 1.0) / SIZE as f32;
        let zeros = vec![0.0; words * SIZE];
        let input = (0..words * SIZE).map(value).collect();
        Self { reached: Reached::default(), matrices: [input, zeros.clone(), zeros] }
    }

    /// Trains on from here; whoever keeps it decides how far.
    fn train(
        self,
        job: Job<'_>,
        keeper: Option<&mut dyn Keeper>,
        observer: &mut dyn Observer,
    ) -> (Result<Vec<EpochSummary>>, [Vec<f32>; 3]) {
        let mut matrices = self.matrices.map(|values| {
            let mut matrix = Matrix::zeros(values.len() / SIZE, SIZE).unwrap();
            matrix.values_mut().unwrap().copy_from_slice(&values);
            matrix
        });
        let [input, output, nodes] = &mut matrices;
        let mut weights = Weights {
            input_vectors: input,
            output_vectors: (job.config.negative > 0).then_some(output),
            output_nodes: job.config.hierarchical_softmax.then_some(nodes),
        };
        let job = Job { reached: self.reached, ..job };
        let result = train_keeping(&job, &mut weights, keeper, observer);
        (result, matrices.map(|matrix| matrix.values().unwrap().to_vec()))
    }
}

/// Keeps whenever workers rest, which they do after so many units and at ends of epochs.
struct KeepAll {
    kept: Vec<Saved>,
    units: u64,
}

impl KeepAll {
    fn every(units: u64) -> Self {
        Self { kept: Vec::new(), units }
    }
}

impl Keeper for KeepAll {
    fn is_due(&self) -> bool {
        self.units < u64::MAX
    }

    fn rest_before(&self, from: Position) -> u64 {
        from.unit.saturating_add(self.units)
    }

    fn is_due_after(&self, _: u32) -> bool {
        true
    }

    fn keep(
        &mut self,
        reached: &Reached,
        weights: &Weights<'_>,
        _: &mut dyn Observer,
    ) -> Result<()> {
        let mut matrices = [const { Vec::new() }; 3];
        for (name, matrix) in weights.matrices() {
            let place =
                ["vectors", "output_vectors", "output_nodes"].iter().position(|n| *n == name);
            matrix.append_rows(0..matrix.rows(), &mut matrices[place.unwrap()]);
        }
        for matrix in &mut matrices {
            matrix.resize(weights.input_vectors.rows() * SIZE, 0.0); // one that is not trained
        }
        self.kept.push(Saved { reached: reached.clone(), matrices });
        Ok(())
    }
}

/// Stops at the `patience`-th report, and whenever it is asked again.
struct StopAt {
    patience: u32,
}

impl Observer for StopAt {
    fn observe(&mut self, _: Report) -> Result<()> {
        self.patience = self.patience.saturating_sub(1);
        if self.patience > 0 {
            return Ok(());
        }
        self.patience = 1; // and whenever it is asked again
        Err(Error::Stopped)
    }
}

fn bits(matrices: &[Vec<f32>; 3]) -> Vec<u32> {
    matrices.iter().flatten().map(|value| value.to_bits()).collect()
}

fn without_time(epochs: &[EpochSummary]) -> Vec<(u64, u64, u64)> {
    epochs.iter().map(|e| (e.raw_words, e.trained_words, e.loss.to_bits())).collect()
}

/// Whose bits do not depend on when they rest.
fn every_repeatable_way() -> impl Iterator<Item = TrainConfig> {
    every_objective().flat_map(|config| {
        let lanes = TrainConfig { deterministic: true, workers: 3, ..config.clone() };
        [TrainConfig { workers: 1, ..config }, lanes]
    })
}

#[test]
fn training_goes_on_from_every_boundary_bit_for_bit() {
    let (corpus, counts) = topics(60);
    for config in every_repeatable_way() {
        let config = TrainConfig { epochs: 2, ..config };
        let job = || Job { block_ids: 64, ..Job::new(&config, &corpus, &counts) };
        let (epochs, whole) = Saved::first(8).train(job(), None, &mut Silent);
        let epochs = without_time(&epochs.unwrap());
        let mut keeper = KeepAll::every(1);
        let (result, kept) = Saved::first(8).train(job(), Some(&mut keeper), &mut Silent);
        assert_eq!(without_time(&result.unwrap()), epochs, "{config:?}");
        assert_eq!(bits(&kept), bits(&whole), "resting changes nothing, {config:?}");
        check_positions(&keeper, 2);
        for saved in keeper.kept {
            let from = saved.reached.position;
            let (result, matrices) = saved.train(job(), None, &mut Silent);
            assert_eq!(without_time(&result.unwrap()), epochs, "{config:?} from {from:?}");
            assert_eq!(bits(&matrices), bits(&whole), "{config:?} from {from:?}");
        }
    }
}

/// Checks that every unit ended with a rest, that of an epoch's last being the next one's beginning.
fn check_positions(keeper: &KeepAll, epochs: u32) {
    let mut before = Position::default();
    for at in keeper.kept.iter().map(|saved| saved.reached.position) {
        let next = Position { unit: before.unit + 1, ..before };
        let next_epoch = Position { epoch: before.epoch + 1, unit: 0 };
        assert!(at == next || (at == next_epoch && before.unit > 1), "{at:?} after {before:?}");
        before = at;
    }
    assert_eq!(before, Position { epoch: epochs, unit: 0 });
}

#[test]
fn keeping_changes_nothing() {
    let (corpus, counts) = topics(60);
    for config in every_repeatable_way() {
        let config = TrainConfig { epochs: 2, ..config };
        let job = || Job { block_ids: 64, ..Job::new(&config, &corpus, &counts) };
        let (_, without) = Saved::first(8).train(job(), None, &mut Silent);
        let mut keeper = KeepAll::every(u64::MAX);
        let (result, with) = Saved::first(8).train(job(), Some(&mut keeper), &mut Silent);
        assert!(result.is_ok());
        assert_eq!(bits(&with), bits(&without), "{config:?}");
        let kept: Vec<_> = keeper.kept.iter().map(|saved| saved.reached.position.epoch).collect();
        assert_eq!(kept, [1, 2]);
        assert_eq!(bits(&keeper.kept[1].matrices), bits(&with));
    }
}

#[test]
fn one_call_for_all_epochs_and_one_for_each_give_the_same_bits() {
    let (corpus, counts) = topics(60);
    for config in every_repeatable_way() {
        let config = TrainConfig { epochs: 3, ..config };
        let job = Job { block_ids: 64, ..Job::new(&config, &corpus, &counts) };
        let schedule = job.schedule;
        let (_, whole) = Saved::first(8).train(job, None, &mut Silent);
        let one = TrainConfig { epochs: 1, ..config.clone() };
        let mut at = Saved::first(8);
        for epoch in 0..3 {
            let raw_words_before = u64::from(epoch) * corpus.raw_words;
            let job = Job {
                block_ids: 64,
                epochs_before: epoch,
                schedule: Schedule { raw_words_before, ..schedule },
                ..Job::new(&one, &corpus, &counts)
            };
            at.matrices = at.clone().train(job, None, &mut Silent).1;
        }
        assert_eq!(bits(&at.matrices), bits(&whole), "{config:?}");
    }
}

#[test]
fn several_workers_rest_at_one_boundary_and_count_every_word_once() {
    let (corpus, counts) = topics(300);
    let config = TrainConfig { workers: 4, epochs: 3, vector_size: SIZE, ..Default::default() };
    let config = TrainConfig { sample: 0.0, compute_loss: true, ..config };
    let job = || Job { block_ids: 32, ..Job::new(&config, &corpus, &counts) };
    let mut keeper = KeepAll::every(7);
    Saved::first(8).train(job(), Some(&mut keeper), &mut Silent).0.unwrap();
    for saved in keeper.kept {
        let Reached { position, current, .. } = saved.reached.clone();
        let blocks = schedule::Blocks::new(&corpus, 32);
        let words: u64 = (0..position.unit).map(|block| blocks.raw_words(block)).sum();
        assert_eq!(current.raw_words, words, "all blocks before the boundary, and no other");
        let (result, _) = saved.train(job(), None, &mut Silent);
        for epoch in result.unwrap() {
            assert_eq!((epoch.raw_words, epoch.trained_words), (2400, 2400));
        }
    }
}

#[test]
fn who_insists_on_stopping_is_not_kept_waiting() {
    let (corpus, counts) = topics(100);
    let config = TrainConfig { vector_size: SIZE, epochs: 1_000_000, ..Default::default() };
    struct Refuses;
    impl Keeper for Refuses {
        fn is_due(&self) -> bool {
            false
        }
        fn is_due_after(&self, _: u32) -> bool {
            false
        }
        fn keep(
            &mut self,
            _: &Reached,
            _: &Weights<'_>,
            observer: &mut dyn Observer,
        ) -> Result<()> {
            observer.observe(Report::File(Default::default())) // as a save looks up
        }
    }
    let job = Job::new(&config, &corpus, &counts);
    let stop = &mut StopAt { patience: 2 };
    let (result, _) = Saved::first(8).train(job, Some(&mut Refuses), stop);
    assert!(matches!(result, Err(Error::Stopped)));
}

#[test]
fn weights_that_are_not_finite_end_training_with_their_place() {
    let (corpus, counts) = topics(60);
    let config = TrainConfig { workers: 1, vector_size: SIZE, epochs: 3, ..Default::default() };
    let mut first = Saved::first(8);
    first.matrices[0][5 * SIZE] = f32::NAN;
    let mut keeper = KeepAll::every(u64::MAX);
    let job = Job::new(&config, &corpus, &counts);
    let (result, _) = first.train(job, Some(&mut keeper), &mut Silent);
    let message = result.unwrap_err().to_string();
    assert!(message.starts_with("training diverged: row "), "{message}");
    assert!(message.contains("of vectors is NaN or infinite after epoch 1 of 3"), "{message}");
    assert!(keeper.kept.is_empty(), "what is spoilt must not take a good one's place");
}
