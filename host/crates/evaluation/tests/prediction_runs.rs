//! Prediction runs over datasets as people hand them in: resumed, broken, huge.

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::sqlite_databases::SqliteDatabases;
use async_trait::async_trait;
use nl2sql_evaluation::{
    agreement::Agreement,
    candidates::{CandidateSettings, SecondLook},
    dataset::Dataset,
    prediction::{ChatPrompt, Completion, OnCompletion, TextGenerator, Throughput, predict},
    prediction_journal::PredictionJournal,
    prediction_settings::PredictionSettings,
    predictions_file::{PairingError, PredictionsFile},
};

/// Answers every prompt with SQL in a code fence, last prompt first; refuses those that say so.
#[derive(Default)]
struct Fenced {
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl TextGenerator for Fenced {
    async fn generate(&self, prompts: Vec<ChatPrompt>, on_completion: OnCompletion<'_>) {
        for (at, prompt) in prompts.iter().enumerate().rev() {
            self.asked.lock().unwrap().push(prompt.user.clone());
            on_completion(
                at,
                match prompt.user.contains("refuse") {
                    true => Err("the endpoint said no".to_owned()),
                    false => Ok(Completion {
                        text: format!("```sql\nSELECT {at};\n```\nThat is it."),
                        rendered_prompt: None,
                        tokens: Some(7),
                        finish_reason: None,
                        agreement: None,
                    }),
                },
            );
        }
    }
}

fn dataset(folder: &Path, bytes: &[u8]) -> Dataset {
    let path = folder.join("data.jsonl");
    fs::write(&path, bytes).unwrap();
    Dataset::read(&path, None).unwrap()
}

async fn run(generator: &Fenced, data: &Dataset, output: &Path) -> Throughput {
    run_with(generator, data, output, "qwen").await
}

async fn run_with(generator: &Fenced, data: &Dataset, output: &Path, template: &str) -> Throughput {
    let journal = PredictionJournal::open(output, &settings(template)).unwrap();
    predict(generator, &data.examples, None, None, journal, &|_| {})
        .await
        .unwrap()
}

fn settings(template: &str) -> PredictionSettings {
    PredictionSettings([("template".to_owned(), template.to_owned())].into())
}

#[tokio::test]
async fn a_killed_run_resumes_without_repeating_requests() {
    let folder = tempfile::tempdir().unwrap();
    let data = dataset(
        folder.path(),
        br#"{"id": "a", "db_id": "d", "question": "one", "query": "SELECT 0"}
{"id": "b", "db_id": "d", "question": "please refuse"}
{"id": "c", "db_id": "d", "question": "three"}
"#,
    );
    let output = folder.path().join("run/generated_predictions.jsonl");
    let first = run(&Fenced::default(), &data, &output).await;
    assert_eq!((first.rows, first.predicted, first.failed, first.tokens), (3, 3, 1, 14));

    let mut bytes = fs::read(&output).unwrap();
    assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count(), 3);
    bytes.truncate(bytes.len() - 5);
    fs::write(&output, &bytes).unwrap();

    let generator = Fenced::default();
    let second = run(&generator, &data, &output).await;
    assert_eq!((second.resumed, second.predicted), (1, 2));
    assert_eq!(*generator.asked.lock().unwrap(), ["three", "please refuse"]);

    let file = PredictionsFile::read(&output).unwrap();
    assert!(file.errors.is_empty(), "{:?}", file.errors);
    let ids: Vec<&str> = file.predictions.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "c"], "in the order of the examples");
    let first = file.predictions.iter().find(|row| row.id == "a").unwrap();
    assert_eq!(
        (first.predicted_sql.as_str(), first.label.as_str(), first.db_id.as_str()),
        ("SELECT 0", "SELECT 0", "d")
    );
    let refused = file.predictions.iter().find(|row| row.id == "b").unwrap();
    assert_eq!(refused.error.as_deref(), Some("the endpoint said no"));
}

