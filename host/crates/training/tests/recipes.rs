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
