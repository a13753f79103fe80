//! `plugin check`: a plugin called with the options and over the database that a user names.

use std::sync::Arc;
use std::time::Duration;

use nl2sql_pipeline::Source;
use nl2sql_plugin_host::{CheckReport, CheckSetup, CompileNotice, Kind, Services};
use nl2sql_profile::{DatabaseSettings, Options, Profile};

use crate::database_source::DatabaseSource;
use crate::plugins::{load_failure, plugin_host};
use crate::query_service::RunQueries;
use crate::{AppError, Session};

/// Checks a plugin by name or file. `options` is JSON, those of the profile by default; `database` is a SQLite file or a URL, without which the
/// plugin sees a catalog of one table and no rows. `notice` is told when compiling takes long.
///
/// # Errors
/// When the plugin cannot be loaded, the options are no JSON object, or the database cannot be read.
pub fn check_plugin(
    mut profile: Profile,
    plugin: &str,
    options: Option<&str>,
    database: Option<&str>,
    notice: CompileNotice,
) -> Result<CheckReport, AppError> {
    let host = plugin_host(&profile, notice)?;
    let artifact = host
        .library()
        .inspect(plugin)
        .map_err(|error| load_failure(plugin, &error))?;
    let options = match options {
        Some(text) => {
            let parsed: Result<Options, _> = serde_json::from_str(text);
            parsed.map_err(|error| AppError::Usage(format!("--options is no JSON object: {error}")))?;
            text.to_owned()
        }
        None => options_of(&profile, artifact.manifest.kind, &artifact.manifest.name),
    };
    let setup = match database {
        None => CheckSetup::default(),
        Some(database) => {
            profile.database = DatabaseSettings {
                allow_write_login: true,
                ..named(database)
            };
            over_database(profile)?
        }
    };
    let report = host.check(plugin, &setup.with_options(options));
    Ok(report.map_err(|error| load_failure(plugin, &error))?)
}

fn named(database: &str) -> DatabaseSettings {
    let is_url = database.contains("://") || database.starts_with("jdbc:");
    DatabaseSettings {
        url: is_url.then(|| database.to_owned()),
        path: (!is_url).then(|| database.into()),
        ..DatabaseSettings::default()
    }
}

/// The catalog and the rows of the profile's database.
fn over_database(profile: Profile) -> Result<CheckSetup, AppError> {
    let timeout = Duration::from_millis(profile.validate.timeout_ms);
    let session = Session::new(profile, None)?;
    let source = DatabaseSource {
        connection: session.connection()?,
        dialect: session.dialect()?,
        runtime: session.runtime().clone(),
    };
    let (catalog, _) = source.catalog()?;
    let dialect = Arc::new(session.dialect()?.open(&catalog));
    let queries = RunQueries::new(
        session.connection()?,
        Arc::new(catalog.clone()),
        session.runtime().clone(),
        timeout,
    );
    let services = Services::none().with_sql(dialect).with_query(Arc::new(queries));
    Ok(CheckSetup::over(catalog, services))
}

/// The options that the profile has for a plugin of this kind and name.
fn options_of(profile: &Profile, kind: Kind, name: &str) -> String {
    let options = match kind {
        Kind::Dialect => None,
        Kind::Planner => Some(&profile.plan.options).filter(|_| profile.plan.planner == name),
        Kind::Generator => Some(&profile.generate.options).filter(|_| profile.generate.generator == name),
        Kind::Validator => profile.validate.options.get(name),
        Kind::Metric => profile.evaluate.options.get(name),
    };
    let text = options.map(serde_json::to_string).and_then(Result::ok);
    text.unwrap_or_else(|| "{}".to_owned())
}