#[tokio::test]
async fn predictions_of_other_settings_are_kept_apart_and_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let data = dataset(folder.path(), b"{\"id\": \"a\", \"question\": \"one\"}\n");
    let output = folder.path().join("generated_predictions.jsonl");
    let first = settings("qwen").fingerprint();
    run_with(&Fenced::default(), &data, &output, "qwen").await;
    let bytes = fs::read(&output).unwrap();

    let journal = PredictionJournal::open(&output, &settings("llama3")).unwrap();
    let kept = folder.path().join(format!("generated_predictions-{first}.jsonl"));
    let aside = journal.set_aside.clone().unwrap();
    assert_eq!(aside.path, kept);
    assert_eq!(aside.differences, [r#"template was "qwen", is "llama3""#]);
    assert_eq!(fs::read(&kept).unwrap(), bytes);
    drop(journal);
    let other = run_with(&Fenced::default(), &data, &output, "llama3").await;
    assert_eq!((other.resumed, other.predicted), (0, 1));

    let again = run_with(&Fenced::default(), &data, &output, "qwen").await;
    assert_eq!((again.resumed, again.predicted), (1, 0));
    assert_eq!(fs::read(&output).unwrap(), bytes);
}

#[tokio::test]
async fn a_row_that_is_asked_otherwise_is_predicted_again_and_the_last_line_counts() {
    let folder = tempfile::tempdir().unwrap();
    let mut data = dataset(
        folder.path(),
        b"{\"id\": \"a\", \"question\": \"one\"}\n{\"id\": \"b\", \"question\": \"two\"}\n",
    );
    let output = folder.path().join("generated_predictions.jsonl");
    run(&Fenced::default(), &data, &output).await;
    data.examples[1].prompt = "two, with another schema".to_owned();
    let generator = Fenced::default();
    let second = run(&generator, &data, &output).await;
    assert_eq!((second.resumed, second.predicted), (1, 1));
    assert_eq!(*generator.asked.lock().unwrap(), ["two, with another schema"]);
    let file = PredictionsFile::read(&output).unwrap();
    assert_eq!(file.predictions.len(), 2);
    let mut prompts: Vec<&str> = file.predictions.iter().map(|row| row.prompt.as_str()).collect();
    prompts.sort_unstable();
    assert_eq!(prompts, ["one", "two, with another schema"]);
}

#[tokio::test]
async fn predictions_of_another_program_are_not_taken_for_ours() {
    let folder = tempfile::tempdir().unwrap();
    let data = dataset(folder.path(), b"{\"id\": \"a\", \"question\": \"one\"}\n");
    let output = folder.path().join("generated_predictions.jsonl");
    let foreign = "{\"prompt\": \"p\", \"predict\": \"x\", \"label\": \"\", \"id\": \"a\"}\n";
    fs::write(&output, foreign).unwrap();
    assert_eq!(run(&Fenced::default(), &data, &output).await.predicted, 1);
    let kept = folder.path().join("generated_predictions-unknown.jsonl");
    assert_eq!(fs::read_to_string(kept).unwrap(), foreign);
}

#[test]
fn broken_rows_are_errors_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = b"\xef\xbb\xbf{\"instruction\": \"with a \\u0000 inside\", \"output\": \"\"}\n\n".to_vec();
    bytes.extend(b"{\"question\": \"\xd6\xd0\xce\xc4\"}\n");
    bytes.extend(b"{\"question\": \"cut off\n");
    bytes.extend(b"[1, 2]\n");
    bytes.extend(b"{\"answer\": 42}\n");
    bytes.extend(b"{\"question\": \"same id\", \"id\": 7}\n{\"question\": \"same id\", \"id\": \"7\"}\n");
    let data = dataset(folder.path(), &bytes);
    assert_eq!(
        data.errors.iter().map(|error| error.row).collect::<Vec<_>>(),
        [3, 4, 5, 6]
    );
    assert!(data.errors[0].reason.contains("UTF-8"), "{:?}", data.errors[0]);
    let ids: Vec<&str> = data.examples.iter().map(|example| example.id.as_str()).collect();
    assert_eq!(ids, ["0", "7", "7#8"]);
    assert_eq!(data.examples[0].gold, None);
}

