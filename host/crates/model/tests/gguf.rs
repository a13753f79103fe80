//! A GGUF file becomes a folder with the same model and a working tokenizer.

use std::path::Path;

use burn::tensor::Device;
use nl2sql_model::gguf::import_gguf;
use nl2sql_model::inspect::inspect_model;
use nl2sql_model::tokenizer::TextTokenizer;
use nl2sql_model::weights::Dtype;
use nl2sql_model::{LoadOptions, load_decoder};

/// `llama-tiny.gguf` holds the weights of `llama-tiny`, queries and keys interleaved as llama.cpp keeps them.
fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

#[test]
fn the_imported_model_computes_what_the_original_does() {
    let folder = tempfile::tempdir().unwrap();
    let report = import_gguf(&fixtures().join("llama-tiny.gguf"), folder.path(), Dtype::F32).unwrap();
    assert_eq!(report.model_type, "llama");
    let options = LoadOptions::f32(Device::flex());
    let imported = load_decoder(folder.path(), &options).unwrap();
    let original = load_decoder(&fixtures().join("llama-tiny"), &options).unwrap();
    let rows = vec![vec![5, 77, 300, 12, 9, 9, 41]];
    let (ours, theirs) = (imported.logits(&rows).into_data(), original.logits(&rows).into_data());
    for (ours, theirs) in ours.iter::<f32>().zip(theirs.iter::<f32>()) {
        assert!((ours - theirs).abs() < 1e-5, "{ours} instead of {theirs}");
    }
    let summary = inspect_model(folder.path()).unwrap();
    assert_eq!(summary.parameters, report.parameters);
    assert_eq!(summary.config.eos_token_ids, [2]);
}

#[cfg(unix)]
#[test]
fn imported_weights_have_the_permissions_of_any_new_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model");
    import_gguf(&fixtures().join("llama-tiny.gguf"), &model, Dtype::F32).unwrap();
    let mode = |name: &str| std::fs::metadata(model.join(name)).unwrap().permissions().mode();
    assert_eq!(mode("model.safetensors"), mode("config.json"));
}

#[test]
fn importing_into_a_folder_that_is_not_empty_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    let error = import_gguf(&fixtures().join("llama-tiny.gguf"), folder.path(), Dtype::F32).unwrap_err();
    assert!(error.to_string().contains("not empty"), "{error}");
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(names.len(), 1);
}

#[test]
fn the_imported_tokenizer_merges_bytes_and_knows_its_markers() {
    let folder = tempfile::tempdir().unwrap();
    import_gguf(&fixtures().join("llama-tiny.gguf"), folder.path(), Dtype::BF16).unwrap();
    let tokenizer = TextTokenizer::read(folder.path()).unwrap();
    let text = "SELECT 数 \n";
    let tokens = tokenizer.encode(&format!("<s>{text}</s>")).unwrap();
    assert_eq!(tokens[0], 1);
    assert_eq!(tokens.last(), Some(&2));
    assert_eq!(tokenizer.token_id("SEL"), Some(tokens[1]));
    assert_eq!(tokenizer.decode(&tokens, true).unwrap(), text);
    assert_eq!((tokenizer.bos(), tokenizer.eos()), (Some(1), Some(2)));
}

/// The bytes with their first `from` replaced; room behind the end, as tensors move with what is before them.
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|part| part == from).unwrap();
    [&bytes[..at], to, &bytes[at + from.len()..], &[0; 64]].concat()
}

#[test]
fn architectures_and_windows_that_files_tell_too_little_of_are_refused_by_name() {
    let bytes = std::fs::read(fixtures().join("llama-tiny.gguf")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    let refused = |from: &[u8], to: &[u8]| {
        std::fs::write(&path, replaced(&bytes, from, to)).unwrap();
        let error = import_gguf(&path, &folder.path().join("out"), Dtype::F32).unwrap_err();
        let help = miette::Diagnostic::help(&error).map(|help| help.to_string());
        format!("{error} {}", help.unwrap_or_default())
    };
    let named = |name: &str| [&(name.len() as u64).to_le_bytes()[..], name.as_bytes()].concat();
    let gemma = refused(&named("llama"), &named("gemma3"));
    assert!(
        gemma.contains("`gemma3`") && gemma.contains("qwen3, qwen2, llama"),
        "{gemma}"
    );
    let window = refused(&named("llama.vocab_size"), &named("llama.attention.sliding_window"));
    assert!(window.contains("a window of 320 positions"), "{window}");
}
