//! Guests that mean harm: each gets its one clear error, and the host goes on answering.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use miette::Diagnostic;
use nl2sql_catalog::{Database, Sample};
use nl2sql_plugin_host::{Artifact, Limits, LogLevel, LogSink, PluginHost, PluginLimits, PluginSettings, Services};
use nl2sql_tests::guest;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The folder every guest of this test is built into, as `<name>.wasm`.
fn built() -> &'static Path {
    static BUILT: OnceLock<tempfile::TempDir> = OnceLock::new();
    BUILT
        .get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            for guest in fs::read_dir(guest::hostile()).unwrap() {
                let source = guest.unwrap().path();
                if source.is_dir() {
                    let name = source.file_name().unwrap().to_string_lossy().into_owned();
                    fs::write(
                        folder.path().join(format!("{name}.wasm")),
                        guest::build(&source).unwrap(),
                    )
                    .unwrap();
                }
            }
            folder
        })
        .path()
}

/// A host with tight limits that knows the guests by their paths.
fn host() -> PluginHost {
    let settings = fs::read_dir(built()).unwrap().map(|file| {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let settings = PluginSettings {
            path: Some(path),
            ..PluginSettings::default()
        };
        (name, settings)
    });
    PluginHost::builder()
        .settings(settings.collect())
        .limits(tight())
        .build()
        .unwrap()
}

fn tight() -> Limits {
    Limits {
        time: Duration::from_millis(200),
        memory: 16 << 20,
        output: 4 << 20,
    }
}

fn samples(count: usize) -> Vec<Sample> {
    vec![Sample::default(); count]
}

/// What a user reads of a plugin's try at two samples.
fn outcome(host: &PluginHost, name: &str) -> String {
    let validator = match host.validator(name, Services::none()) {
        Ok(validator) => validator,
        Err(error) => return paragraph(&error),
    };
    match validator.open(&Database::default(), "{}").check(&samples(2)) {
        Ok(findings) => format!("found {}", findings.iter().map(Vec::len).sum::<usize>()),
        Err(error) => paragraph(&error),
    }
}

fn paragraph(error: &dyn Diagnostic) -> String {
    let help = error.help().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
    let text = format!("{error}{help}");
    text.replace(&built().display().to_string(), "<built>")
}

#[test]
fn every_hostile_guest_fails_with_its_error_and_the_host_survives() {
    let host = host();
    let good = host
        .validator("good", Services::none())
        .unwrap()
        .open(&Database::default(), "{}");
    let mut guests: Vec<_> = fs::read_dir(guest::hostile())
        .unwrap()
        .map(|guest| guest.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    guests.sort();
    let mut wrong = Vec::new();
    for guest in guests {
        let name = guest.file_name().unwrap().to_string_lossy().into_owned();
        let expected = fs::read_to_string(guest.join("expected.txt")).unwrap_or_default();
        // Twice, for the second call must not inherit anything from the first.
        for _ in 0..2 {
            let found = outcome(&host, &name);
            if found.trim_end() != expected.trim_end() {
                wrong.push(format!(
                    "== {name}\n-- expected\n{}\n-- found\n{found}",
                    expected.trim_end()
                ));
            }
        }
        assert_eq!(good.check(&samples(3)).unwrap(), vec![Vec::new(); 3], "after {name}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Keeps what is logged.
#[derive(Default)]
struct Log(Mutex<Vec<(LogLevel, String)>>);

impl LogSink for Log {
    fn write(&self, _: &str, level: LogLevel, message: &str) {
        self.0.lock().unwrap().push((level, message.to_owned()));
    }
}

/// What a guest's call brings into its log.
fn logged(name: &str) -> Vec<(LogLevel, String)> {
    let log = Arc::new(Log::default());
    let services = Services::none().with_log(log.clone());
    let validator = host()
        .validator(name, services)
        .unwrap()
        .open(&Database::default(), "{}");
    let _ = validator.check(&samples(1));
    std::mem::take(&mut *log.0.lock().unwrap())
}

#[test]
fn standard_output_and_error_go_to_the_log_line_by_line_and_no_further_than_its_cap() {
    let line = |level, text: &str| (level, text.to_owned());
    assert_eq!(
        logged("prints"),
        [
            line(LogLevel::Info, "hello"),
            line(LogLevel::Warn, "hello"),
            line(LogLevel::Info, "world")
        ]
    );
    assert_eq!(
        logged("prints-and-traps"),
        [
            line(LogLevel::Warn, "Traceback:"),
            line(LogLevel::Warn, "ValueError: no such table")
        ]
    );
    assert_eq!(logged("output-flood").len(), 1_000);
}

#[test]
fn truncated_and_random_components_are_refused() {
    let whole = fs::read(built().join("good.wasm")).unwrap();
    let component = nl2sql_plugin_host::componentize(&whole, "good").unwrap();
    let host = host();
    let file = tempfile::Builder::new().suffix(".wasm").tempfile().unwrap();
    for bytes in [&whole, &component] {
        for length in (0..bytes.len()).step_by(37) {
            assert!(
                Artifact::read(&bytes[..length], "a truncated file").is_err(),
                "{length} of {} bytes",
                bytes.len()
            );
        }
    }
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    for round in 0..300 {
        let mut bytes = if round % 2 == 0 {
            component.clone()
        } else {
            whole.clone()
        };
        for _ in 0..=round % 7 {
            let at = rng.random_range(0..bytes.len());
            bytes[at] = rng.random();
        }
        fs::write(file.path(), &bytes).unwrap();
        let settings = PluginSettings {
            path: Some(file.path().to_owned()),
            ..PluginSettings::default()
        };
        let changed = PluginHost::builder()
            .settings([("good".to_owned(), settings)].into())
            .limits(tight());
        // A changed byte may be harmless; what counts is that nothing worse than an error happens.
        let said = outcome(&changed.build().unwrap(), "good");
        assert!(!said.is_empty());
    }
    let noise: Vec<u8> = (0..4096).map(|_| rng.random()).collect();
    let error = Artifact::read(&noise, "noise.wasm").unwrap_err();
    assert!(
        error.to_string().starts_with("noise.wasm is not a WebAssembly plugin"),
        "{error}"
    );
    assert_eq!(outcome(&host, "good"), "found 0");
}

#[test]
fn profile_limits_apply() {
    let settings = PluginSettings {
        path: Some(built().join("memory-hog.wasm")),
        limits: PluginLimits {
            memory_mib: Some(300),
            ..PluginLimits::default()
        },
        ..PluginSettings::default()
    };
    let settings = [("memory-hog".to_owned(), settings)].into();
    let host = PluginHost::builder()
        .settings(settings)
        .limits(tight())
        .build()
        .unwrap();
    assert_eq!(outcome(&host, "memory-hog"), "found 0");
}

#[test]
fn a_trap_on_one_thread_does_not_affect_others() {
    let host = host();
    let good = host
        .validator("good", Services::none())
        .unwrap()
        .open(&Database::default(), "{}");
    let open = |name| {
        host.validator(name, Services::none())
            .unwrap()
            .open(&Database::default(), "{}")
    };
    let bad = ["panic", "deep-recursion", "memory-hog", "huge-answer"].map(open);
    std::thread::scope(|scope| {
        for bad in &bad {
            scope.spawn(|| (0..200).for_each(|_| assert!(bad.check(&samples(1)).is_err())));
        }
        for _ in 0..4 {
            scope.spawn(|| (0..2_000).for_each(|_| assert_eq!(good.check(&samples(2)).unwrap().len(), 2)));
        }
    });
}
