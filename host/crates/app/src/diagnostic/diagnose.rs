//! From the errors of the crates below to diagnostics and exit codes.

use std::io::ErrorKind;

use miette::Diagnostic as _;
use nl2sql_llm::LlmError;
use nl2sql_model::ModelError;
use nl2sql_pipeline::{Failure, PipelineError};
use nl2sql_plugin_supply::SupplyError;
use nl2sql_profile::ProfileError;
use nl2sql_training::TrainError;
use nl2sql_worker::QueueError;

use super::{Code, Diagnostic, Exit};
use crate::AppError;

/// The error for a person.
pub fn diagnostic(error: &AppError) -> Diagnostic {
    match error {
        AppError::Profile(error) => of_profile(error),
        AppError::Pipeline(error) => of_pipeline(error),
        AppError::Part(failure) => of_failure(failure, format!("{}: {}", failure.part, failure.message)),
        AppError::Unwritable { path, .. } => {
            Diagnostic::new(Code::FileUnwritable, error.to_string()).at(path.display())
        }
        AppError::Model(error) => of_model(error),
        AppError::Train(error) => of_training(error),
        AppError::Llm(error) => {
            let help = error.help().map(|help| help.to_string());
            Diagnostic::new(llm_code(error.code()), error.to_string()).with_help(help)
        }
        AppError::Queue(error) => of_queue(error),
        AppError::Supply(error) => of_supply(error),
        AppError::Failed(message) => Diagnostic::new(Code::Failed, message),
        AppError::Usage(message) => Diagnostic::new(Code::UsageInvalid, message),
        AppError::Stopped { .. } => Diagnostic::new(Code::Stopped, error.to_string()),
    }
}

fn of_profile(error: &ProfileError) -> Diagnostic {
    let text = error.to_string();
    match error {
        ProfileError::NotFound { name, .. } => Diagnostic::new(Code::ProfileNotFound, text).at(name),
        ProfileError::Unreadable { path, .. } => Diagnostic::new(Code::ProfileUnreadable, text).at(path.display()),
        ProfileError::Syntax { path, .. } => Diagnostic::new(Code::ProfileSyntax, text).at(path.display()),
        ProfileError::ExtendsCycle { .. } => Diagnostic::new(Code::ProfileExtendsCycle, text),
        ProfileError::UnknownKey { key, .. } => Diagnostic::new(Code::ProfileUnknownKey, text).at(key),
        ProfileError::BadValue { key, .. } => Diagnostic::new(Code::ProfileBadValue, text).at(key),
        ProfileError::BadFlag { argument } => Diagnostic::new(Code::ProfileBadFlag, text).at(argument),
        ProfileError::Secret { what, .. } => Diagnostic::new(Code::ProfileSecret, text).at(what),
        #[allow(unreachable_patterns)]
        _ => Diagnostic::new(Code::ProfileInvalid, text),
    }
}

fn of_pipeline(error: &PipelineError) -> Diagnostic {
    let text = error.to_string();
    match error {
        PipelineError::Io { path, .. } => Diagnostic::new(Code::RunFile, text).at(path.display()),
        PipelineError::Busy { .. } => Diagnostic::new(Code::RunBusy, text),
        PipelineError::Missing { .. } => Diagnostic::new(Code::RunMissing, text),
        PipelineError::Broken { .. } => Diagnostic::new(Code::RunBroken, text),
        PipelineError::Edited { path, .. } => Diagnostic::new(Code::RunEdited, text).at(path.display()),
        PipelineError::NoLedger { path, .. } => Diagnostic::new(Code::RunNoLedger, text).at(path.display()),
        PipelineError::LaterFormat { folder, .. } => Diagnostic::new(Code::RunLaterFormat, text).at(folder.display()),
        PipelineError::WouldSupersede { stage, .. } => Diagnostic::new(Code::RunWouldSupersede, text).at(stage.name()),
        PipelineError::OtherPlugin { stage, .. } => Diagnostic::new(Code::RunOtherPlugin, text).at(stage.name()),
        PipelineError::Nothing { .. } => Diagnostic::new(Code::RunNothing, text),
        PipelineError::Part { failure, .. } => of_failure(failure, text),
        PipelineError::Setting { key, .. } => Diagnostic::new(Code::RunSetting, text).at(key),
        PipelineError::Cancelled { folder } => Diagnostic::new(Code::Stopped, text).at(folder.display()),
        #[allow(unreachable_patterns)]
        _ => Diagnostic::new(Code::RunFailed, text),
    }
}

/// A part that failed. Where a stage words the failure, its hint is in the message already.
fn of_failure(failure: &Failure, message: String) -> Diagnostic {
    let code = match failure.code.as_str() {
        "cancelled" => Code::Stopped,
        "budget" | "offline-miss" | "rejected" => llm_code(&failure.code),
        "unsupported-language" => Code::RunSetting,
        "unavailable" if failure.part == "language model" => Code::LlmUnavailable,
        "unavailable" => Code::PartUnavailable,
        code => Code::of_supply(code).unwrap_or(Code::PartFailed),
    };
    let help = failure.hint.clone().filter(|hint| !message.contains(hint.as_str()));
    Diagnostic::new(code, message).with_help(help).at(&failure.part)
}

fn of_supply(error: &SupplyError) -> Diagnostic {
    let code = Code::of_supply(error.failure_code()).unwrap_or(Code::PartUnavailable);
    let help = error.help().map(|help| help.to_string());
    Diagnostic::new(code, error.to_string()).with_help(help)
}

