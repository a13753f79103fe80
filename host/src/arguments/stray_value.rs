//! `nl2sql serve runs/shop`: a value where the command takes none. It belongs to an option, so the answer names those that take one.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory, Error};

use super::Arguments;

/// The answer to a command line, with the options that a stray value may have been meant for.
pub fn with_hint(answer: Error) -> Error {
    let words = std::env::args_os().filter_map(|word| word.into_string().ok());
    hinted(answer, &words.collect::<Vec<_>>())
}

fn hinted(mut answer: Error, words: &[String]) -> Error {
    let stray = match answer.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(word)) if answer.kind() == ErrorKind::UnknownArgument => word.clone(),
        _ => return answer,
    };
    let options = options_of(words);
    if !stray.starts_with('-') && !options.is_empty() {
        let tip = format!("a value goes with its option: {}", options.join(", "));
        let tip = ContextValue::StyledStrs(vec![StyledStr::from(tip)]);
        answer.insert(ContextKind::Suggested, tip);
    }
    answer
}

/// The options with a value of the command that was called, and then those of every command.
fn options_of(words: &[String]) -> Vec<String> {
    let mut whole = Arguments::command();
    whole.build();
    let called = words.iter().skip(1).fold(&whole, |command: &Command, word| {
        command.find_subcommand(word).unwrap_or(command)
    });
    let (everywhere, own): (Vec<&Arg>, Vec<&Arg>) = called
        .get_arguments()
        .filter(|argument| argument.get_long().is_some() && argument.get_action().takes_values())
        .filter(|argument| !argument.is_hide_set())
        .partition(|argument| argument.is_global_set());
    own.into_iter().chain(everywhere).filter_map(usage).collect()
}

/// `--run <FOLDER>`
fn usage(argument: &Arg) -> Option<String> {
    let value = argument.get_value_names()?.first()?;
    Some(format!("--{} <{value}>", argument.get_long()?))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn said(line: &str) -> String {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let answer = Arguments::try_parse_from(&words).unwrap_err();
        hinted(answer, &words).render().to_string()
    }

    #[test]
    fn a_stray_value_is_answered_with_the_options_that_take_one() {
        for (line, option) in [
            ("nl2sql serve runs/shop", "--run <FOLDER>"),
            ("nl2sql ask question runs/shop", "--run <FOLDER>"),
            ("nl2sql plugin check a.wasm shop.sqlite", "--database <DATABASE>"),
            ("nl2sql run shop.sqlite", "--set <SECTION.KEY=VALUE>"),
            ("nl2sql init shop.sqlite other.sqlite", "--output <OUTPUT>"),
        ] {
            let text = said(line);
            assert!(
                text.contains("a value goes with its option") && text.contains(option),
                "{line}: {text}"
            );
        }
        assert!(!said("nl2sql serve --bogus").contains("goes with its option"));
    }
}
