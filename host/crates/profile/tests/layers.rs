//! Layers, `extends`, paths, refusals and origins of profiles.

use std::fs;
use std::path::Path;

use nl2sql_profile::{
    DecodingConstraint, Layers, Profile, ProfileError, Resolved, STARTER, TlsMode, ValuePolicy, reference,
};

fn resolve(folder: &Path, name: &str, flags: &[&str]) -> Result<Resolved, ProfileError> {
    Layers {
        profile: Some(name.into()),
        flags: flags.iter().map(|flag| (*flag).into()).collect(),
        folder: folder.into(),
    }
    .resolve()
}

#[test]
fn later_layers_win_and_say_where_a_value_came_from() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("base.toml"),
        "[plan]\ntotal = 10\nminimum = 2\n[run]\nseed = 3\n",
    )
    .unwrap();
    fs::write(
        folder.path().join("shop.toml"),
        "extends = \"base\"\n[plan]\ntotal = 20\n",
    )
    .unwrap();
    let resolved = resolve(folder.path(), "shop", &["run.seed=9", "run.name=spring sale"]).unwrap();
    assert_eq!(resolved.profile.plan.total, 20);
    assert_eq!(resolved.profile.plan.minimum, 2);
    assert_eq!(resolved.profile.run.seed, 9);
    assert_eq!(resolved.profile.run.name, "spring sale");
    let origins = resolved.origins().unwrap();
    let origin = |key: &str| origins.iter().find(|line| line.key == key).unwrap().origin.0.clone();
    assert!(origin("plan.total").ends_with("shop.toml"));
    assert!(origin("plan.minimum").ends_with("base.toml"));
    assert_eq!(origin("run.seed"), "flag --set run.seed");
    assert_eq!(origin("plan.planner"), "default");
}

#[test]
fn a_former_key_is_read_with_a_note_and_never_contradicts() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("old.toml"), "[evaluate]\nheld_to_schema = true\n").unwrap();
    let resolved = resolve(folder.path(), "old", &[]).unwrap();
    assert_eq!(resolved.profile.evaluate.constrain, DecodingConstraint::Schema);
    assert!(
        resolved.notes[0].contains("write evaluate.constrain = \"schema\""),
        "{:?}",
        resolved.notes
    );
    let origins = resolved.origins().unwrap();
    let origin = &origins
        .iter()
        .find(|line| line.key == "evaluate.constrain")
        .unwrap()
        .origin
        .0;
    assert!(
        origin.contains("evaluate.held_to_schema") && origin.ends_with("old.toml"),
        "{origin}"
    );

    let agreeing = resolve(folder.path(), "old", &["evaluate.constrain=schema"]).unwrap();
    assert_eq!(agreeing.profile.evaluate.constrain, DecodingConstraint::Schema);
    for (flag, words) in [
        ("evaluate.constrain=none", "former name of `evaluate.constrain`"),
        ("evaluate.held_to_schema=3", "expected true or false"),
    ] {
        let error = resolve(folder.path(), "old", &[flag]).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    assert!(
        resolve(folder.path(), "old", &["evaluate.held_to_schema=false"])
            .unwrap()
            .profile
            .evaluate
            .constrain
            == DecodingConstraint::None
    );
}

#[test]
fn paths_of_a_file_are_relative_to_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    fs::write(
        inner.join("shop.toml"),
        "[database]\npath = \"shop.sqlite\"\n[plugins.mine]\npath = \"mine.wasm\"\n",
    )
    .unwrap();
    let profile = resolve(folder.path(), "inner/shop.toml", &["run.dir=elsewhere"])
        .unwrap()
        .profile;
    assert_eq!(profile.database.path, Some(inner.join("shop.sqlite")));
    assert_eq!(profile.plugins["mine"].path, Some(inner.join("mine.wasm")));
    assert_eq!(profile.run.dir, Path::new("elsewhere"));
}

#[test]
fn an_unknown_key_names_the_nearest_one_and_its_file() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("shop.toml"), "[generate]\nmax_round = 3\n").unwrap();
    let text = resolve(folder.path(), "shop", &[]).unwrap_err().to_string();
    assert!(text.contains("`generate.max_round`"), "{text}");
    assert!(text.contains("did you mean `generate.max_rounds`?"), "{text}");
    assert!(text.contains("shop.toml"), "{text}");
    let text = resolve(folder.path(), "shop", &["plan.totl=3", "generate.max_round=1"])
        .unwrap_err()
        .to_string();
    assert!(text.contains("--set") || text.contains("shop.toml"), "{text}");
}

#[test]
fn an_unknown_section_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("shop.toml"), "[databse]\npath = \"x\"\n").unwrap();
    let text = resolve(folder.path(), "shop", &[]).unwrap_err().to_string();
    assert!(text.contains("did you mean `database`?"), "{text}");
}

