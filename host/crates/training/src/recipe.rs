//! LLaMA-Factory's YAML recipes. Keys that cannot be honoured are refused with a reason.

mod keys;
mod reader;
mod section;

use std::path::{Path, PathBuf};

use nl2sql_model::TargetModules;
use nl2sql_model::templates::Thinking;

use crate::cpu::{Precision, Unit};
use crate::dataset;
use crate::error::TrainError;
use crate::schedule::{ScheduleKind, WarmUp};
use crate::settings::{DataSettings, Every, Resume, TrainSettings};
use reader::Reader;

pub use section::{Surroundings, of_section};

/// Settings read from a recipe, with remarks on keys that have another meaning here.
#[derive(Debug)]
pub struct Recipe {
    /// The settings.
    pub settings: TrainSettings,
    /// Remarks for the user.
    pub remarks: Vec<String>,
}

/// Reads a recipe file. Relative paths are relative to the working directory, as in LLaMA-Factory.
///
/// # Errors
/// When the file is not a YAML mapping, has an unknown key (the nearest known one is suggested), or a key that cannot be
/// honoured; all reasons are reported at once.
pub fn read(path: &Path) -> Result<Recipe, TrainError> {
    let text = std::fs::read_to_string(path).map_err(|source| TrainError::file("read", path, source))?;
    // Editors on Windows put a byte order mark first.
    parse(text.trim_start_matches('\u{feff}'), path)
}