#[test]
fn arrays_are_read_and_their_damaged_elements_told() {
    let folder = tempfile::tempdir().unwrap();
    let data = dataset(folder.path(), b"[{\"question\": \"ok\"}, {\"question\": \"\xff\"}, 3]");
    assert_eq!(data.examples.len(), 1);
    assert_eq!(data.errors.iter().map(|error| error.row).collect::<Vec<_>>(), [2, 3]);
    let path = folder.path().join("half.json");
    fs::write(&path, "[{\"question\": ").unwrap();
    assert!(Dataset::read(&path, None).unwrap_err().to_string().contains("JSON"));
    assert!(Dataset::read(Path::new("nowhere.jsonl"), None).is_err());
}

#[test]
fn predictions_of_ten_megabytes_and_lines_that_are_none_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("generated_predictions.jsonl");
    let long = "x".repeat(10 << 20);
    let row = serde_json::json!({ "prompt": "p", "predict": long, "label": "SELECT 1" });
    fs::write(&path, format!("{row}\nnot json\n{{\"prompt\": 1}}\n")).unwrap();
    let file = PredictionsFile::read(&path).unwrap();
    assert_eq!(file.predictions.len(), 1);
    assert_eq!(file.predictions[0].predict.len(), 10 << 20);
    assert_eq!(file.errors.iter().map(|error| error.row).collect::<Vec<_>>(), [2, 3]);
}

fn without_ids(folder: &Path, rows: &[(&str, &str)]) -> PredictionsFile {
    let path = folder.join("generated_predictions.jsonl");
    let lines: Vec<String> = rows
        .iter()
        .map(|(predict, label)| serde_json::json!({ "prompt": "p", "predict": predict, "label": label }).to_string())
        .collect();
    fs::write(&path, format!("\u{feff}{}\n", lines.join("\n"))).unwrap();
    let file = PredictionsFile::read(&path).unwrap();
    assert!(file.errors.is_empty(), "{:?}", file.errors);
    file
}

#[test]
fn predictions_without_ids_pair_by_position_when_their_labels_agree() {
    let folder = tempfile::tempdir().unwrap();
    let data = dataset(
        folder.path(),
        br#"{"id": "a", "db_id": "d", "question": "one", "query": "SELECT 1"}
{"id": "b", "db_id": "d", "question": "two", "query": "SELECT  2"}
"#,
    );
    let mut file = without_ids(folder.path(), &[("SELECT 1;", "SELECT 1"), ("SELECT 3", "SELECT 2")]);
    file.pair_with(&data.examples, false).unwrap();
    let rows: Vec<_> = file
        .predictions
        .iter()
        .map(|row| {
            (
                row.id.as_str(),
                row.db_id.as_str(),
                row.question.as_str(),
                row.predict.as_str(),
            )
        })
        .collect();
    assert_eq!(rows, [("a", "d", "one", "SELECT 1;"), ("b", "d", "two", "SELECT 3")]);

    let mut other = without_ids(folder.path(), &[("x", "SELECT 1"), ("x", "SELECT 9")]);
    assert!(matches!(
        other.pair_with(&data.examples, false),
        Err(PairingError::Label { row: 2, .. })
    ));
    let mut short = without_ids(folder.path(), &[("x", "SELECT 1")]);
    assert_eq!(
        short.pair_with(&data.examples, false),
        Err(PairingError::Count {
            predictions: 1,
            examples: 2
        })
    );
    short.pair_with(&data.examples[..1], true).unwrap();
    assert_eq!(short.predictions[0].id, "a");
}

#[test]
fn predictions_of_a_dataset_with_the_same_ids_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = dataset(
        folder.path(),
        b"{\"question\": \"How many singers?\", \"query\": \"SELECT count(*) FROM singer\"}\n",
    );
    let path = folder.path().join("generated_predictions.jsonl");
    let pair = |fields: &str| {
        fs::write(
            &path,
            format!("{{\"id\": \"0\", \"predict\": \"SELECT 1\", {fields}}}\n"),
        )
        .unwrap();
        let mut file = PredictionsFile::read(&path).unwrap();
        file.pair_with(&data.examples, false)
            .map(|()| file.predictions[0].label.clone())
    };
    assert!(matches!(
        pair("\"question\": \"How many pets?\""),
        Err(PairingError::Question { .. })
    ));
    assert!(matches!(
        pair("\"label\": \"SELECT name FROM pets\""),
        Err(PairingError::LabelOfId { .. })
    ));
    // A reference that was corrected since is taken from the dataset.
    assert_eq!(
        pair("\"question\": \"How many singers?\", \"label\": \"SELECT 1\"").as_deref(),
        Ok("SELECT count(*) FROM singer")
    );
}