#[test]
fn wrong_types_and_ranges_are_refused_with_their_key() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("shop.toml"), "").unwrap();
    for (flag, part) in [
        (
            "plan.total=many",
            "expected a whole number from 0 to 4294967295, found the text \"many\"",
        ),
        ("run.seed=true", "expected a whole number"),
        ("generate.languages.english=1", "`english` is not a language tag"),
        ("plan.language=e", "`e` is not a language tag"),
        ("serving.port=1", "unknown key `serving`"),
        ("plan.total=0", "at least one"),
        ("generate.max_empty=1.5", "between 0 and 1"),
        ("privacy.default=hide", "not one of allow, mask, hash, drop"),
        ("export.split.train=0.5", "sum to 1"),
        ("generate.difficulties.brutal=1", "not a level"),
        ("llm.provider=deepseek", "[llm.providers.deepseek]"),
    ] {
        let text = resolve(folder.path(), "shop", &[flag]).unwrap_err().to_string();
        assert!(text.contains(part), "{flag}: {text}");
    }
    assert!(matches!(
        resolve(folder.path(), "shop", &["total=1"]),
        Err(ProfileError::BadFlag { .. })
    ));
}

#[test]
fn cycles_missing_files_and_broken_toml_are_reported_by_name() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.toml"), "extends = \"b\"").unwrap();
    fs::write(folder.path().join("b.toml"), "extends = \"a\"").unwrap();
    fs::write(folder.path().join("c.toml"), "[plan\n").unwrap();
    assert!(matches!(
        resolve(folder.path(), "a", &[]),
        Err(ProfileError::ExtendsCycle { .. })
    ));
    assert!(matches!(
        resolve(folder.path(), "nowhere", &[]),
        Err(ProfileError::NotFound { .. })
    ));
    assert!(matches!(
        resolve(folder.path(), "c", &[]),
        Err(ProfileError::Syntax { .. })
    ));
}

