//! Whether every plugin of the profile can work with its grants and options, found out before anything is paid for.

use std::sync::Arc;

use nl2sql_catalog::Database;
use nl2sql_pipeline::Failure;
use nl2sql_plugin_host::{CheckSetup, Kind, ProbeError, Services};
use nl2sql_profile::Options;

use crate::Session;
use crate::plugins::{call_failure, load_failure};

/// A plugin that the profile names, with its options.
struct Named<'a> {
    kind: Kind,
    name: &'a str,
    options: Option<&'a Options>,
}

/// Opens what the stages of a run use.
///
/// # Errors
/// At the first plugin that cannot be loaded, or refuses its options.
pub fn probe_stages(session: &Session, catalog: &Database) -> Result<(), Failure> {
    let profile = session.profile();
    let mut named = vec![
        Named {
            kind: Kind::Planner,
            name: &profile.plan.planner,
            options: Some(&profile.plan.options),
        },
        Named {
            kind: Kind::Generator,
            name: &profile.generate.generator,
            options: Some(&profile.generate.options),
        },
    ];
    named.extend(profile.validate.validators.iter().map(|name| Named {
        kind: Kind::Validator,
        name,
        options: profile.validate.options.get(name),
    }));
    probe(session, catalog, &named)
}

/// Opens the metrics of the evaluation.
///
/// # Errors
/// As [`probe_stages`].
pub fn probe_metrics(session: &Session, catalog: &Database) -> Result<(), Failure> {
    let settings = &session.profile().evaluate;
    let named = settings.metrics.iter().map(|name| Named {
        kind: Kind::Metric,
        name,
        options: settings.options.get(name),
    });
    probe(session, catalog, &named.collect::<Vec<_>>())
}

/// Refuses options that the profile has for a validator or metric that there is none of: a name that was misspelt would go unnoticed.
///
/// # Errors
/// When there is no such plugin.
pub fn refuse_options_of_nobody(session: &Session) -> Result<(), Failure> {
    let profile = session.profile();
    let (validate, evaluate) = (&profile.validate, &profile.evaluate);
    let sections = [
        ("validate", Kind::Validator, &validate.validators, &validate.options),
        ("evaluate", Kind::Metric, &evaluate.metrics, &evaluate.options),
    ];
    for (section, kind, used, options) in sections {
        for name in options.keys().filter(|name| !used.contains(name)) {
            if let Err(error) = session.plugins()?.library().resolve(kind, name) {
                let failure = load_failure(name, &error);
                let message = format!(
                    "{section}.options.{name} is for a plugin that is not there: {}",
                    failure.message
                );
                return Err(Failure { message, ..failure });
            }
        }
    }
    Ok(())
}

fn probe(session: &Session, catalog: &Database, named: &[Named<'_>]) -> Result<(), Failure> {
    let dialect = Arc::new(session.dialect()?.open(catalog));
    let mut available = vec!["sql", "query"];
    if !session.profile().llm.provider.is_empty() {
        available.push("llm");
    }
    let setup = CheckSetup::over(catalog.clone(), Services::none().with_sql(dialect));
    for plugin in named {
        let options = plugin.options.map(serde_json::to_string).and_then(Result::ok);
        let setup = setup.clone().with_options(options.unwrap_or_else(|| "{}".into()));
        let probed = session.plugins()?.probe(plugin.kind, plugin.name, &setup, &available);
        probed.map_err(|error| match error {
            ProbeError::Load(error) => load_failure(plugin.name, &error),
            ProbeError::Call(error) => call_failure(&error),
        })?;
    }
    Ok(())
}
