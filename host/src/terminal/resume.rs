//! Commands to run next, as they are typed.

use nl2sql_profile::argument_without_secrets;

use crate::arguments::Global;

/// Flags that must not be given again when work is continued: they would start it from the beginning.
const NOT_AGAIN: [&str; 2] = ["--redo", "--no-resume"];

/// The command of this process without the flags that start from the beginning, so that it continues what was stopped.
pub fn same_command() -> String {
    let arguments = std::env::args()
        .skip(1)
        .filter(|argument| !NOT_AGAIN.contains(&argument.as_str()));
    typed(arguments)
}

/// A command with the same profile, settings and run folder.
pub fn following(global: &Global, verb: &str, own: &[&str]) -> String {
    let mut arguments = vec![verb.to_owned()];
    let mut flag = |name: &str, value: String| arguments.extend([name.to_owned(), value]);
    if let Some(profile) = &global.profile {
        flag("--profile", profile.clone());
    }
    // Where tasks are done concerns the command that was given, not the one that follows.
    for setting in global.set.iter().filter(|setting| !setting.starts_with("queue.")) {
        flag("--set", setting.clone());
    }
    if let Some(folder) = &global.run_dir {
        flag("--run-dir", folder.display().to_string());
    }
    arguments.extend(own.iter().map(|argument| (*argument).to_owned()));
    typed(arguments.into_iter())
}

fn typed(arguments: impl Iterator<Item = String>) -> String {
    let quoted: Vec<String> = arguments
        .map(|argument| quoted(&argument_without_secrets(&argument)))
        .collect();
    format!("nl2sql {}", quoted.join(" "))
}

/// An argument as a shell takes it.
fn quoted(argument: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./=:,@%+<>".contains(letter);
    if !argument.is_empty() && argument.chars().all(plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_command_keeps_profile_settings_and_folder() {
        let global = Global {
            profile: Some("shop.toml".into()),
            set: vec!["export.instruction=Answer in SQL".into()],
            ..Global::default()
        };
        assert_eq!(
            following(&global, "train", &["--model", "<folder>"]),
            "nl2sql train --profile shop.toml --set 'export.instruction=Answer in SQL' --model <folder>"
        );
    }

    #[test]
    fn quotes_within_arguments_survive() {
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