#[test]
fn labels_that_lost_blanks_or_were_cut_still_pair() {
    let folder = tempfile::tempdir().unwrap();
    let data = dataset(
        folder.path(),
        b"{\"id\": \"a\", \"question\": \"one\", \"query\": \"SELECT name FROM t WHERE a = 'x'\"}\n",
    );
    for (label, pairs) in [
        ("SELECT name FROM t WHERE a ='x'", true),
        ("SELECT name FROM t WHERE a = 'x'<|im_end|>\n", true),
        ("SELECT name FROM t WH", true),
        ("", true),
        ("SELECT", false),
        ("SELECT name FROM u", false),
    ] {
        let mut file = without_ids(folder.path(), &[("SELECT 1", label)]);
        assert_eq!(file.pair_with(&data.examples, false).is_ok(), pairs, "{label}");
    }
}

#[test]
fn a_file_without_predictions_says_what_its_rows_lack() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("predictions.jsonl");
    std::fs::write(&path, "{\"id\": \"7\", \"answer\": \"SELECT 1\"}\n").unwrap();
    let data = dataset(folder.path(), b"{\"id\": \"7\", \"question\": \"one\"}\n");
    let refused = PredictionsFile::read(&path).unwrap().pair_with(&data.examples, false);
    let said = refused.unwrap_err().to_string();
    assert!(said.contains("row 1") && said.contains("\"predict\""), "{said}");
}

#[test]
fn predictions_of_bird_and_spider_pair_by_position_and_database() {
    let folder = tempfile::tempdir().unwrap();
    let data = dataset(
        folder.path(),
        b"{\"db_id\": \"d\", \"question\": \"one\", \"SQL\": \"SELECT 1\"}\n{\"db_id\": \"e\", \"question\": \"two\", \"SQL\": \"SELECT 2\"}\n",
    );
    let read = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        let mut file = PredictionsFile::read(&path).unwrap();
        file.pair_with(&data.examples, false).map(|()| {
            let answers = file.predictions.into_iter().map(|row| (row.id, row.predict));
            answers.collect::<Vec<_>>()
        })
    };
    let right = vec![
        ("0".to_owned(), "SELECT 1".to_owned()),
        ("1".to_owned(), "SELECT 3".to_owned()),
    ];
    let bird = r#"{"0": "SELECT 1\t----- bird -----\td", "1": "SELECT 3\t----- bird -----\te"}"#;
    assert_eq!(read("predict_dev.json", bird), Ok(right.clone()));
    assert_eq!(read("pred.txt", "SELECT 1\nSELECT 3\te\n"), Ok(right));
    assert!(matches!(
        read("predict_dev.json", &bird.replace("\\td\"", "\\te\"")),
        Err(PairingError::Database { row: 1, .. })
    ));
    let cut = r#"{"0": "SELECT 1", "1": "SELECT 3\t----- bird -----\te"}"#;
    assert!(matches!(
        read("predict_dev.json", cut),
        Err(PairingError::Damaged { .. })
    ));
}

#[test]
fn predictions_of_another_dataset_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = dataset(folder.path(), b"{\"id\": \"a\", \"question\": \"one\"}\n");
    let path = folder.path().join("generated_predictions.jsonl");
    fs::write(&path, r#"{"prompt": "p", "predict": "x", "label": "", "id": "z"}"#).unwrap();
    let mut file = PredictionsFile::read(&path).unwrap();
    assert_eq!(file.clone().pair_with(&[], false), Err(PairingError::NoExamples));
    assert_eq!(
        file.pair_with(&data.examples, false),
        Err(PairingError::NoneInDataset {
            found: "z".into(),
            expected: "a".into()
        })
    );
}

