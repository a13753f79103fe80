//! `nl2sql`: from a private database to a fine-tuned and evaluated NL2SQL model.
//!
//! Arguments, rendering and exit codes live here; the work is done by `nl2sql-app`. Nothing else prints.

mod arguments;
mod commands;
mod interrupt;
mod terminal;
mod work;

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;

use arguments::{Arguments, with_hint};

/// Many threads make small texts and drop them; the system's allocator took a fifth of an evaluation's time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(answer) => return terminal::show_usage(&with_hint(answer)).into(),
    };
    terminal::start_logging(commands::usual_log(&arguments.command));
    let exit = match commands::run(&arguments) {
        Ok(exit) => exit,
        Err(error) => {
            terminal::show_error(&error, &arguments.global);
            error.exit()
        }
    };
    terminal::finish(exit).into()
}
