//! Other runs beside the one that is judged: their figures, settings and curves.

use std::collections::{BTreeMap, BTreeSet};
use std::{fs, io, path::Path};

use serde::{Deserialize, Serialize};

use super::configuration::SettingGroup;
use super::training_run::{Curve, TrainingRun, UnreadableTrainingRun};
use super::{MetricChange, Report};

/// A run that is shown beside others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OtherRun {
    /// What it is called here: the name of its run folder.
    pub name: String,
    /// Value of each metric, where it was evaluated.
    pub figures: BTreeMap<String, f64>,
    /// Settings of evaluation and training.
    pub settings: Vec<SettingGroup>,
    /// Its training, where there is a record of it.
    pub training: Option<TrainingRun>,
}

impl OtherRun {
    /// Reads the folder of an evaluation (`report.json`) or of an adapter.
    ///
    /// # Errors
    /// There is neither a report nor a training record in it, or what is there cannot be read.
    pub fn read(folder: &Path) -> Result<Self, UnreadableTrainingRun> {
        let name = name_of(folder);
        let file = folder.join("report.json");
        match fs::read(&file) {
            Ok(bytes) => {
                let report: Report = serde_json::from_slice(&bytes).map_err(|error| unreadable(&file, &error))?;
                Ok(Self::of_report(name, &report))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let training = TrainingRun::read(folder)?.ok_or_else(|| {
                    unreadable(
                        folder,
                        &"it holds neither report.json of an evaluation nor the logs of a training",
                    )
                })?;
                Ok(Self {
                    name,
                    figures: BTreeMap::new(),
                    settings: training.settings.clone(),
                    training: Some(training),
                })
            }
            Err(error) => Err(unreadable(&file, &error)),
        }
    }

    /// The run that a report judges: the one after, where there are two.
    pub(super) fn of_report(name: String, report: &Report) -> Self {
        let trained = report.training.iter().flat_map(|training| &training.settings);
        Self {
            name,
            figures: report.metrics.iter().filter_map(figure).collect(),
            settings: report.configuration.iter().chain(trained).cloned().collect(),
            training: report.training.clone(),
        }
    }

    fn setting(&self, group: &str, name: &str) -> Option<&str> {
        let group = self.settings.iter().find(|other| other.name == group)?;
        let found = group.settings.iter().find(|(other, _)| other == name)?;
        Some(&found.1)
    }
}

fn figure(metric: &MetricChange) -> Option<(String, f64)> {
    let value = [metric.after, metric.before]
        .into_iter()
        .flatten()
        .find_map(|figure| figure.value)?;
    Some((metric.name.clone(), value))
}

/// The name of the run folder that an `eval` or `train` folder belongs to, else the folder's own.
fn name_of(folder: &Path) -> String {
    let own = |folder: &Path| folder.file_name().map(|name| name.to_string_lossy().into_owned());
    match own(folder).as_deref() {
        Some("eval" | "train") => folder.parent().and_then(own).or_else(|| own(folder)),
        _ => own(folder),
    }
    .unwrap_or_else(|| folder.display().to_string())
}

fn unreadable(path: &Path, reason: &dyn std::fmt::Display) -> UnreadableTrainingRun {
    UnreadableTrainingRun {
        path: path.display().to_string(),
        reason: reason.to_string(),
    }
}

/// A row of the table: what it is, and what each run says.
#[derive(Serialize)]
pub(super) struct ComparedSetting {
    pub(super) name: String,
    pub(super) values: Vec<String>,
    pub(super) is_figure: bool,
}

/// Figures of the runs, then the settings in which they differ; and how many settings are the same in all.
pub(super) fn compared(runs: &[OtherRun]) -> (Vec<ComparedSetting>, usize) {
    let metrics: BTreeSet<&String> = runs.iter().flat_map(|run| run.figures.keys()).collect();
    let mut rows: Vec<ComparedSetting> = metrics
        .into_iter()
        .map(|metric| ComparedSetting {
            name: metric.clone(),
            values: runs
                .iter()
                .map(|run| {
                    run.figures
                        .get(metric)
                        .map_or_else(String::new, |value| format!("{value:.2}"))
                })
                .collect(),
            is_figure: true,
        })
        .collect();
    let mut names: Vec<(&str, &str)> = Vec::new();
    for group in runs.iter().flat_map(|run| &run.settings) {
        for (name, _) in &group.settings {
            if !names.contains(&(group.name.as_str(), name.as_str())) {
                names.push((&group.name, name));
            }
        }
    }
    let mut same = 0;
    for (group, name) in names {
        let values: Vec<String> = runs
            .iter()
            .map(|run| run.setting(group, name).unwrap_or_default().to_owned())
            .collect();
        if values.windows(2).all(|pair| pair[0] == pair[1]) {
            same += 1;
            continue;
        }
        rows.push(ComparedSetting {
            name: name.to_owned(),
            values,
            is_figure: false,
        });
    }
    (rows, same)
}

/// A curve of a training.
type CurveOf = fn(&TrainingRun) -> &Curve;

/// The curves of a training by their titles.
pub(super) const CURVES: [(&str, CurveOf); 5] = [
    ("Training loss", |run| &run.loss),
    ("Evaluation loss", |run| &run.evaluation_loss),
    ("Learning rate", |run| &run.learning_rate),
    ("Gradient norm", |run| &run.gradient_norm),
    ("Throughput, tokens/s", |run| &run.throughput),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: &str, rank: &str, loss: f64) -> OtherRun {
        let settings = [("rank", Some(rank.to_owned())), ("seed", Some("1".to_owned()))];
        OtherRun {
            name: name.into(),
            figures: [("execution-match".to_owned(), loss)].into(),
            settings: SettingGroup::new("Adapter", settings).into_iter().collect(),
            training: None,
        }
    }

    #[test]
    fn figures_come_first_and_equal_settings_are_counted() {
        let (rows, same) = compared(&[run("a", "8", 40.0), run("b", "16", 62.5)]);
        let shown: Vec<(&str, &[String])> = rows.iter().map(|row| (row.name.as_str(), &row.values[..])).collect();
        assert_eq!(
            shown,
            [
                ("execution-match", &["40.00".to_owned(), "62.50".to_owned()][..]),
                ("rank", &["8".to_owned(), "16".to_owned()][..]),
            ]
        );
        assert_eq!(same, 1);
    }

    #[test]
    fn a_folder_is_read_under_the_name_of_its_run_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let train = folder.path().join("wide/train");
        fs::create_dir_all(&train).unwrap();
        let refused = OtherRun::read(&train).unwrap_err().to_string();
        assert!(refused.contains("neither report.json"), "{refused}");
        fs::write(train.join("trainer_log.jsonl"), "{\"current_steps\":1,\"loss\":2.5}\n").unwrap();
        let run = OtherRun::read(&train).unwrap();
        assert_eq!(run.name, "wide");
        assert_eq!(run.training.unwrap().loss, [(1, 2.5)]);

        let report = Report {
            training: Some(TrainingRun::default()),
            ..Report::default()
        };
        fs::write(train.join("report.json"), serde_json::to_vec(&report).unwrap()).unwrap();
        assert!(OtherRun::read(&train).unwrap().training.is_some());
    }
}
