//! The program for NVIDIA cards: built, tried on a driver that computes nothing, and packed for a machine with a card.

mod bundle;
pub mod debian_llvm;
mod event_log;
mod hollow_model;
mod pretended_driver;
mod pretended_run;
mod programs;
mod toolkit;

use anyhow::Result;
use clap::Args;

use self::programs::{Build, Program};
use crate::demo::Profile;

/// What to do beside building.
#[derive(Args)]
pub struct GpuArguments {
    /// Train and decode on a driver that computes nothing: every kernel compiles, launches a step are counted
    #[arg(long)]
    pretend: bool,
    /// Pack programs, fixtures and a script for a machine with a card
    #[arg(long)]
    bundle: bool,
    /// Build as for shipping, which takes much longer; what is measured on a card should be
    #[arg(long)]
    release: bool,
    /// Link Debian's LLVM where burn's own could be downloaded, too
    #[arg(long)]
    debian_llvm: bool,
}

impl GpuArguments {
    fn profile(&self) -> Profile {
        match self.release {
            true => Profile::Release,
            false => Profile::Development,
        }
    }

    /// The programs that it takes; the whole one where nothing else was asked for.
    fn programs(&self) -> Vec<Program> {
        match (self.bundle, self.pretend) {
            (true, _) => Program::ALL.to_vec(),
            (false, true) => vec![Program::Throughput, Program::Decode],
            (false, false) => vec![Program::Nl2sql],
        }
    }
}

/// Builds what is wanted, then tries and packs it as asked.
pub fn run_gpu(arguments: &GpuArguments) -> Result<()> {
    let build = Build {
        profile: arguments.profile(),
        debian_llvm: arguments.debian_llvm,
    };
    let built = build.programs(&arguments.programs())?;
    if arguments.pretend {
        pretended_run::run_all(&built)?;
    }
    if arguments.bundle {
        bundle::pack(&built, arguments.profile())?;
    }
    if !arguments.pretend && !arguments.bundle {
        println!("{}", built.path(Program::Nl2sql)?.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        gpu: GpuArguments,
    }

    fn read(words: &[&str]) -> GpuArguments {
        Line::parse_from([&["gpu"], words].concat()).gpu
    }

    #[test]
    fn only_what_is_asked_for_is_built() {
        assert_eq!(read(&[]).programs(), [Program::Nl2sql]);
        assert_eq!(read(&["--pretend"]).programs(), [Program::Throughput, Program::Decode]);
        assert_eq!(read(&["--pretend", "--bundle"]).programs(), Program::ALL);
        assert_eq!(read(&["--bundle", "--release"]).profile(), Profile::Release);
        assert_eq!(read(&["--bundle"]).profile(), Profile::Development);
    }
}
