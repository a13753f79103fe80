//! Checkpoints: `checkpoint-N/` folders, written atomically.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use nl2sql_model::adapter::{AdapterConfig, AdapterRecord};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde_json::json;

use crate::adamw::AdamW;
use crate::adapter_file;
use crate::durable;
use crate::error::TrainError;
use crate::parameters::ParameterLayout;
use crate::progress::{TrainerState, write_json};

const ADAPTER: &str = "adapter_model.safetensors";
const OPTIMIZER: &str = "optimizer.safetensors";
const PARTIAL: &str = ".partial";

/// Contents of a checkpoint.
pub struct Snapshot<'a> {
    /// Names and ranges of the values.
    pub layout: &'a ParameterLayout,
    /// Trained values.
    pub values: &'a [f32],
    /// Optimizer.
    pub optimizer: &'a AdamW,
    /// Progress.
    pub state: &'a TrainerState,
    /// The adapter's description.
    pub adapter: &'a AdapterConfig,
    /// What it is trained with.
    pub record: &'a AdapterRecord,
    /// What must be unchanged to resume; see [`restore`].
    pub fingerprint: &'a BTreeMap<String, String>,
}

/// Writes `checkpoint-N` into `output`: under a temporary name first, synced, then renamed.
///
/// # Errors
/// When the disk is full or not writable; older checkpoints are untouched and the unfinished one is removed.
pub fn save(output: &Path, snapshot: &Snapshot) -> Result<PathBuf, TrainError> {
    let folder = output.join(format!("checkpoint-{}", snapshot.state.global_step));
    let partial = output.join(format!("checkpoint-{}{PARTIAL}", snapshot.state.global_step));
    if folder.exists() {
        return Ok(folder);
    }
    remove(&partial)?;
    if let Err(error) = fill(&partial, snapshot) {
        // Free the space; report the first error.
        let _ = remove(&partial);
        return Err(error);
    }
    durable::rename(&partial, &folder)?;
    Ok(folder)
}

fn fill(folder: &Path, snapshot: &Snapshot) -> Result<(), TrainError> {
    std::fs::create_dir_all(folder).map_err(|source| TrainError::file("create", folder, source))?;
    adapter_file::write(&folder.join(ADAPTER), snapshot.layout, snapshot.values)?;
    snapshot.adapter.write(folder)?;
    snapshot.record.write(folder)?;
    write_optimizer(&folder.join(OPTIMIZER), snapshot.optimizer)?;
    write_json(&folder.join("fingerprint.json"), &json!(snapshot.fingerprint))?;
    snapshot.state.write(folder)?;
    durable::sync_folder(folder)
}

fn write_optimizer(path: &Path, optimizer: &AdamW) -> Result<(), TrainError> {
    let failed = |error: String| TrainError::file("write", path, std::io::Error::other(error));
    let little_endian = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let (means, squares, steps) = (
        little_endian(&optimizer.means),
        little_endian(&optimizer.squares),
        optimizer.steps.to_le_bytes(),
    );
    let view =
        |dtype, count, bytes| TensorView::new(dtype, vec![count], bytes).map_err(|error| failed(error.to_string()));
    let tensors = BTreeMap::from([
        ("exp_avg", view(Dtype::F32, optimizer.means.len(), &means)?),
        ("exp_avg_sq", view(Dtype::F32, optimizer.squares.len(), &squares)?),
        ("step", view(Dtype::U64, 1, &steps)?),
    ]);
    let bytes = safetensors::serialize(tensors, None).map_err(|error| failed(error.to_string()))?;
    durable::write(path, &bytes)
}

/// Values, optimizer and state of a checkpoint.
pub struct Restored {
    /// Trained values.
    pub values: Vec<f32>,
    /// Progress.
    pub state: TrainerState,
}

/// Reads a checkpoint, filling `optimizer`.
///
/// # Errors
/// When a file is missing or broken, or the fingerprint of the checkpoint differs from `fingerprint` in data, model or settings.
pub fn restore(
    folder: &Path,
    layout: &ParameterLayout,
    fingerprint: &BTreeMap<String, String>,
    optimizer: &mut AdamW,
) -> Result<Restored, TrainError> {
    let known: BTreeMap<String, String> = read_json(&folder.join("fingerprint.json"))?;
    let changed: Vec<String> = fingerprint
        .iter()
        .filter(|(name, value)| known.get(*name) != Some(value))
        .map(|(name, value)| {
            format!(
                "{name} was {}, is {value}",
                known.get(name).map_or("not set", String::as_str)
            )
        })
        .collect();
    if !changed.is_empty() {
        return Err(TrainError::checkpoint(
            folder,
            format!(
                "belongs to a run with other settings ({}); train into another output folder, or restore these settings",
                changed.join("; ")
            ),
        ));
    }
    let values = adapter_file::read(&folder.join(ADAPTER), layout)?;
    read_optimizer(&folder.join(OPTIMIZER), optimizer)?;
    Ok(Restored {
        values,
        state: read_json(&folder.join("trainer_state.json"))?,
    })
}

