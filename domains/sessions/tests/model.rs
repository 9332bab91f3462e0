//! Random histories of sessions, clients and boots: what is shown depends on the events alone, not on how and when
//! they came to be read.

#[path = "model/files.rs"]
mod files;
#[path = "model/legacy.rs"]
mod legacy;
#[path = "model/order.rs"]
mod order;
#[path = "model/sent.rs"]
mod sent;
mod support;
#[path = "model/turn.rs"]
mod turn;
#[path = "model/world.rs"]
mod world;

/// How many histories are tried.
const SEEDS: u64 = 10_000;

/// Small numbers that look random, the same for the same seed.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`.
    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap()
    }

    /// Whether something of so many percent happens.
    fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    fn shuffle<T>(&mut self, what: &mut [T]) {
        for at in (1..what.len()).rev() {
            what.swap(at, self.below(at + 1));
        }
    }
}

/// Runs a test for every so-many-th seed, on two threads.
fn for_every(step: u64, test: impl Fn(u64) + Sync) {
    std::thread::scope(|scope| {
        for first in 0..2 {
            let test = &test;
            let seeds = (first * step..SEEDS).step_by(2 * usize::try_from(step).unwrap());
            scope.spawn(move || seeds.for_each(test));
        }
    });
}
