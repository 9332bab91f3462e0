//! Reads the summaries of test runners, for lines whose exit code is not that of the run.

use super::family::is_among;
use super::fingerprint::plain;

/// Starts of lines that failed runs print.
const FAILED: [&str; 12] = [
    "test result: FAILED",
    "error: test failed",
    "error: could not compile",
    "error[E",
    "--- FAIL:",
    "FAIL\t",
    "FAIL ",
    "FAILED (",
    "FAILURES!",
    "BUILD FAILED",
    "[INFO] BUILD FAILURE",
    "not ok ",
];
/// Starts of lines that passed runs print.
const PASSED: [&str; 10] = [
    "test result: ok",
    "ok  \t",
    "PASS ",
    "BUILD SUCCESS",
    "[INFO] BUILD SUCCESS",
    "OK (",
    "100% tests passed",
    "Passed! ",
    "[success]",
    "All tests passed",
];

/// Words for counts of passed tests.
const PASSING: &str = "passed passing pass Passed";
const FAILING: &str = "failed failing fail failures failure errors error Failed Failures Errors FAILED";
const COUNTED: &str = "tests test examples example specs run runs total Tests Total";

/// Whether the run passed; `None` if its output does not say. One failure outweighs any passes.
pub fn verdict(output: &str) -> Option<bool> {
    let mut verdict = None;
    let mut has_run = false;
    for line in output.lines() {
        let line = plain(line);
        let line = line.trim();
        let starts = |marks: &[&str]| marks.iter().any(|mark| line.starts_with(mark));
        let counts = Counts::of(line);
        if line == "FAIL" || starts(&FAILED) || counts.failed.is_some_and(|count| count > 0) {
            return Some(false);
        }
        has_run |= line.starts_with("Ran ");
        let is_passed = line == "PASS"
            || line == "OK" && has_run
            || starts(&PASSED)
            || counts.passed.is_some_and(|count| count > 0)
            || counts.failed == Some(0) && counts.tests.is_some_and(|count| count > 0);
        if is_passed {
            verdict = Some(true);
        }
    }
    verdict
}

/// The counts of a line such as `3 failed, 2 passed`, `Tests: 3, Failures: 1` or `5 examples, 0 failures`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: Option<u32>,
    failed: Option<u32>,
    tests: Option<u32>,
}

impl Counts {
    /// The counts of a line. They are empty unless it is a summary: two counts, or nothing but one.
    fn of(line: &str) -> Self {
        /// Longer lines are not summaries.
        const LONGEST: usize = 200;
        let mut counts = Self::default();
        if line.len() > LONGEST || !line.bytes().any(|byte| byte.is_ascii_digit()) {
            return counts;
        }
        let (mut parts, mut is_all) = (0, line.starts_with("==") || line.starts_with("Summary ["));
        for part in line.split([',', ';', '|', '(', ')']) {
            let words: Vec<&str> =
                part.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
            let Some((sum, count)) = counts.counted(&words) else { continue };
            *sum = Some(sum.unwrap_or(0).saturating_add(count));
            parts += 1;
            is_all |= words.len() <= 2;
        }
        if parts > 1 || parts == 1 && is_all { counts } else { Self::default() }
    }

    /// One count: `3 failed`, `1 tests failed`, `Failures: 1`, `fail 0`.
    fn counted(&mut self, words: &[&str]) -> Option<(&mut Option<u32>, u32)> {
        let last = words
            .iter()
            .rposition(|word| is_among(PASSING, word) || is_among(FAILING, word) || is_among(COUNTED, word));
        let at = last?;
        let number = |at: usize| words.get(at)?.parse::<u32>().ok();
        let before = |distance: usize| at.checked_sub(distance);
        let is_between = before(1).is_some_and(|at| is_among("test tests", words[at]));
        let count = before(1).and_then(number);
        let count = count.or_else(|| before(2).filter(|_| is_between).and_then(number));
        // The number of `error 404` is not a count.
        let count = count.or_else(|| number(at + 1).filter(|_| words[at] != "error"))?;
        let sum = match words[at] {
            word if is_among(PASSING, word) => &mut self.passed,
            word if is_among(FAILING, word) => &mut self.failed,
            _ => &mut self.tests,
        };
        Some((sum, count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_of_many_runners_are_read() {
        for (output, expected) in [
            ("test result: ok. 12 passed; 0 failed; 1 ignored; finished in 0.02s", Some(true)),
            ("test result: ok. 0 passed; 0 failed; 0 ignored", Some(true)),
            ("test result: ok. 1 passed; 0 failed\ntest result: FAILED. 1 passed; 1 failed", Some(false)),
            ("error: test failed, to rerun pass `--lib`", Some(false)),
            ("     Summary [   0.1s] 5 tests run: 4 passed, 1 failed, 0 skipped", Some(false)),
            ("     Summary [   0.1s] 5 tests run: 5 passed, 0 skipped", Some(true)),
            ("===== 3 failed, 2 passed in 0.12s =====", Some(false)),
            ("\u{1b}[32m===== \u{1b}[1m2 passed\u{1b}[0m in 0.12s =====\u{1b}[0m", Some(true)),
            ("===== 1 error in 0.50s =====", Some(false)),
            ("===== no tests ran in 0.01s =====", None),
            ("Ran 5 tests in 0.001s\n\nOK", Some(true)),
            ("Ran 5 tests in 0.001s\n\nFAILED (failures=1)", Some(false)),
            ("Tests:       1 failed, 3 passed, 4 total", Some(false)),
            ("Tests:       4 passed, 4 total", Some(true)),
            (" Tests  2 failed | 10 passed (12)", Some(false)),
            ("  3 passing (12ms)\n  1 failing", Some(false)),
            ("  3 passing (12ms)", Some(true)),
            ("  1 failed\n  2 passed (3.4s)", Some(false)),
            ("--- FAIL: TestA (0.00s)\nFAIL\nFAIL\texample.com/a\t0.1s", Some(false)),
            ("ok  \texample.com/a\t0.012s", Some(true)),
            ("[ERROR] Tests run: 5, Failures: 1, Errors: 0, Skipped: 0", Some(false)),
            ("Tests run: 5, Failures: 0, Errors: 0, Skipped: 0\n[INFO] BUILD SUCCESS", Some(true)),
            ("BUILD SUCCESSFUL in 3s", Some(true)),
            ("BUILD FAILED in 3s", Some(false)),
            ("Failed!  - Failed:     1, Passed:     3, Skipped:     0, Total:     4", Some(false)),
            ("5 examples, 0 failures", Some(true)),
            ("5 examples, 1 failure", Some(false)),
            ("OK (5 tests, 9 assertions)", Some(true)),
            ("Tests: 3, Assertions: 3, Failures: 1.", Some(false)),
            ("80% tests passed, 1 tests failed out of 5", Some(false)),
            ("100% tests passed, 0 tests failed out of 5", Some(true)),
            ("# tests 4\n# pass 4\n# fail 0", Some(true)),
            ("# tests 4\n# pass 3\n# fail 1", Some(false)),
            (" 5 pass\n 0 fail", Some(true)),
            ("[error] Failed: Total 3, Failed 1, Errors 0, Passed 2", Some(false)),
        ] {
            assert_eq!(verdict(output), expected, "{output}");
        }
    }

    #[test]
    fn other_text_tells_nothing() {
        for output in [
            "",
            "Compiling a v0.1.0",
            "error 404",
            "retry 3 failed",
            "INFO 3 failed logins were seen for the user today",
            "the last run had one failure",
            "warning: unused variable",
            "exit 1",
        ] {
            assert_eq!(verdict(output), None, "{output}");
        }
    }
}
