//! LLaMA-Factory recipes: honoured and refused keys.

use std::path::{Path, PathBuf};

use nl2sql_model::TargetModules;
use nl2sql_training::recipe::{Recipe, parse};
use nl2sql_training::schedule::{ScheduleKind, WarmUp};
use nl2sql_training::settings::Every;

fn data(folder: &Path) -> PathBuf {
    let path = folder.join("train.json");
    std::fs::write(&path, r#"[{"instruction":"a","output":"b"}]"#).unwrap();
    path
}

fn read(recipe: &str) -> Result<Recipe, String> {
    let folder = tempfile::tempdir().unwrap();
    let recipe = recipe.replace("DATA", &data(folder.path()).display().to_string());
    parse(&recipe, Path::new("recipe.yaml")).map_err(|error| error.to_string())
}

const QWEN: &str = "
model_name_or_path: Qwen/Qwen3-0.6B
trust_remote_code: true
stage: sft
do_train: true
finetuning_type: lora
lora_rank: 8
lora_alpha: 16
lora_target: all
dataset: DATA
template: qwen3_nothink
cutoff_len: 2048
overwrite_cache: true
preprocessing_num_workers: 16
output_dir: saves/qwen3
logging_steps: 10
save_steps: 500
plot_loss: true
overwrite_output_dir: true
report_to: none
per_device_train_batch_size: 8
gradient_accumulation_steps: 8
learning_rate: 5e-5
num_train_epochs: 3.0
lr_scheduler_type: cosine
warmup_ratio: 0.1
bf16: true
ddp_timeout: 180000000
resume_from_checkpoint: null
";

const DEEPSEEK: &str = "
model_name_or_path: deepseek-ai/deepseek-coder-6.7b-instruct
stage: sft
do_train: true
finetuning_type: lora
lora_rank: 16
lora_alpha: 32
lora_target: q_proj,v_proj
dataset: DATA
eval_dataset: DATA
template: deepseekcoder
output_dir: saves/deepseek
eval_strategy: steps
eval_steps: 50
save_steps: 50
load_best_model_at_end: true
metric_for_best_model: eval_loss
greater_is_better: false
early_stopping_steps: 3
warmup_steps: 20
max_steps: -1
";

#[test]
fn example_recipes_are_honoured() {
    let qwen = read(QWEN).unwrap();
    let s = &qwen.settings;
    assert_eq!(
        (
            s.optimization.batch,
            s.optimization.accumulation,
            s.optimization.learning_rate
        ),
        (8, 8, 5e-5)
    );
    assert_eq!(
        (s.optimization.schedule, s.optimization.warm_up),
        (ScheduleKind::Cosine, WarmUp::Ratio(0.1))
    );
    assert_eq!(
        (s.adapter.rank, s.adapter.alpha, &s.adapter.targets),
        (8, Some(16.0), &TargetModules::All)
    );
    assert!(qwen.remarks.iter().any(|remark| remark.starts_with("bf16")));

    let deepseek = read(DEEPSEEK).unwrap().settings;
    assert_eq!(
        (deepseek.watch.evaluate, deepseek.watch.patience),
        (Every::Steps(50), Some(3))
    );
    assert_eq!(
        (deepseek.optimization.warm_up, deepseek.optimization.max_steps),
        (WarmUp::Steps(20), None)
    );
    assert!(matches!(&deepseek.adapter.targets, TargetModules::Named(names) if names.len() == 2));
    deepseek.check().unwrap();
}

#[test]
fn all_reasons_are_reported_at_once() {
    let recipe = format!("{QWEN}\nlora_rang: 8\nquantization_bit: 3\ndeepspeed: ds.json\npacking: maybe\n");
    let reasons = read(&recipe).unwrap_err();
    for reason in [
        "`lora_rang` is not a known key; did you mean `lora_rank`?",
        "quantization_bit is 3",
        "deepspeed is not supported",
        "packing is \"maybe\"",
    ] {
        assert!(reasons.contains(reason), "{reasons}");
    }
    assert!(
        read(&QWEN.replace("stage: sft", "stage: dpo"))
            .unwrap_err()
            .contains("stage is `dpo`")
    );
    assert!(
        read(&QWEN.replace("report_to: none", "report_to: wandb"))
            .unwrap_err()
            .contains("wandb")
    );
    assert!(
        read(&QWEN.replace("cosine", "polynomial"))
            .unwrap_err()
            .contains("polynomial")
    );
    assert!(read("- a list").unwrap_err().contains("not a YAML mapping"));
}

/// The names of LLaMA-Factory's and transformers' training arguments.
const KEYS: &str = include_str!("llama_factory_keys.txt");

#[test]
fn every_llama_factory_key_is_honoured_or_refused_by_name() {
    let written: Vec<&str> = QWEN.lines().filter_map(|line| line.split(':').next()).collect();
    for key in KEYS.lines().filter(|key| !written.contains(key)) {
        read(&format!("{QWEN}\n{key}: null\n")).unwrap_or_else(|reason| panic!("{key}: null: {reason}"));
        if let Err(reason) = read(&format!("{QWEN}\n{key}: [nonsense]\n")) {
            // The value of `eval_dataset` is looked up as a name.
            assert!(reason.contains(key) || key == "eval_dataset", "{key}: {reason}");
            assert!(!reason.contains("not a known key"), "{reason}");
        }
    }
}

#[test]
fn features_that_are_off_are_accepted_and_those_that_are_on_are_refused() {
    for off in [
        "neftune_noise_alpha: 0",
        "label_smoothing_factor: 0.0",
        "use_galore: false",
        "galore_rank: 16",
        "freeze_vision_tower: true",
        "deepspeed: ''",
        "fsdp: []",
        "mix_strategy: concat",
        "train_sampling_strategy: random",
        "push_to_hub: false",
    ] {
        read(&format!("{QWEN}\n{off}\n")).unwrap_or_else(|reason| panic!("{off}: {reason}"));
    }
    for on in [
        "neftune_noise_alpha: 5",
        "label_smoothing_factor: 0.1",
        "use_apollo: true",
        "use_dft_loss: true",
        "resize_vocab: true",
        "train_from_scratch: true",
        "tokenized_path: cache",
        "mix_strategy: interleave_under",
        "dataset_dir: ONLINE",
        "dataloader_drop_last: true",
        "eval_on_each_dataset: true",
        "model_revision: v2",
        "adapter_name_or_path: one,two",
        "default_system: ''",
        "optim: paged_adamw_8bit",
        "use_cpu: true",
        "push_to_hub: true",
    ] {
        let reason = read(&format!("{QWEN}\n{on}\n")).unwrap_err();
        assert!(reason.contains(on.split(':').next().unwrap()), "{on}: {reason}");
    }
}

#[test]
fn numbers_outside_their_range_are_refused_with_key_and_range() {
    for (line, message) in [
        (
            "max_samples: 0",
            "max_samples is 0; expected a whole number from 1 to 4294967295",
        ),
        (
            "eval_steps: 0.5",
            "eval_steps is 0.5; expected a whole number from 1 to 4294967295",
        ),
        (
            "data_seed: -1",
            "data_seed is -1; expected a whole number from 0 to 4294967295",
        ),
        (
            "save_total_limit: 5000000000",
            "save_total_limit is 5000000000; expected a whole number from 1",
        ),
        ("lora_dropout: much", "lora_dropout is \"much\"; expected a number"),
        ("max_grad_norm: [1]", "max_grad_norm is [1]; expected a number"),
    ] {
        let reason = read(&format!("{QWEN}\n{line}\n")).unwrap_err();
        assert!(reason.contains(message), "{reason}");
    }
}

#[test]
fn order_system_text_and_final_evaluation_are_honoured() {
    let settings = |lines: &str| read(&format!("{QWEN}\n{lines}\n")).unwrap().settings;
    assert!(settings("").data.shuffle);
    assert!(!settings("disable_shuffling: true").data.shuffle);
    assert!(!settings("train_sampling_strategy: sequential").data.shuffle);
    assert!(
        settings("train_sampling_strategy: group_by_length")
            .data
            .group_by_length
    );
    assert_eq!(
        settings("default_system: be brief").data.default_system.as_deref(),
        Some("be brief")
    );
    assert_eq!(settings("data_seed: 7").optimization.data_seed, Some(7));
    assert!(settings("activation_checkpointing: true").compute.recompute);
    let evaluated = settings("do_eval: true\nval_size: 0.1");
    assert!(evaluated.watch.is_evaluation_due(9, 9, false) && !evaluated.watch.is_evaluation_due(8, 9, true));
    evaluated.check().unwrap();
    let without_data = settings("do_eval: true").check().unwrap_err().to_string();
    assert!(without_data.contains("eval_dataset is missing"), "{without_data}");
    let both = settings("eval_dataset: DATA\nval_size: 0.1")
        .check()
        .unwrap_err()
        .to_string();
    assert!(
        both.contains("val_size holds samples out although eval_dataset is given"),
        "{both}"
    );
}

#[test]
fn byte_order_mark_before_a_recipe_is_skipped() {
    let recipe = format!("\u{feff}{}", QWEN.trim_start());
    assert_eq!(read(&recipe).unwrap().settings.adapter.rank, 8);
}