#[test]
fn the_starter_holds_only_known_keys_and_the_defaults() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("plain.toml"), STARTER).unwrap();
    let mut plain = resolve(folder.path(), "plain", &[]).unwrap().profile;
    plain.database.path = None;
    plain.run.dir = Profile::default().run.dir;
    plain.given.clear();
    assert_eq!(plain, Profile::default());

    let uncommented: String = STARTER
        .lines()
        .filter(|line| !line.starts_with("# extends"))
        .map(|line| match line.strip_prefix("# ") {
            Some(setting) if setting.contains(" = ") || setting.starts_with('[') => format!("{setting}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    fs::write(folder.path().join("full.toml"), uncommented).unwrap();
    let full = resolve(folder.path(), "full", &[]).unwrap().profile;
    assert_eq!(full.export, Profile::default().export);
    assert_eq!(full.validate, Profile::default().validate);
    assert_eq!(full.privacy.rules[0].policy, ValuePolicy::Allow);
}

#[test]
fn the_starter_explains_every_key() {
    let all = serde_json::to_value(Profile::default()).unwrap();
    for (section, keys) in all.as_object().unwrap() {
        // Plugins have names of their own.
        if section == "plugins" {
            continue;
        }
        let part = STARTER
            .split(&format!("[{section}"))
            .skip(1)
            .collect::<Vec<_>>()
            .join("\n");
        for key in keys.as_object().unwrap().keys() {
            let forms = [
                format!("{key} = "),
                format!("[{section}.{key}]"),
                format!("[{section}.{key}."),
            ];
            assert!(
                forms.iter().any(|form| part.contains(form) || STARTER.contains(form)),
                "the starter does not say what {section}.{key} is"
            );
        }
    }
}

/// The commented and uncommented settings of the starter, as dotted key and value.
fn starter_settings() -> Vec<(String, toml::Value)> {
    let mut section = String::new();
    let mut settings = Vec::new();
    for line in STARTER.lines() {
        let line = line.strip_prefix("# ").unwrap_or(line);
        if let Some((name, _)) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            section = name.trim_start_matches('[').to_owned();
        } else if let Ok(table) = toml::from_str::<toml::Table>(line) {
            settings.extend(
                table
                    .into_iter()
                    .map(|(key, value)| (format!("{section}.{key}"), value)),
            );
        }
    }
    settings
}

#[test]
fn the_starter_shows_every_default_with_the_value_of_the_code() {
    let settings = starter_settings();
    let mut compared = 0;
    for key in reference() {
        let Some(default) = &key.default else { continue };
        let default: toml::Table = toml::from_str(&format!("value = {default}")).unwrap();
        let Some((_, shown)) = settings.iter().find(|(name, _)| *name == key.key) else {
            continue;
        };
        assert_eq!(*shown, default["value"], "the starter's {} is not the default", key.key);
        compared += 1;
    }
    assert!(
        compared > 75,
        "only {compared} defaults of the starter could be compared"
    );
    for (name, _) in settings {
        let known = reference().into_iter().any(|key| {
            key.key == name
                || name.starts_with("plugins.my-validator.")
                || name.starts_with("llm.providers.mine.")
                || name.starts_with("privacy.rules.")
                || name.starts_with("glossary.customers.")
                || key.key.starts_with(&format!("{name}."))
                || name.starts_with(&format!("{}.", key.key))
        });
        assert!(known || name == ".extends", "the starter names {name}, which is no key");
    }
}

#[test]
fn url_parameters_win_over_defaults_and_lose_to_the_profile() {
    let folder = tempfile::tempdir().unwrap();
    let url = "postgres://reader:s3cret@db/shop?schema=a&schema=b&pool_size=7&statement_timeout=900&connect_timeout=3\
               &max_rows=5&max_bytes=6&include=x*&exclude=y*&allow_functions=f&sslmode=require";
    fs::write(folder.path().join("url.toml"), format!("[database]\nurl = \"{url}\"\n")).unwrap();
    let resolved = resolve(folder.path(), "url", &[]).unwrap();
    let database = &resolved.profile.database;
    assert_eq!(database.schemas, ["a", "b"]);
    assert_eq!(database.allow_functions, ["f"]);
    assert_eq!(
        (&database.include[..], &database.exclude[..]),
        (&["x*".to_owned()][..], &["y*".to_owned()][..])
    );
    assert_eq!(
        (
            database.pool,
            database.connect_timeout_ms,
            database.statement_timeout_ms
        ),
        (7, 3_000, 900)
    );
    assert_eq!(
        (database.max_rows, database.max_bytes, database.tls),
        (5, 6, TlsMode::Require)
    );
    let origins = resolved.origins().unwrap();
    assert_eq!(
        origins
            .iter()
            .find(|line| line.key == "database.pool")
            .unwrap()
            .origin
            .0,
        "database.url"
    );

    let flags = [
        "database.pool=2",
        "database.schemas=[\"c\"]",
        "database.tls=prefer",
        "database.max_rows=10000",
    ];
    let database = resolve(folder.path(), "url", &flags).unwrap().profile.database;
    assert_eq!(
        (database.pool, database.max_rows, database.tls),
        (2, 10_000, TlsMode::Prefer)
    );
    assert_eq!(database.schemas, ["c"]);
    assert_eq!(
        database.statement_timeout_ms, 900,
        "what the profile does not name stays the URL's"
    );

    let text = resolve(
        folder.path(),
        "url",
        &["database.url=mysql://u:s3cret@h/x?max_rows=many"],
    )
    .unwrap_err()
    .to_string();
    assert!(
        text.contains("expected a whole number, found `many`") && text.contains("database.url"),
        "{text}"
    );
    assert!(!text.contains("s3cret"), "{text}");
}

#[test]
fn a_secret_is_fetched_by_name_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    fs::write(&path, "s3cret\n").unwrap();
    let secret = nl2sql_profile::read_secret(None, Some(&path)).unwrap().unwrap();
    assert_eq!(nl2sql_profile::ExposeSecret::expose_secret(&secret), "s3cret");
    assert!(!format!("{secret:?}").contains("s3cret"));
    assert!(nl2sql_profile::read_secret(Some("NL2SQL_NO_SUCH_VARIABLE"), None).is_err());
    assert!(nl2sql_profile::read_secret(None, None).unwrap().is_none());
}

#[test]
fn a_password_in_a_url_is_used_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let url = "postgres://reader:s3cret@db/shop";
    fs::write(
        folder.path().join("shop.toml"),
        format!("[database]\nurl = \"{url}\"\n"),
    )
    .unwrap();
    let resolved = resolve(folder.path(), "shop", &[]).unwrap();
    assert_eq!(resolved.profile.database.url.as_deref(), Some(url));
    assert!(!toml::to_string(&resolved.profile).unwrap().contains("s3cret"));
    let lines = resolved.origins().unwrap();
    let shown = lines.iter().find(|line| line.key == "database.url").unwrap();
    assert_eq!(shown.value, "\"postgres://reader:[redacted]@db/shop\"");
}

#[test]
fn a_profile_that_names_a_language_does_not_get_the_default_one() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("zh.toml"), "[generate.languages]\nzh = 1.0\n").unwrap();
    fs::write(folder.path().join("plain.toml"), "").unwrap();
    let languages = |name: &str| {
        let profile = resolve(folder.path(), name, &[]).unwrap().profile;
        profile.generate.languages.into_keys().collect::<Vec<_>>()
    };
    assert_eq!(languages("zh"), ["zh"]);
    assert_eq!(languages("plain"), ["en"]);
}
