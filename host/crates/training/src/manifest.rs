//! Provenance of an adapter: digests of data and base weights, template, seed, settings and versions.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use nl2sql_model::TargetModules;
use nl2sql_model::adapter::AdapterConfig;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::batch::Sample;
use crate::error::TrainError;
use crate::plan::TrainPlan;
use crate::progress::write_json;
use crate::settings::TrainSettings;

/// What must be the same in all sessions of a run for it to end with the same adapter.
///
/// # Errors
/// When the base weights cannot be read.
pub fn fingerprint(
    settings: &TrainSettings,
    plan: &TrainPlan,
    adapter: &AdapterConfig,
) -> Result<BTreeMap<String, String>, TrainError> {
    let (o, data) = (&settings.optimization, &settings.data);
    let mut print = BTreeMap::new();
    let mut set = |name: &str, value: String| print.insert(name.to_owned(), value);
    for (number, (_, sha256)) in plan.digests.iter().enumerate() {
        set(&format!("data file {}", number + 1), sha256.clone());
    }
    set("samples", plan.samples.len().to_string());
    set("encoded samples", samples_digest(&plan.samples));
    set("template", plan.template.to_owned());
    set("cutoff_len", data.cutoff.to_string());
    set("packing", data.packing.to_string());
    set("group_by_length", data.group_by_length.to_string());
    if data.group_by_prefix {
        set("group_by_prefix", "true".to_owned());
    }
    set("seed", o.seed.to_string());
    if let Some(seed) = o.data_seed {
        set("data_seed", seed.to_string());
    }
    if !data.shuffle {
        set("shuffling", "disabled".to_owned());
    }
    set("batch", format!("{} x {}", o.batch, o.accumulation));
    set("optimizer", format!("{}, clip {}", o.adamw, o.max_gradient_norm));
    set("schedule", plan.schedule.to_string());
    set(
        "adapter",
        format!(
            "rank {}, scale {}, dropout {}, targets {}, dora {}, trained in full {}",
            adapter.rank,
            adapter.scale(),
            adapter.dropout,
            named(&adapter.targets),
            adapter.weight_decomposed,
            listed(&adapter.modules_to_save)
        ),
    );
    set("precision", settings.compute.precision.to_string());
    if let Some(folder) = &settings.start_adapter {
        let path = folder.join("adapter_model.safetensors");
        let bytes = std::fs::read(&path).map_err(|source| TrainError::file("read", &path, source))?;
        set("start adapter", hexadecimal(Sha256::new_with_prefix(bytes)));
    }
    set("workers", settings.compute.workers.to_string());
    set("base weights", weights_digest(&settings.model)?);
    Ok(print)
}

/// sha256 over tokens and labels of the training samples.
fn samples_digest(samples: &[(usize, Sample)]) -> String {
    let mut hasher = Sha256::new();
    for (row, sample) in samples {
        hasher.update((*row as u64).to_le_bytes());
        hasher.update((sample.input_ids.len() as u64).to_le_bytes());
        for (id, label) in sample.input_ids.iter().zip(&sample.labels) {
            hasher.update(id.to_le_bytes());
            hasher.update(label.to_le_bytes());
        }
    }
    hexadecimal(hasher)
}

fn hexadecimal(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn named(targets: &TargetModules) -> String {
    match targets {
        TargetModules::All => "all".to_owned(),
        TargetModules::Named(names) => listed(names),
    }
}

fn listed(names: &BTreeSet<String>) -> String {
    match names.is_empty() {
        true => "none".to_owned(),
        false => names.iter().map(String::as_str).collect::<Vec<_>>().join(" "),
    }
}

/// Writes `nl2sql_training.json`.
///
/// # Errors
/// When the file cannot be written.
pub fn write(
    settings: &TrainSettings,
    plan: &TrainPlan,
    fingerprint: &BTreeMap<String, String>,
) -> Result<(), TrainError> {
    let data: Vec<_> = plan
        .digests
        .iter()
        .map(|(path, sha256)| json!({ "path": path, "sha256": sha256 }))
        .collect();
    let manifest = json!({
        "program": { "name": "nl2sql", "version": env!("CARGO_PKG_VERSION") },
        "base_model": settings.model.display().to_string(),
        "data": data,
        "settings": fingerprint,
    });
    write_json(&settings.output.join("nl2sql_training.json"), &manifest)
}

/// sha256 over the weight files of a model folder, in the order of their names.
fn weights_digest(folder: &Path) -> Result<String, TrainError> {
    let entries = std::fs::read_dir(folder).map_err(|source| TrainError::file("list", folder, source))?;
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension().is_some_and(|extension| extension == "safetensors")
                && path
                    .file_name()
                    .and_then(|name| name.to_str())
                    .is_some_and(|name| name.starts_with("model"))
        })
        .collect();
    files.sort();
    let mut hasher = Sha256::new();
    for path in files {
        let failed = |source| TrainError::file("read", &path, source);
        let mut file = File::open(&path).map_err(failed)?;
        let mut chunk = vec![0; 1 << 20];
        loop {
            match std::io::Read::read(&mut file, &mut chunk).map_err(failed)? {
                0 => break,
                length => hasher.update(&chunk[..length]),
            }
        }
    }
    Ok(hexadecimal(hasher))
}
