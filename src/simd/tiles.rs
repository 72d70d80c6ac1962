//! How the scores of a step lie in memory: in tiles of 16, each for two inputs and eight targets.
//!
//! A tile is what the running sums of two inputs against eight targets add up to in one go
//! ([`super::lanes::Register::add_up`]), and one vector for the sigmoid. Within it, four targets of the first
//! input are followed by the same four of the second.

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

/// Where the score of `input` against `target` lies, of `targets` in all.
#[inline(always)]
pub const fn place(input: usize, target: usize, targets: usize) -> usize {
    (input / 2) * tiles(targets) * TILE + (input % 2) * 4 + target_offset(target)
}

/// How far behind that of target 0 the score of the same input against `target` lies.
#[inline(always)]
pub const fn target_offset(target: usize) -> usize {
    target + (target & !3)
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
                    let place = place(input, target, targets);
                    assert!(!std::mem::replace(&mut seen[place], true));
                }
            }
        }
    }
}