/// A folder with the database `d`.
fn database_of_one_singer() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    rusqlite::Connection::open(folder.path().join("d.sqlite"))
        .unwrap()
        .execute_batch("CREATE TABLE singer (name TEXT); INSERT INTO singer VALUES ('Ada');")
        .unwrap();
    folder
}

/// Candidates that are judged on the databases of a folder.
fn candidate_settings(folder: &Path, count: u32, of: SecondLook) -> CandidateSettings {
    CandidateSettings {
        runner: Arc::new(SqliteDatabases::new(folder, Duration::from_secs(5))),
        count,
        of,
    }
}

/// First writes what does not run, then, as further candidates, in turn what does not run and two statements that return the same.
struct Stumbling;

#[async_trait]
impl TextGenerator for Stumbling {
    async fn generate(&self, prompts: Vec<ChatPrompt>, on_completion: OnCompletion<'_>) {
        for (at, prompt) in prompts.iter().enumerate() {
            let sql = match (prompt.user.contains("hopeless"), prompt.attempt) {
                (_, 0) if prompt.user.contains("easy") => "SELECT 7",
                (_, 0) if prompt.user.contains("nobody") => "SELECT count(*) FROM singer WHERE name = 'ada'",
                (_, 4) if prompt.user.contains("Ada") => "SELECT name FROM singer WHERE name = 'Ada'",
                (_, 1..=3) if prompt.user.contains("nobody") => "SELECT max(name) FROM singer WHERE name = 'ADA'",
                (_, 0) => "SELECT first",
                (true, _) => "SELECT never",
                (_, 1) => "SELECT 1",
                (_, 2) => "SELECT name FROM singer",
                (_, 3) => "SELECT no_such",
                _ => "SELECT name FROM singer ORDER BY 1",
            };
            let completion = Completion {
                text: sql.to_owned(),
                rendered_prompt: None,
                tokens: Some(1),
                finish_reason: None,
                agreement: None,
            };
            on_completion(at, Ok(completion));
        }
    }
}

#[tokio::test]
async fn an_answer_that_does_not_run_is_replaced_by_what_most_candidates_return() {
    let folder = database_of_one_singer();
    let data = dataset(
        folder.path(),
        br#"{"id": "a", "db_id": "d", "question": "easy"}
{"id": "b", "db_id": "d", "question": "hard"}
{"id": "c", "db_id": "d", "question": "hopeless"}
"#,
    );
    let candidates = candidate_settings(folder.path(), 4, SecondLook::Failing);
    let output = folder.path().join("generated_predictions.jsonl");
    let journal = PredictionJournal::open(&output, &settings("qwen")).unwrap();
    let throughput = predict(&Stumbling, &data.examples, Some(&candidates), None, journal, &|_| {})
        .await
        .unwrap();
    assert_eq!(
        (throughput.predicted, throughput.tokens),
        (3, 3 + 2 * 4),
        "what runs at first is not sampled again"
    );
    let file = PredictionsFile::read(&output).unwrap();
    let sql: Vec<&str> = file
        .predictions
        .iter()
        .map(|line| line.predicted_sql.as_str())
        .collect();
    assert_eq!(sql, ["SELECT 7", "SELECT name FROM singer", "SELECT first"]);
    let agreement = |ran, agreed| {
        Some(Agreement {
            written: 5,
            ran,
            agreed,
        })
    };
    let found: Vec<_> = file.predictions.iter().map(|line| line.agreement).collect();
    assert_eq!(found, [None, agreement(3, 2), agreement(0, 0)]);

    let of_all = CandidateSettings {
        of: SecondLook::Every,
        ..candidates
    };
    let output = folder.path().join("of_every.jsonl");
    let journal = PredictionJournal::open(&output, &settings("qwen")).unwrap();
    let throughput = predict(&Stumbling, &data.examples, Some(&of_all), None, journal, &|_| {}).await;
    assert_eq!(throughput.unwrap().tokens, 3 + 3 * 4);
    let file = PredictionsFile::read(&output).unwrap();
    assert_eq!(
        file.predictions[0].predicted_sql, "SELECT name FROM singer",
        "one answer that runs is outvoted by two that return the same"
    );
    assert_eq!(file.predictions[0].agreement, agreement(4, 2));
}