/// As [`read`], from text; `path` is only used in messages.
///
/// # Errors
/// As [`read`].
pub fn parse(text: &str, path: &Path) -> Result<Recipe, TrainError> {
    let refused = |reason: String| TrainError::Recipe {
        path: path.to_owned(),
        reason,
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let values = serde_saphyr::from_str(text).map_err(|error| refused(format!("is not a YAML mapping: {error}")))?;
    let mut reader = Reader::new(values);
    let mut settings = TrainSettings::default();
    let names = data_names(&mut reader);
    read_settings(&mut reader, &mut settings);
    let remarks = reader.finish().map_err(refused)?;
    settings.data.train = find_all(&names.train, &names.folder)?;
    settings.data.evaluation = find_all(&names.evaluation, &names.folder)?;
    Ok(Recipe { settings, remarks })
}

/// Reads every key but those that name data sets.
fn read_settings(reader: &mut Reader, settings: &mut TrainSettings) {
    task(reader);
    adapter(reader, settings);
    data(reader, settings);
    optimization(reader, settings);
    watching(reader, settings);
    computing(reader, settings);
    reader.accept(keys::NO_EFFECT);
    for (_, keys) in keys::SUBORDINATE {
        reader.accept(keys);
    }
    for (name, why) in keys::REFUSED {
        reader.refuse_if_set(name, why);
    }
    reader.refuse_unknown();
}

fn task(reader: &mut Reader) {
    reader.only("stage", &["sft"], "only supervised fine-tuning (`sft`) is supported");
    reader.only(
        "finetuning_type",
        &["lora"],
        "only `lora` is supported; full training needs other tools",
    );
    reader.only_flag("do_train", true, "this is the train command");
    reader.only_flag("do_predict", false, "predict with the adapter by `nl2sql predict`");
}

fn adapter(reader: &mut Reader, settings: &mut TrainSettings) {
    reader.required("model_name_or_path", "a model folder", |text| {
        settings.model = PathBuf::from(text)
    });
    settings.start_adapter = match reader.names("adapter_name_or_path").as_slice() {
        [] => None,
        [folder] => Some(PathBuf::from(folder)),
        _ => {
            reader.refuse("adapter_name_or_path names several adapters; merge all but one first".into());
            None
        }
    };
    reader.only("model_revision", &["main"], "the model is a folder on this machine");
    let adapter = &mut settings.adapter;
    reader.count("lora_rank", 1, &mut adapter.rank);
    adapter.alpha = reader.optional_number("lora_alpha");
    reader.number("lora_dropout", &mut adapter.dropout);
    reader.flag("use_rslora", &mut adapter.rank_stabilised);
    reader.flag("use_dora", &mut adapter.weight_decomposed);
    let targets = reader.names("lora_target");
    if !targets.is_empty() && targets != ["all"] {
        adapter.targets = TargetModules::Named(targets.into_iter().collect());
    }
    adapter.modules_to_save = reader.names("additional_target").into_iter().collect();
}

fn order_of_samples(reader: &mut Reader, data: &mut DataSettings) {
    reader.flag("group_by_length", &mut data.group_by_length);
    reader.flag("group_by_prefix", &mut data.group_by_prefix);
    let mut disabled = false;
    reader.flag("disable_shuffling", &mut disabled);
    data.shuffle = !disabled;
    match reader.text("train_sampling_strategy").as_deref() {
        None | Some("random") => {}
        Some("sequential") => data.shuffle = false,
        Some("group_by_length") => data.group_by_length = true,
        Some(other) => reader.refuse(format!(
            "train_sampling_strategy is `{other}`; expected random, sequential or group_by_length"
        )),
    }
    for (name, other) in [("group_by_length", data.group_by_length), ("packing", data.packing)] {
        if data.group_by_prefix && other {
            reader.refuse(format!("group_by_prefix and {name} exclude each other"));
        }
    }
    if data.group_by_prefix && !data.shuffle {
        reader.refuse("group_by_prefix and an order without shuffling exclude each other".into());
    }
    if data.group_by_length && !data.shuffle {
        reader.refuse("group_by_length and an order without shuffling exclude each other".into());
    }
}

/// Names of data sets, to be looked up once the recipe is known to be honoured.
struct DataNames {
    train: Vec<String>,
    evaluation: Vec<String>,
    folder: PathBuf,
}

fn data(reader: &mut Reader, settings: &mut TrainSettings) {
    let data = &mut settings.data;
    reader.required("template", "a chat template", |text| data.template = text);
    reader.count("cutoff_len", 1, &mut data.cutoff);
    data.max_samples = reader.optional_count("max_samples", 1);
    reader.number("val_size", &mut data.held_out);
    reader.flag("packing", &mut data.packing);
    let mut neat = data.packing;
    reader.flag("neat_packing", &mut neat);
    if data.packing && !neat {
        reader.remark("packed samples never see each other here (LLaMA-Factory's neat_packing)");
    }
    data.packing |= neat;
    order_of_samples(reader, data);
    reader.only("mix_strategy", &["concat"], "data sets are concatenated");
    reader.only_flag("ignore_pad_token_for_loss", true, "padding is never scored");
    data.default_system = reader.text("default_system");
    if data.default_system.as_deref() == Some("") {
        reader.refuse("default_system is empty; remove the key to use the template's own".into());
    }
    let mut thinking = true;
    reader.flag("enable_thinking", &mut thinking);
    if !thinking {
        data.thinking = Thinking::Disabled;
    }
    if let Some(text) = reader.text("on_truncation") {
        match serde_json::from_value(text.clone().into()) {
            Ok(choice) => data.on_truncation = choice,
            Err(_) => reader.refuse(format!(
                "on_truncation is `{text}`; `keep`, `drop` or `error` are known"
            )),
        }
    }
}

fn data_names(reader: &mut Reader) -> DataNames {
    let folder = reader
        .text("dataset_dir")
        .map_or_else(|| PathBuf::from("data"), PathBuf::from);
    if folder.as_os_str() == "ONLINE" || folder.to_string_lossy().starts_with("REMOTE:") {
        reader.refuse(format!(
            "dataset_dir is `{}`; data sets are read from a folder on this machine",
            folder.display()
        ));
    }
    let train = reader.names("dataset");
    if train.is_empty() {
        reader.refuse("dataset is missing; a file, or a name of dataset_info.json, is needed".into());
    }
    DataNames {
        train,
        evaluation: reader.names("eval_dataset"),
        folder,
    }
}

fn find_all(names: &[String], folder: &Path) -> Result<Vec<dataset::Description>, TrainError> {
    names.iter().map(|name| dataset::find(name, folder)).collect()
}

fn optimization(reader: &mut Reader, settings: &mut TrainSettings) {
    let o = &mut settings.optimization;
    reader.count("per_device_train_batch_size", 1, &mut o.batch);
    reader.count("per_device_eval_batch_size", 1, &mut o.evaluation_batch);
    reader.count("gradient_accumulation_steps", 1, &mut o.accumulation);
    reader.number("learning_rate", &mut o.learning_rate);
    reader.number("num_train_epochs", &mut o.epochs);
    o.max_steps = reader
        .optional_number("max_steps")
        .filter(|steps| *steps > 0.0)
        .map(|steps| steps as usize);
    reader.number("max_grad_norm", &mut o.max_gradient_norm);
    reader.number("weight_decay", &mut o.adamw.weight_decay);
    reader.number("adam_beta1", &mut o.adamw.beta1);
    reader.number("adam_beta2", &mut o.adamw.beta2);
    reader.number("adam_epsilon", &mut o.adamw.epsilon);
    if let Some(seed) = reader.optional_count("seed", 0) {
        o.seed = seed as u64;
    }
    o.data_seed = reader.optional_count("data_seed", 0).map(|seed| seed as u64);
    reader.only(
        "optim",
        &["adamw_torch", "adamw_torch_fused", "adamw_hf"],
        "AdamW is the optimizer",
    );
    if let Some(ratio) = reader.optional_number("warmup_ratio") {
        o.warm_up = WarmUp::Ratio(ratio);
    }
    // transformers: steps win over the ratio, and a fraction below 1 is a ratio.
    match reader.optional_number("warmup_steps") {
        Some(steps) if steps >= 1.0 => o.warm_up = WarmUp::Steps(steps as usize),
        Some(share) if share > 0.0 => o.warm_up = WarmUp::Ratio(share),
        _ => {}
    }
    match reader.text("lr_scheduler_type").as_deref() {
        None | Some("linear") => {}
        Some("cosine") => o.schedule = ScheduleKind::Cosine,
        Some("constant_with_warmup") => o.schedule = ScheduleKind::Constant,
        Some("constant") => (o.schedule, o.warm_up) = (ScheduleKind::Constant, WarmUp::Steps(0)),
        Some(other) => reader.refuse(format!(
            "lr_scheduler_type is `{other}`; `cosine`, `linear`, `constant` and `constant_with_warmup` are known"
        )),
    }
}

fn watching(reader: &mut Reader, settings: &mut TrainSettings) {
    let watch = &mut settings.watch;
    reader.required("output_dir", "a folder to write into", |text| {
        settings.output = PathBuf::from(text)
    });
    reader.count("logging_steps", 1, &mut watch.log);
    reader.only("logging_strategy", &["steps"], "logs are written each logging_steps");
    let save_steps = reader.optional_count("save_steps", 1).unwrap_or(500);
    let save = reader.text("save_strategy").unwrap_or_else(|| "steps".into());
    watch.save = reader.every("save_strategy", &save, save_steps);
    watch.keep = reader.optional_count("save_total_limit", 1);
    let eval_steps = reader.optional_count("eval_steps", 1);
    let chosen = [reader.text("eval_strategy"), reader.text("evaluation_strategy")]
        .into_iter()
        .flatten()
        .next();
    watch.evaluate = match chosen {
        None => Every::Never,
        Some(strategy) => reader.every("eval_strategy", &strategy, eval_steps.unwrap_or(watch.log)),
    };
    reader.flag("do_eval", &mut watch.evaluate_at_end);
    reader.flag("load_best_model_at_end", &mut watch.load_best);
    reader.only(
        "metric_for_best_model",
        &["eval_loss", "loss"],
        "the best model is the one of least evaluation loss",
    );
    reader.only_flag(
        "greater_is_better",
        false,
        "the best model is the one of least evaluation loss",
    );
    let (steps, patience) = (
        reader.optional_count("early_stopping_steps", 1),
        reader.optional_count("early_stopping_patience", 1),
    );
    watch.patience = steps.or(patience);
    reader.flag("plot_loss", &mut watch.plot);
    for target in reader.names("report_to") {
        if !["none", "tensorboard"].contains(&target.as_str()) {
            reader.refuse(format!(
                "report_to names `{target}`; TensorBoard events are written, nothing is sent anywhere"
            ));
        }
    }
    let mut overwrite = false;
    reader.flag("overwrite_output_dir", &mut overwrite);
    settings.resume = match reader.text("resume_from_checkpoint").as_deref() {
        None | Some("false" | "null") if overwrite => Resume::Overwrite,
        None | Some("false" | "null" | "true") => Resume::Latest,
        Some(folder) => Resume::From(PathBuf::from(folder)),
    };
}

fn computing(reader: &mut Reader, settings: &mut TrainSettings) {
    let (mut bf16, mut fp16, mut pure) = (false, false, false);
    reader.flag("bf16", &mut bf16);
    reader.flag("fp16", &mut fp16);
    reader.flag("pure_bf16", &mut pure);
    let how = match Unit::found().first() {
        Some(unit) => format!("multiplied in bf16 by {unit}, with sums in f32"),
        None => "computed in f32, for this CPU has no unit for bf16".into(),
    };
    if fp16 {
        reader.remark(&format!("fp16: on the CPU frozen weights are held in bf16 and {how}"));
    } else if bf16 || pure {
        reader.remark(&format!("bf16: on the CPU frozen weights are held in bf16 and {how}"));
    }
    if bf16 || fp16 || pure {
        settings.compute.precision = Precision::Bf16;
    }
    match reader.optional_count("quantization_bit", 0) {
        None => {}
        Some(8) => settings.compute.precision = Precision::Int8,
        Some(4) => settings.compute.precision = Precision::Nf4,
        Some(bits) => reader.refuse(format!("quantization_bit is {bits}; 4 and 8 are known")),
    }
    reader.only(
        "quantization_method",
        &["bnb", "bitsandbytes"],
        "frozen weights are held in blocks as bitsandbytes does",
    );
    reader.only("quantization_type", &["nf4"], "4-bit blocks are NormalFloat4");
    reader.flag("gradient_checkpointing", &mut settings.compute.recompute);
    reader.flag("activation_checkpointing", &mut settings.compute.recompute);
    let mut disabled = false;
    reader.flag("disable_gradient_checkpointing", &mut disabled);
    settings.compute.recompute &= !disabled;
}
