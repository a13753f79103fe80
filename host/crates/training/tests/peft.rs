//! What is trained here, loaded by PEFT in transformers: every kind of adapter gives the same logits there.
//!
//! Needs a Python with torch, transformers and peft, named by `NL2SQL_PEER_PYTHON`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::tiny_model::{settings, unwatched};
use burn::tensor::Device;
use nl2sql_model::{LoadOptions, TargetModules, attach_adapter, load_decoder};
use nl2sql_training::settings::AdapterSettings;
use nl2sql_training::train;

const TOKENS: [u32; 12] = [1, 17, 42, 99, 250, 8, 133, 64, 7, 201, 5, 77];

fn modules(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Every kind, by what a failure is to be called.
fn kinds() -> [(&'static str, AdapterSettings); 5] {
    let plain = || AdapterSettings {
        rank: 4,
        ..AdapterSettings::default()
    };
    [
        ("all linear layers", plain()),
        (
            "named layers",
            AdapterSettings {
                targets: TargetModules::Named(modules(&["q_proj", "down_proj"])),
                alpha: Some(3.0),
                ..plain()
            },
        ),
        (
            "rank-stabilised",
            AdapterSettings {
                rank_stabilised: true,
                ..plain()
            },
        ),
        (
            "weight-decomposed",
            AdapterSettings {
                weight_decomposed: true,
                ..plain()
            },
        ),
        (
            "with whole modules",
            AdapterSettings {
                modules_to_save: modules(&["embed_tokens", "lm_head"]),
                ..plain()
            },
        ),
    ]
}

fn our_logits(model: &Path, adapter: &Path) -> Vec<f32> {
    let mut decoder = load_decoder(model, &LoadOptions::f32(Device::flex())).unwrap();
    attach_adapter(&mut decoder, adapter).unwrap();
    decoder.logits(&[TOKENS.to_vec()]).into_data().try_to_vec().unwrap()
}

fn peft_logits(python: &Path, model: &Path, adapter: &Path) -> Vec<f32> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peft_logits.py");
    let output = Command::new(python)
        .arg(script)
        .args([model, adapter])
        .arg(serde_json::json!(TOKENS).to_string())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn peft_loads_trained_adapters_with_equal_logits() {
    let Some(python) = std::env::var_os("NL2SQL_PEER_PYTHON") else {
        eprintln!(
            "skipped: peft_loads_trained_adapters_with_equal_logits needs NL2SQL_PEER_PYTHON, a Python with torch and peft"
        );
        return;
    };
    for (kind, adapter) in kinds() {
        let folder = tempfile::tempdir().unwrap();
        let mut run = settings(folder.path());
        run.adapter = adapter;
        train(&run, &mut unwatched).unwrap();
        let ours = our_logits(&run.model, &run.output);
        let theirs = peft_logits(Path::new(&python), &run.model, &run.output);
        assert_eq!(ours.len(), theirs.len(), "{kind}");
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert!((ours - theirs).abs() <= 1e-4, "{kind}: {ours} instead of {theirs}");
        }
    }
}
