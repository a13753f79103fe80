//! Every set of services for every kind of plugin: what is refused, and what the refusal says.

use std::fs;

use nl2sql_plugin_host::{DISCLOSE_ROWS, Kind, LoadError, PluginHost, PluginSettings, Services};
use nl2sql_tests::guest;

const SERVICES: [&str; 3] = ["sql", "query", "llm"];

/// What loading comes to; a plugin that passes lacks nothing but services, which a test of grants does not have.
fn outcome(kind: Kind, services: &[&str], discloses: bool) -> Result<(), LoadError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guest.wasm");
    fs::write(&path, guest::idle("guest", kind, services).unwrap()).unwrap();
    let mut grant: Vec<_> = services.iter().map(|service| (*service).to_owned()).collect();
    grant.extend(discloses.then(|| DISCLOSE_ROWS.to_owned()));
    let settings = PluginSettings {
        path: Some(path),
        grant: Some(grant),
        ..PluginSettings::default()
    };
    let host = PluginHost::builder()
        .settings([("guest".to_owned(), settings)].into())
        .build()?;
    let none = Services::none;
    match kind {
        Kind::Dialect => host.dialect("guest").map(drop),
        Kind::Planner => host.planner("guest", none()).map(drop),
        Kind::Generator => host.generator("guest", none()).map(drop),
        Kind::Validator => host.validator("guest", none()).map(drop),
        Kind::Metric => host.metric("guest", none()).map(drop),
    }
}

#[test]
fn rows_and_words_that_leave_are_granted_together_only_by_the_word_that_names_the_risk() {
    for kind in Kind::ALL {
        for set in 0..1 << SERVICES.len() {
            let services: Vec<_> = (0..SERVICES.len())
                .filter(|at| set >> at & 1 == 1)
                .map(|at| SERVICES[at])
                .collect();
            let allowed = services.iter().all(|service| kind.services().contains(service));
            let has = |service: &str| services.contains(&service);
            let leaves = has("query") && (has("llm") || kind == Kind::Generator);
            for discloses in [false, true] {
                let found = outcome(kind, &services, discloses);
                let expected = match &found {
                    Err(LoadError::ForbiddenImport { .. }) => !allowed,
                    Err(LoadError::RowsWouldLeave { line, .. }) => {
                        allowed && leaves && !discloses && line.contains(DISCLOSE_ROWS)
                    }
                    Err(LoadError::ServiceAbsent { .. }) => allowed && !services.is_empty() && (discloses || !leaves),
                    Ok(()) => services.is_empty(),
                    Err(_) => false,
                };
                assert!(expected, "{kind} with {services:?}, discloses: {discloses}: {found:?}");
            }
        }
    }
}

#[test]
fn an_unknown_grant_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guest.wasm");
    fs::write(&path, guest::idle("guest", Kind::Validator, &[]).unwrap()).unwrap();
    let settings = PluginSettings {
        path: Some(path),
        grant: Some(vec!["disclose-row".to_owned()]),
        ..PluginSettings::default()
    };
    let host = PluginHost::builder()
        .settings([("guest".to_owned(), settings)].into())
        .build()
        .unwrap();
    let refused = host.validator("guest", Services::none()).map(drop).unwrap_err();
    assert!(refused.to_string().contains("`disclose-row`"), "{refused}");
}