fn llm_code(code: &str) -> Code {
    match code {
        "budget" => Code::LlmBudget,
        "offline-miss" => Code::LlmOfflineMiss,
        "rejected" => Code::LlmRejected,
        "cancelled" => Code::Stopped,
        _ => Code::LlmUnavailable,
    }
}

fn of_queue(error: &QueueError) -> Diagnostic {
    let code = match error {
        QueueError::Unreachable { .. } => Code::QueueUnreachable,
        QueueError::Setting { .. } => Code::QueueSetting,
        QueueError::Refused { .. } => Code::QueueRefused,
        QueueError::Malformed { .. } => Code::QueueMalformed,
        QueueError::Artifact { .. } => Code::QueueArtifact,
        QueueError::DeadLetter { .. } => Code::QueueDeadLetter,
        QueueError::OtherVersion { .. } => Code::QueueOtherVersion,
        QueueError::File { .. } => Code::FileUnwritable,
        QueueError::Cancelled => Code::Stopped,
    };
    Diagnostic::new(code, error.to_string()).with_help(error.help().map(|help| help.to_string()))
}

fn of_model(error: &ModelError) -> Diagnostic {
    let help = error.help().map(|help| help.to_string());
    let told = |code| Diagnostic::new(code, error.to_string()).with_help(help.clone());
    match error {
        ModelError::File { path, .. } => told(Code::ModelFile).at(path.display()),
        ModelError::Template { template, .. } => told(Code::ModelTemplate).at(template),
        ModelError::Device { device, .. } => told(Code::ModelDevice).at(device),
        ModelError::Adapter { path, .. } => told(Code::ModelAdapter).at(path.display()),
        ModelError::Gguf { path, .. } => told(Code::ModelGguf).at(path.display()),
        _ => told(Code::ModelUnusable),
    }
}

fn of_training(error: &TrainError) -> Diagnostic {
    let text = error.to_string();
    match error {
        TrainError::Model(error) => of_model(error),
        TrainError::File { path, .. } => Diagnostic::new(Code::TrainFile, text).at(path.display()),
        TrainError::Setting { name, .. } => Diagnostic::new(Code::TrainSetting, text).at(name),
        TrainError::Section(_) => Diagnostic::new(Code::TrainSetting, text).at("train"),
        TrainError::Recipe { path, .. } => Diagnostic::new(Code::TrainRecipe, text).at(path.display()),
        TrainError::Dataset { path, .. } => Diagnostic::new(Code::TrainDataset, text).at(path.display()),
        TrainError::Checkpoint { path, .. } => Diagnostic::new(Code::TrainCheckpoint, text).at(path.display()),
        TrainError::NotFinite { .. } => Diagnostic::new(Code::TrainNotFinite, text),
        #[allow(unreachable_patterns)]
        _ => Diagnostic::new(Code::TrainFailed, text),
    }
}

/// How a program ends that reports the error.
pub fn exit(error: &AppError) -> Exit {
    match error {
        AppError::Profile(_) | AppError::Usage(_) | AppError::Pipeline(PipelineError::Setting { .. }) => Exit::Usage,
        AppError::Stopped { .. } | AppError::Pipeline(PipelineError::Cancelled { .. }) => Exit::Interrupted,
        AppError::Pipeline(
            PipelineError::Edited { .. }
            | PipelineError::NoLedger { .. }
            | PipelineError::LaterFormat { .. }
            | PipelineError::WouldSupersede { .. }
            | PipelineError::OtherPlugin { .. }
            | PipelineError::Busy { .. },
        ) => Exit::Decision,
        AppError::Pipeline(PipelineError::Part { failure, .. }) => match failure.code.as_str() {
            "cancelled" => Exit::Interrupted,
            "unsupported-language" => Exit::Usage,
            "unavailable" | "offline-miss" | "rejected" => Exit::Unavailable,
            code if Code::of_supply(code).is_some() => Exit::Unavailable,
            _ => Exit::Failed,
        },
        AppError::Part(failure) if failure.code == "cancelled" => Exit::Interrupted,
        AppError::Part(failure) if failure.code == "unsupported-language" => Exit::Usage,
        AppError::Llm(LlmError::Cancelled { .. }) | AppError::Queue(QueueError::Cancelled) => Exit::Interrupted,
        AppError::Queue(QueueError::Setting { .. }) => Exit::Usage,
        AppError::Supply(error) if error.is_misuse() => Exit::Usage,
        AppError::Part(_) | AppError::Llm(_) | AppError::Queue(_) | AppError::Supply(_) => Exit::Unavailable,
        AppError::Model(error) => exit_of_model(error),
        AppError::Train(TrainError::Model(error)) => exit_of_model(error),
        AppError::Train(TrainError::Setting { .. } | TrainError::Section(_) | TrainError::Recipe { .. }) => Exit::Usage,
        AppError::Train(TrainError::Dataset { path, .. }) if !path.exists() => Exit::Usage,
        AppError::Train(TrainError::File { source, .. }) if source.kind() == ErrorKind::NotFound => Exit::Usage,
        _ => Exit::Failed,
    }
}

/// A template, device or folder that does not exist was asked for wrongly; one that is broken failed.
fn exit_of_model(error: &ModelError) -> Exit {
    match error {
        ModelError::Template { .. } | ModelError::Device { .. } => Exit::Usage,
        ModelError::File { source, .. } if source.kind() == ErrorKind::NotFound => Exit::Usage,
        _ => Exit::Failed,
    }
}
