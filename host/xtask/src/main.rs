//! Every chore of the project: `cargo xtask <verb>`.

mod adbc_drivers;
mod answers_bench;
mod bench;
mod bootstrap;
mod certificates;
mod checkout;
mod cpu_time;
#[cfg(test)]
mod crate_graph;
mod debian;
mod demo;
mod devices;
#[cfg(test)]
mod doc_examples;
mod docs;
mod generation_bench;
mod gpu;
mod guest_toolchain;
mod load;
mod node;
mod page;
mod plugin_toolchains;
mod plugins;
mod process;
mod python;
mod sdk_packages;
mod semver;
mod services;
#[cfg(test)]
mod shared_builds;
mod small_model;
mod startup;
mod test;
mod test_tally;
mod test_tools;
mod windows;
mod workers_bench;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Chores of the project.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Install what building and testing need and this machine lacks, e.g. `cargo xtask bootstrap`
    Bootstrap {
        /// Install without asking
        #[arg(long, short)]
        yes: bool,
    },
    /// Build everything and run the six stages on two small databases, e.g. `cargo xtask demo`
    Demo {
        /// Then train a small real model on the pairs and report before and after
        #[arg(long)]
        train: bool,
    },
    /// Build the plugins for WASM, e.g. `cargo xtask plugins`
    Plugins,
    /// Build a plugin crate that lies elsewhere, e.g. `cargo xtask guest ../my-plugin`
    Guest {
        /// Folder of the crate
        folder: std::path::PathBuf,
        /// Build against the SDK as it is published: packaged, and unpacked into this folder
        #[arg(long)]
        sdk_packages: Option<std::path::PathBuf>,
    },
    /// Build, check and run a plugin of every kind in every language, e.g. `cargo xtask sdks` (five minutes)
    Sdks,
    /// Hold the interface of the SDK for Rust to its version, e.g. `cargo xtask semver --since v0.2.0`
    Semver {
        /// Revision that the version in `plugins/sdk/Cargo.toml` was released at
        #[arg(long, value_name = "REVISION")]
        since: String,
    },
    /// Build the page that the program serves, e.g. `cargo xtask page`
    Page,
    /// Start or stop private test servers, e.g. `cargo xtask services up`
    Services {
        /// What to do with them
        #[arg(value_enum)]
        action: ServiceAction,
    },
    /// Check the builds for graphics cards, on software Vulkan where there is no card, e.g. `cargo xtask devices`
    Devices {
        /// Do nothing where sources and dependencies are those that passed last
        #[arg(long)]
        if_changed: bool,
    },
    /// Build the program for NVIDIA cards, without downloads where LLVM cannot be fetched, e.g. `cargo xtask gpu --pretend`
    Gpu(gpu::GpuArguments),
    /// Type-check the program for Windows, with MinGW for its C code, e.g. `cargo xtask windows`
    Windows,
    /// Generate the reference from the program, check links and build the book, e.g. `cargo xtask docs`
    Docs {
        /// Write nothing; fail where a generated page is stale
        #[arg(long)]
        check: bool,
    },
    /// Measure against a peer in the same run, e.g. `cargo xtask bench dialects`
    Bench(bench::BenchArguments),
    /// Ask a server for minutes, from many clients at once and with made-up requests, e.g. `cargo xtask load`
    Load(load::LoadArguments),
    /// Run every test, e.g. `cargo xtask test` or `cargo xtask test -- metadata`
    Test(test::TestArguments),
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum ServiceAction {
    /// Start PostgreSQL, MariaDB and an OCI registry, and print their URLs
    Up,
    /// Stop them and remove their data
    Down,
}

fn main() -> ExitCode {
    match run(Arguments::parse().verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(verb: Verb) -> Result<()> {
    match verb {
        Verb::Bootstrap { yes } => bootstrap::bootstrap(&bootstrap::Need::ALL, yes),
        Verb::Demo { train } => demo::run_demo(train),
        Verb::Plugins => {
            bootstrap::bootstrap(&[bootstrap::Need::GuestToolchain], false)?;
            println!("{}", plugins::build()?.display());
            Ok(())
        }
        Verb::Sdks => plugin_toolchains::try_every_template(),
        Verb::Semver { since } => semver::check(&since),
        Verb::Guest { folder, sdk_packages } => plugins::build_elsewhere(&folder, sdk_packages.as_deref()),
        Verb::Page => {
            bootstrap::bootstrap(&[bootstrap::Need::Page], false)?;
            page::build()
        }
        Verb::Services {
            action: ServiceAction::Up,
        } => {
            bootstrap::bootstrap(&[bootstrap::Need::Servers], false)?;
            services::print_up()
        }
        Verb::Services {
            action: ServiceAction::Down,
        } => services::down(),
        Verb::Devices { if_changed } => devices::check(if_changed),
        Verb::Gpu(arguments) => gpu::run_gpu(&arguments),
        Verb::Windows => windows::check(),
        Verb::Docs { check } => docs::build(&demo::build_program(demo::Profile::Development)?, check),
        Verb::Bench(arguments) => bench::run_bench(&arguments),
        Verb::Load(arguments) => load::run_load(&arguments),
        Verb::Test(arguments) => test::run_all(&arguments),
    }
}