/// Only the trained values of a checkpoint.
///
/// # Errors
/// When the file is missing or broken.
pub fn values(folder: &Path, layout: &ParameterLayout) -> Result<Vec<f32>, TrainError> {
    adapter_file::read(&folder.join(ADAPTER), layout)
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, TrainError> {
    let bytes = std::fs::read(path).map_err(|source| TrainError::file("read", path, source))?;
    serde_json::from_slice(&bytes).map_err(|error| TrainError::checkpoint(path, format!("cannot be parsed: {error}")))
}

fn read_optimizer(path: &Path, optimizer: &mut AdamW) -> Result<(), TrainError> {
    let broken = |reason: String| TrainError::checkpoint(path, reason);
    let bytes = std::fs::read(path).map_err(|source| TrainError::file("read", path, source))?;
    let tensors = SafeTensors::deserialize(&bytes).map_err(|error| broken(format!("is broken: {error}")))?;
    let tensor = |name: &str| {
        tensors
            .tensor(name)
            .map_err(|_| broken(format!("has no tensor `{name}`")))
    };
    for (name, target) in [
        ("exp_avg", &mut optimizer.means),
        ("exp_avg_sq", &mut optimizer.squares),
    ] {
        let view = tensor(name)?;
        if view.data().len() != 4 * target.len() {
            return Err(broken(format!("`{name}` has another size than the adapter")));
        }
        for (value, bytes) in target.iter_mut().zip(view.data().as_chunks::<4>().0) {
            *value = f32::from_le_bytes(*bytes);
        }
    }
    let step = tensor("step")?;
    let step: [u8; 8] = step
        .data()
        .try_into()
        .map_err(|_| broken("`step` is not one number".into()))?;
    optimizer.steps = u64::from_le_bytes(step);
    Ok(())
}

/// All complete checkpoints of `output`, by step.
///
/// # Errors
/// When the folder cannot be listed.
pub fn list(output: &Path) -> Result<Vec<(usize, PathBuf)>, TrainError> {
    let mut found = Vec::new();
    if !output.exists() {
        return Ok(found);
    }
    let entries = std::fs::read_dir(output).map_err(|source| TrainError::file("list", output, source))?;
    for entry in entries {
        let entry = entry.map_err(|source| TrainError::file("list", output, source))?;
        let name = entry.file_name();
        let step = name
            .to_str()
            .and_then(|name| name.strip_prefix("checkpoint-"))
            .and_then(|step| step.parse().ok());
        if let Some(step) = step {
            found.push((step, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

/// Removes the oldest checkpoints beyond `keep`, never `best` and never the newest.
///
/// # Errors
/// When a folder cannot be removed.
pub fn prune(output: &Path, keep: usize, best: Option<&str>) -> Result<(), TrainError> {
    let all = list(output)?;
    let mut excess = all.len().saturating_sub(keep.max(1));
    for (_, folder) in all.iter().take(all.len().saturating_sub(1)) {
        if excess == 0 {
            break;
        }
        if folder.file_name().and_then(|name| name.to_str()) == best {
            continue;
        }
        remove(folder)?;
        excess -= 1;
    }
    Ok(())
}

/// Removes all checkpoints, for a run that starts over.
///
/// # Errors
/// When a folder cannot be removed.
pub fn clear(output: &Path) -> Result<(), TrainError> {
    list(output)?.iter().try_for_each(|(_, folder)| remove(folder))
}

/// Removes incomplete checkpoints of a killed run.
///
/// # Errors
/// When a folder cannot be removed.
pub fn sweep(output: &Path) -> Result<(), TrainError> {
    let Ok(entries) = std::fs::read_dir(output) else {
        return Ok(());
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name
            .to_str()
            .is_some_and(|name| name.starts_with("checkpoint-") && name.ends_with(PARTIAL))
        {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

fn remove(folder: &Path) -> Result<(), TrainError> {
    match std::fs::remove_dir_all(folder) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(TrainError::file("remove", folder, source)),
        _ => Ok(()),
    }
}