#[tokio::test]
async fn where_an_answer_finds_nothing_a_candidate_that_finds_something_is_taken() {
    let folder = database_of_one_singer();
    let data = dataset(
        folder.path(),
        br#"{"id": "a", "db_id": "d", "question": "easy"}
{"id": "b", "db_id": "d", "question": "nobody"}
"#,
    );
    let candidates = |count| candidate_settings(folder.path(), count, SecondLook::Empty);
    let mut taken = Vec::new();
    for count in [3, 4] {
        let output = folder.path().join(format!("{count}.jsonl"));
        let journal = PredictionJournal::open(&output, &settings("qwen")).unwrap();
        let throughput = predict(
            &Stumbling,
            &data.examples,
            Some(&candidates(count)),
            None,
            journal,
            &|_| {},
        )
        .await;
        assert_eq!(
            throughput.unwrap().tokens,
            2 + u64::from(count),
            "what finds something is not sampled again"
        );
        let file = PredictionsFile::read(&output).unwrap();
        taken.push(file.predictions[1].predicted_sql.clone());
    }
    assert_eq!(
        taken,
        [
            // Three votes for NULL, where nothing else was found.
            "SELECT max(name) FROM singer WHERE name = 'ADA'",
            // One for a name against them.
            "SELECT name FROM singer ORDER BY 1"
        ]
    );
}

#[tokio::test]
async fn where_an_answer_leaves_out_a_value_a_candidate_that_uses_it_is_taken() {
    let folder = database_of_one_singer();
    let mut data = dataset(
        folder.path(),
        br#"{"id": "a", "db_id": "d", "question": "easy"}
{"id": "b", "db_id": "d", "question": "easy, of Ada"}
"#,
    );
    data.examples[1].named_values = vec![vec!["Ada".to_owned()]];
    let candidates = candidate_settings(folder.path(), 4, SecondLook::Doubtful);
    let output = folder.path().join("generated_predictions.jsonl");
    let journal = PredictionJournal::open(&output, &settings("qwen")).unwrap();
    let throughput = predict(&Stumbling, &data.examples, Some(&candidates), None, journal, &|_| {}).await;
    assert_eq!(
        throughput.unwrap().tokens,
        2 + 4,
        "what leaves out nothing is not sampled again"
    );
    let file = PredictionsFile::read(&output).unwrap();
    let sql: Vec<&str> = file.predictions.iter().map(|row| row.predicted_sql.as_str()).collect();
    assert_eq!(sql, ["SELECT 7", "SELECT name FROM singer WHERE name = 'Ada'"]);
}

/// Is stopped before it writes further candidates.
struct Stopped;

#[async_trait]
impl TextGenerator for Stopped {
    async fn generate(&self, prompts: Vec<ChatPrompt>, on_completion: OnCompletion<'_>) {
        let first: Vec<ChatPrompt> = prompts.into_iter().filter(|prompt| prompt.attempt == 0).collect();
        Stumbling.generate(first, on_completion).await;
    }
}

#[tokio::test]
async fn a_stop_between_an_answer_and_its_candidates_keeps_neither() {
    let folder = database_of_one_singer();
    let data = dataset(folder.path(), br#"{"id": "b", "db_id": "d", "question": "hard"}"#);
    let candidates = candidate_settings(folder.path(), 4, SecondLook::Failing);
    let output = folder.path().join("generated_predictions.jsonl");
    let journal = || PredictionJournal::open(&output, &settings("qwen")).unwrap();
    let stopped = predict(&Stopped, &data.examples, Some(&candidates), None, journal(), &|_| {}).await;
    assert_eq!(stopped.unwrap().predicted, 0);
    let resumed = predict(&Stumbling, &data.examples, Some(&candidates), None, journal(), &|_| {}).await;
    assert_eq!(resumed.unwrap().predicted, 1);
    let file = PredictionsFile::read(&output).unwrap();
    assert_eq!(file.predictions[0].predicted_sql, "SELECT name FROM singer");
}
