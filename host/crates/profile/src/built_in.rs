//! The ready profiles, at hand wherever the program is: `extends = "deepseek"` or `--profile deepseek` without a file of that name.

use std::path::{Path, PathBuf};

/// Stands in place of the folder of a built-in profile.
const FOLDER: &str = "built-in";

macro_rules! profiles {
    ($($name:literal),*) => {
        &[$(($name, include_str!(concat!("../../../../profiles/", $name, ".toml")))),*]
    };
}

const PROFILES: &[(&str, &str)] = profiles![
    "llm",
    "deepseek",
    "qwen",
    "openai",
    "anthropic",
    "ollama",
    "vllm",
    "local",
    "small_model"
];

/// The built-in profile of this name, also as `profiles/<name>`.
pub(crate) fn named(name: &str) -> Option<PathBuf> {
    let name = name.strip_prefix("profiles/").unwrap_or(name);
    let name = name.strip_suffix(".toml").unwrap_or(name);
    PROFILES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(known, _)| Path::new(FOLDER).join(format!("{known}.toml")))
}

/// The text of a path that [`named`] gave.
pub(crate) fn text(path: &Path) -> Option<&'static str> {
    let name = path.strip_prefix(FOLDER).ok()?.file_stem()?.to_str()?;
    PROFILES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use crate::Layers;

    #[test]
    fn every_ready_profile_resolves_from_anywhere() {
        let folder = tempfile::tempdir().unwrap();
        for (name, _) in super::PROFILES {
            let layers = Layers {
                profile: Some((*name).to_owned()),
                folder: folder.path().to_owned(),
                ..Layers::default()
            };
            let profile = layers
                .resolve()
                .unwrap_or_else(|error| panic!("{name}: {error}"))
                .profile;
            if *name == "small_model" {
                assert!(
                    profile.train.group_by_prefix,
                    "the recipe of a training asks no language model"
                );
                continue;
            }
            assert_eq!(profile.plan.planner, "planner-llm", "{name}");
            assert!(*name == "llm" || profile.llm.provider == *name, "{name}");
            assert_eq!(profile.llm.chain().count(), 1, "{name}");
        }
    }

    #[test]
    fn a_file_of_the_same_name_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("qwen.toml"), "[plan]\ntotal = 7\n").unwrap();
        std::fs::write(
            folder.path().join("mine.toml"),
            "extends = \"profiles/deepseek\"\n[plan]\ntotal = 9\n",
        )
        .unwrap();
        let resolve = |name: &str| {
            let layers = Layers {
                profile: Some(name.to_owned()),
                folder: folder.path().to_owned(),
                ..Layers::default()
            };
            layers.resolve().unwrap().profile
        };
        assert_eq!(
            (resolve("qwen").plan.total, resolve("qwen").llm.provider.as_str()),
            (7, "")
        );
        assert_eq!(
            (resolve("mine").plan.total, resolve("mine").llm.provider.as_str()),
            (9, "deepseek")
        );
    }
}
