#[path = "../../tests/rows/push.rs"]
mod rows;

use crate::testing::Bench;

fn bench() -> Bench {
    let bench = Bench::new(rows::SETTINGS);
    rows::fixture(|arguments| {
        bench.git(arguments);
    });
    bench
}

#[test]
fn rows_hold() {
    bench().check(rows::ROWS);
}
