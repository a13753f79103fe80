//! What the tests said: passed on as it comes, counted, and summed up at the end.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

/// Counts over everything that was run.
#[derive(Debug, Default)]
pub struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
    /// Tests that need something this machine does not have, as they say it.
    skipped: Vec<String>,
    /// Names of the tests that failed.
    failures: Vec<String>,
    /// Whether a run ended badly for another reason than a failed test.
    broken: bool,
}

/// What the lines at hand belong to.
#[derive(Clone, Copy, PartialEq)]
enum Section {
    Progress,
    /// Output of tests that passed.
    Successes,
    Failures,
}

impl Tally {
    /// Runs a `cargo test` (with `--show-output`, so that tests can say that they are skipped) and counts.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn run(&mut self, tests: &mut Command) -> Result<()> {
        let mut running = tests
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start `cargo test`")?;
        let failed_before = self.failed;
        if let Some(output) = running.stdout.take() {
            let mut section = Section::Progress;
            for line in BufReader::new(output).split(b'\n') {
                let line = String::from_utf8_lossy(&line?).into_owned();
                section = self.line(&line, section);
                if section != Section::Successes && says_something(&line) {
                    println!("{line}");
                }
            }
        }
        let success = running.wait()?.success();
        self.broken |= !success && self.failed == failed_before;
        Ok(())
    }

    fn line(&mut self, line: &str, section: Section) -> Section {
        if let Some(what) = line.strip_prefix("skipped: ") {
            self.skipped.push(what.to_owned());
        }
        if let Some(counts) = line.strip_prefix("test result: ") {
            self.passed += number_before(counts, " passed");
            self.failed += number_before(counts, " failed");
            self.ignored += number_before(counts, " ignored");
            return Section::Progress;
        }
        match (line, section) {
            ("successes:", _) => Section::Successes,
            ("failures:", _) => Section::Failures,
            (name, Section::Failures) if name.starts_with("    ") && !name.trim().contains(' ') => {
                self.failures.push(name.trim().to_owned());
                section
            }
            _ => section,
        }
    }

    /// Prints the sums, and what was skipped and what failed by name. Answers whether all is well.
    pub fn print(mut self) -> bool {
        self.skipped.sort();
        self.skipped.dedup();
        self.failures.sort();
        self.failures.dedup();
        println!();
        if !self.skipped.is_empty() {
            println!("Skipped, for this machine lacks what they need:");
            self.skipped.iter().for_each(|test| println!("  {test}"));
        }
        if !self.failures.is_empty() {
            println!("Failed:");
            self.failures.iter().for_each(|test| println!("  {test}"));
        }
        if self.broken {
            println!("Some tests could not be built or run; see above.");
        }
        println!(
            "{} tests passed, {} of them without doing anything (skipped); {} failed, {} are only run by hand.",
            self.passed,
            self.skipped.len(),
            self.failed,
            self.ignored
        );
        self.failed == 0 && !self.broken
    }
}

/// Whether a line is worth passing on; many of the binaries that are run hold no test.
fn says_something(line: &str) -> bool {
    !line.is_empty()
        && line != "running 0 tests"
        && !line.starts_with("test result: ok. 0 passed; 0 failed; 0 ignored;")
}

/// The number in front of a word: `12` of `ok. 12 passed; 0 failed`.
fn number_before(text: &str, word: &str) -> u64 {
    let before = text.split(word).next().unwrap_or_default();
    let digits = before.rsplit(' ').next().unwrap_or_default();
    digits.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{Section, Tally, says_something};

    #[test]
    fn binaries_without_tests_are_not_shown() {
        assert!(!says_something("running 0 tests"));
        assert!(!says_something(
            "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s"
        ));
        assert!(says_something("running 10 tests"));
        assert!(says_something(
            "test result: ok. 0 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s"
        ));
        assert!(says_something(
            "test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s"
        ));
    }

    #[test]
    fn counts_skips_and_failures_are_told_apart() {
        let output = "\nrunning 3 tests\n..F\nsuccesses:\n\n---- one stdout ----\nskipped: one needs a server\n\nsuccesses:\n    one\n    two\n\
                      \nfailures:\n\n---- three stdout ----\nassertion failed: left == right\n    left: 1\n\nfailures:\n    three\n\
                      \ntest result: FAILED. 2 passed; 1 failed; 4 ignored; 0 measured; 0 filtered out; finished in 0.01s\n";
        let mut tally = Tally::default();
        let mut section = Section::Progress;
        for line in output.lines() {
            section = tally.line(line, section);
        }
        assert_eq!((tally.passed, tally.failed, tally.ignored), (2, 1, 4));
        assert_eq!(tally.skipped, ["one needs a server"]);
        assert_eq!(tally.failures, ["three"]);
        assert!(!tally.print());
    }
}
