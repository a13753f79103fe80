//! What is built for cards.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::debian_llvm;
use crate::demo::Profile;
use crate::process::{announce, command};
use crate::{checkout, page, plugins};

/// The symbols of CUDA's driver that the program asks for: those of 13.0, which drivers of later versions have too.
const CUDA_VERSION: &str = "13000";

/// A program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Program {
    /// The whole one.
    Nl2sql,
    /// Steps of LoRA over made-up tokens.
    Throughput,
    /// Greedy decoding.
    Decode,
    /// Tests of training, those against transformers and PEFT among them.
    Parity,
}

impl Program {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Nl2sql, Self::Throughput, Self::Decode, Self::Parity];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nl2sql => "nl2sql",
            Self::Throughput => "throughput",
            Self::Decode => "decode",
            Self::Parity => "parity",
        }
    }

    /// How cargo selects it.
    fn selected(self) -> [&'static str; 2] {
        match self {
            Self::Nl2sql => ["--bin", "nl2sql"],
            Self::Throughput => ["--example", "throughput"],
            Self::Decode => ["--bench", "decode"],
            Self::Parity => ["--test", "integration"],
        }
    }

    /// The crate that it is of; others have tests of the same name.
    fn crate_folder(self) -> &'static str {
        match self {
            Self::Nl2sql => "host",
            Self::Throughput | Self::Parity => "host/crates/training",
            Self::Decode => "host/crates/inference",
        }
    }

    fn is(self, artifact: &Value) -> bool {
        let manifest = artifact["manifest_path"].as_str().map(Path::new);
        let [kind, name] = self.selected();
        artifact["target"]["name"] == name
            && artifact["target"]["kind"][0] == kind.trim_start_matches("--")
            && manifest == Some(&checkout::root().join(self.crate_folder()).join("Cargo.toml"))
    }
}

/// How they are built.
#[derive(Clone, Copy)]
pub struct Build {
    /// How cargo compiles.
    pub profile: Profile,
    /// Whether Debian's LLVM is linked where burn's own could be downloaded.
    pub debian_llvm: bool,
}

/// Programs that were built.
pub struct Built {
    paths: BTreeMap<Program, PathBuf>,
}

impl Built {
    /// Where a program is.
    ///
    /// # Errors
    /// It was not built.
    pub fn path(&self, program: Program) -> Result<&Path> {
        let path = self.paths.get(&program);
        path.map(PathBuf::as_path)
            .with_context(|| format!("cargo said of no program that it is {}", program.name()))
    }
}

impl Build {
    /// Builds programs, with burn's own LLVM where it can be had and it is not asked for otherwise.
    ///
    /// # Errors
    /// They do not build.
    pub fn programs(self, programs: &[Program]) -> Result<Built> {
        if programs.contains(&Program::Nl2sql) {
            plugins::build()?;
            page::build_if_possible();
        }
        announce("building for CUDA (45 minutes on two cores the first time, and some 4 GiB of memory)");
        if !self.debian_llvm {
            match self.cargo(programs, None) {
                Err(error) if debian_llvm::is_downloaded()? => return Err(error),
                Err(_) => announce("burn's LLVM could not be downloaded; building with Debian's"),
                built => return built,
            }
        }
        self.cargo(programs, Some(&debian_llvm::lay_out()?))
    }

    fn cargo(self, programs: &[Program], llvm: Option<&Path>) -> Result<Built> {
        let mut cargo = self.command(programs);
        if let Some(data) = llvm {
            cargo.env(debian_llvm::DATA_HOME, data);
        }
        let output = cargo
            .stdout(Stdio::piped())
            .spawn()
            .and_then(std::process::Child::wait_with_output)
            .context("cannot start cargo")?;
        if !output.status.success() {
            bail!("the build for CUDA ended with {}", output.status);
        }
        Ok(built(&String::from_utf8_lossy(&output.stdout), programs))
    }

    /// Always of the same crates, so that dependencies have the same features whatever is built of them.
    fn command(self, programs: &[Program]) -> Command {
        let mut cargo = command("cargo");
        cargo
            .current_dir(checkout::root())
            .env("CARGO_TARGET_DIR", checkout::target())
            .env("CUDARC_CUDA_VERSION", CUDA_VERSION)
            .args(["build", "--locked", "--message-format", "json-render-diagnostics"])
            .args(self.profile.arguments())
            .args([
                "--package",
                "nl2sql",
                "--package",
                "nl2sql-training",
                "--package",
                "nl2sql-inference",
            ])
            .args(["--features", "nl2sql/cuda,nl2sql-training/cuda,nl2sql-inference/cuda"])
            .args(programs.iter().flat_map(|program| program.selected()));
        cargo
    }
}

/// Programs that cargo's messages say it made.
fn built(messages: &str, programs: &[Program]) -> Built {
    let mut paths = BTreeMap::new();
    for message in messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
    {
        let Some(path) = message["executable"].as_str() else {
            continue;
        };
        for program in programs.iter().filter(|program| program.is(&message)) {
            paths.insert(*program, PathBuf::from(path));
        }
    }
    Built { paths }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn programs_are_found_in_what_cargo_says() {
        let artifact = |folder: &str, kind: &str, name: &str, path: Option<&str>| {
            let manifest = checkout::root().join(folder).join("Cargo.toml");
            json!({
                "reason": "compiler-artifact",
                "manifest_path": manifest,
                "target": { "name": name, "kind": [kind] },
                "executable": path,
            })
            .to_string()
        };
        let messages = [
            artifact("host/crates/inference", "test", "integration", Some("/t/of-inference")),
            artifact("host/crates/training", "test", "integration", Some("/t/of-training")),
            artifact("host/crates/training", "lib", "nl2sql_training", None),
            artifact("host", "bin", "nl2sql", Some("/t/nl2sql")),
            "a line of a build script".to_owned(),
        ];
        let built = built(&messages.join("\n"), &Program::ALL);
        assert_eq!(built.path(Program::Parity).unwrap(), Path::new("/t/of-training"));
        assert_eq!(built.path(Program::Nl2sql).unwrap(), Path::new("/t/nl2sql"));
        assert!(built.path(Program::Decode).is_err());
    }

    #[test]
    fn every_build_is_of_the_same_crates() {
        let build = Build {
            profile: Profile::Release,
            debian_llvm: false,
        };
        let words = |programs: &[Program]| -> Vec<String> {
            let command = build.command(programs);
            command
                .get_args()
                .map(|word| word.to_string_lossy().into_owned())
                .collect()
        };
        let (one, all) = (words(&[Program::Decode]), words(&Program::ALL));
        assert!(one.contains(&"--release".to_owned()), "{one:?}");
        assert!(one.ends_with(&["--bench".to_owned(), "decode".to_owned()]), "{one:?}");
        assert_eq!(one[..one.len() - 2], all[..all.len() - 8]);
    }
}
