//! How the scores of a step lie in memory: in tiles of 16, each for two inputs and eight targets.
//!
//! A tile is what the running sums of two inputs against eight targets add up to in one go
//! ([`super::lanes::Register::store_totals`]), and one vector for the sigmoid: eight scores of the first
//! input, then eight of the second. The tiles of all inputs against the first eight targets are
//! followed by those against the next eight, so that the scores of one target lie at distances that
//! depend on the inputs alone.

/// Values in a tile.
pub const TILE: usize = 16;

/// Targets in a tile; an absent one has a rate of 0.
pub const TILE_TARGETS: usize = 8;

/// Tiles that `targets` take for each two inputs.
#[inline(always)]
pub const fn tiles(targets: usize) -> usize {
    targets.div_ceil(TILE_TARGETS)
}

/// Values in all tiles of `inputs` against `targets`.
#[inline(always)]
pub const fn tiled(inputs: usize, targets: usize) -> usize {
    inputs.div_ceil(2) * tiles(targets) * TILE
}

/// Where the score of `input` against `target` lies, of `inputs` in all.
#[inline(always)]
pub const fn place(input: usize, target: usize, inputs: usize) -> usize {
    let tile = (target / TILE_TARGETS) * inputs.div_ceil(2) + input / 2;
    tile * TILE + (input % 2) * TILE_TARGETS + target % TILE_TARGETS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_has_a_place_of_its_own() {
        for inputs in 1..=17 {
            for targets in 1..=26 {
                let mut seen = vec![false; tiled(inputs, targets)];
                for (input, target) in (0..inputs).flat_map(|i| (0..targets).map(move |t| (i, t))) {
                    let place = place(input, target, inputs);
                    assert!(!std::mem::replace(&mut seen[place], true));
                }
            }
        }
    }
}
