//! `nl2sql plugin add`, `remove`, `install`, `update` and `search`

use std::path::PathBuf;

use clap::Args;
use nl2sql_app::diagnostic::Exit;
use nl2sql_app::{AppError, Behaviour, Compared, PluginSupply, ReviewedUpdate};
use nl2sql_plugin_supply::{AddRequest, LockedPlugin, UpdateRequest};
use serde_json::json;

use super::resolve;
use crate::arguments::Global;
use crate::terminal::{say, say_json};

/// Most samples that are shown of those that an update judges otherwise.
const MAX_SHOWN: usize = 20;

/// Digits of a digest that say which update is accepted.
const ACCEPTED_DIGITS: usize = 16;

/// `nl2sql plugin add`
#[derive(Debug, Args)]
pub struct AddArguments {
    /// File, `https://...` or `oci://registry/name:tag`
    pub source: String,
    /// Service to grant; may be repeated
    #[arg(long, value_name = "SERVICE")]
    pub grant: Vec<String>,
    /// Accept it without a signature of a trusted key
    #[arg(long)]
    pub unsigned: bool,
}

/// `nl2sql plugin update`
#[derive(Debug, Args)]
pub struct UpdateArguments {
    /// Plugin; all that were added by default
    pub name: Option<String>,
    /// Source to fetch it from instead
    #[arg(long, value_name = "SOURCE", requires = "name")]
    pub to: Option<String>,
    /// Service to grant beyond those it has; may be repeated
    #[arg(long, value_name = "SERVICE", requires = "name")]
    pub grant: Vec<String>,
    /// Accept it without a signature of a trusted key
    #[arg(long, requires = "name")]
    pub unsigned: bool,
    /// Make the update to the file of this SHA-256, as a review has shown it; twelve digits are enough
    #[arg(long, value_name = "SHA256", requires = "name")]
    pub accept: Option<String>,
}

/// `nl2sql plugin search`
#[derive(Debug, Args)]
pub struct SearchArguments {
    /// Part of a name or description; everything by default
    #[arg(default_value = "")]
    pub text: String,
    /// Registry to look in, as host or host:port
    #[arg(long, value_name = "HOST")]
    pub registry: String,
}

fn supply(global: &Global) -> Result<PluginSupply, AppError> {
    PluginSupply::of(&resolve(global)?, global.run_dir.clone())
}

fn here() -> Result<PathBuf, AppError> {
    std::env::current_dir().map_err(|error| AppError::Usage(format!("there is no working directory: {error}")))
}

pub fn add(global: &Global, arguments: &AddArguments) -> Result<Exit, AppError> {
    let added = supply(global)?.add(&AddRequest {
        source: arguments.source.clone(),
        folder: here()?,
        grants: arguments.grant.iter().cloned().collect(),
        unsigned: arguments.unsigned,
    })?;
    told(global, "added", &[added]);
    Ok(Exit::Done)
}

pub fn remove(global: &Global, name: &str) -> Result<Exit, AppError> {
    let removed = supply(global)?.remove(name)?;
    told(global, "removed", &[removed]);
    Ok(Exit::Done)
}

pub fn install(global: &Global) -> Result<Exit, AppError> {
    let installed = supply(global)?.install()?;
    if installed.is_empty() && !global.json && !global.quiet {
        say("every locked plugin is on this machine");
    } else {
        told(global, "installed", &installed);
    }
    Ok(Exit::Done)
}

fn told(global: &Global, done: &str, plugins: &[LockedPlugin]) {
    if global.json {
        say_json(&json!({ done: plugins }));
    } else if !global.quiet {
        plugins.iter().for_each(|plugin| say(line(done, plugin)));
    }
}

fn line(done: &str, plugin: &LockedPlugin) -> String {
    let signer = match &plugin.signer {
        Some(signer) => format!("signed by {signer}"),
        None => "unsigned".to_owned(),
    };
    let granted = match plugin.grants.is_empty() {
        true => "nothing".to_owned(),
        false => plugin.grants.iter().cloned().collect::<Vec<_>>().join(", "),
    };
    format!(
        "{done} {} {} ({}), {signer}, granted {granted}; sha256 {}",
        plugin.name, plugin.version, plugin.kind, plugin.sha256
    )
}

pub fn update(global: &Global, arguments: &UpdateArguments) -> Result<Exit, AppError> {
    let request = UpdateRequest {
        to: arguments.to.clone(),
        folder: here()?,
        grants: arguments.grant.iter().cloned().collect(),
        unsigned: arguments.unsigned,
    };
    let updates = supply(global)?.update(arguments.name.as_deref(), &request, arguments.accept.as_deref())?;
    if global.json {
        say_json(&json!({ "updates": updates }));
        return Ok(Exit::Done);
    }
    if updates.is_empty() {
        say("no plugin was added to this profile");
    }
    updates.iter().flat_map(lines).for_each(say);
    Ok(Exit::Done)
}

/// An update as a user reviews it.
fn lines(update: &ReviewedUpdate) -> Vec<String> {
    let review = &update.review;
    if review.is_up_to_date() && review.ungranted.is_empty() {
        return vec![format!("{} {} is up to date", review.name, review.before.version)];
    }
    let mut lines = vec![format!("{}:", review.name)];
    for change in &review.changes {
        lines.push(format!("  {:13} {} -> {}", change.what, change.before, change.after));
    }
    lines.extend(update.behaviour.iter().flat_map(behaviour));
    for (service, reason) in &review.ungranted {
        lines.push(format!(
            "  asks for      `{service}`: {reason}; refused until it is granted: --grant {service}"
        ));
    }
    lines.push(match review.accepted {
        true => "  accepted; profile and lock are written".to_owned(),
        false => format!(
            "  nothing was changed; to make it, repeat the command with {} --accept {}",
            review.name,
            &review.after.sha256[..ACCEPTED_DIGITS]
        ),
    });
    lines
}

fn behaviour(behaviour: &Behaviour) -> Vec<String> {
    if let Some(reason) = &behaviour.not_compared {
        return vec![format!("  behaviour     not compared: {reason}")];
    }
    let what = match behaviour.of {
        Compared::Samples => "samples of the run are judged otherwise",
        Compared::PlannedTopics => "topics are planned otherwise",
        Compared::WrittenTopics => "topics of the run get other pairs",
    };
    let mut lines = vec![format!(
        "  behaviour     {} of {} {what}",
        behaviour.changes.len(),
        behaviour.compared
    )];
    for change in behaviour.changes.iter().take(MAX_SHOWN) {
        lines.push(
            format!("    {}: {}", change.subject, change.sql)
                .trim_end_matches(": ")
                .to_owned(),
        );
        lines.push(format!("      {} -> {}", change.before, change.after));
    }
    if behaviour.changes.len() > MAX_SHOWN {
        lines.push("    --json shows all".to_owned());
    }
    lines
}

pub fn search(global: &Global, arguments: &SearchArguments) -> Result<Exit, AppError> {
    let offers = supply(global)?.search(&arguments.registry, &arguments.text)?;
    if global.json {
        say_json(&json!({ "offers": offers }));
        return Ok(Exit::Done);
    }
    for offer in &offers {
        say(format!("{}  {}", offer.source, offer.description).trim_end());
    }
    if offers.is_empty() {
        say(format!("{} has no such component", arguments.registry));
    } else {
        say("nothing of this was verified; `nl2sql plugin add` does that");
    }
    Ok(Exit::Done)
}
