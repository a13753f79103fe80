//! Trains an adapter from the command line, printing plain lines.
//!
//! `cargo run -p nl2sql-training --example train -- --model DIR --data FILE --template NAME --out DIR [--epochs N]
//! [--max-steps N] [--lr X] [--rank N] [--alpha X] [--batch N] [--accumulation N] [--cutoff N] [--warmup X]
//! [--schedule cosine|linear|constant] [--eval FILE] [--eval-steps N] [--save-steps N] [--seed N] [--workers N]
//! [--precision f32|bf16|int8|nf4] [--recompute] [--packing] [--dry-run]`

use std::collections::BTreeMap;
use std::error::Error;
use std::str::FromStr;

use nl2sql_training::dataset::Description;
use nl2sql_training::events::TrainEvent;
use nl2sql_training::plan::TrainPlan;
use nl2sql_training::schedule::WarmUp;
use nl2sql_training::settings::{Every, TrainSettings};
use nl2sql_training::train;

const SWITCHES: [&str; 3] = ["recompute", "packing", "dry-run"];

struct Flags(BTreeMap<String, String>);

impl Flags {
    fn read() -> Result<Self, Box<dyn Error>> {
        let mut flags = BTreeMap::new();
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let name = word
                .strip_prefix("--")
                .ok_or_else(|| format!("`{word}` is not a flag"))?
                .to_owned();
            let value = match SWITCHES.contains(&name.as_str()) {
                true => String::new(),
                false => words.next().ok_or_else(|| format!("--{name} needs a value"))?,
            };
            flags.insert(name, value);
        }
        Ok(Self(flags))
    }

    fn set<T: FromStr>(&mut self, name: &str, target: &mut T) -> Result<(), Box<dyn Error>>
    where
        T::Err: Error + 'static,
    {
        if let Some(text) = self.0.remove(name) {
            *target = text.parse()?;
        }
        Ok(())
    }

    fn optional<T: FromStr>(&mut self, name: &str) -> Result<Option<T>, Box<dyn Error>>
    where
        T::Err: Error + 'static,
    {
        Ok(self.0.remove(name).map(|text| text.parse()).transpose()?)
    }

    fn switch(&mut self, name: &str) -> bool {
        self.0.remove(name).is_some()
    }
}

fn settings(flags: &mut Flags) -> Result<TrainSettings, Box<dyn Error>> {
    let mut s = TrainSettings::default();
    flags.set("model", &mut s.model)?;
    flags.set("out", &mut s.output)?;
    flags.set("template", &mut s.data.template)?;
    s.data.train = flags
        .optional::<String>("data")?
        .map(Description::file)
        .into_iter()
        .collect();
    s.data.evaluation = flags
        .optional::<String>("eval")?
        .map(Description::file)
        .into_iter()
        .collect();
    flags.set("cutoff", &mut s.data.cutoff)?;
    s.data.packing = flags.switch("packing");
    flags.set("rank", &mut s.adapter.rank)?;
    s.adapter.alpha = flags.optional("alpha")?;
    let o = &mut s.optimization;
    flags.set("epochs", &mut o.epochs)?;
    o.max_steps = flags.optional("max-steps")?;
    flags.set("lr", &mut o.learning_rate)?;
    flags.set("batch", &mut o.batch)?;
    flags.set("accumulation", &mut o.accumulation)?;
    flags.set("seed", &mut o.seed)?;
    if let Some(ratio) = flags.optional("warmup")? {
        o.warm_up = WarmUp::Ratio(ratio);
    }
    if let Some(name) = flags.optional::<String>("schedule")? {
        o.schedule = serde_json::from_value(name.into())?;
    }
    if let Some(name) = flags.optional::<String>("precision")? {
        s.compute.precision = serde_json::from_value(name.into())?;
    }
    s.compute.recompute = flags.switch("recompute");
    flags.set("workers", &mut s.compute.workers)?;
    if let Some(steps) = flags.optional("eval-steps")? {
        s.watch.evaluate = Every::Steps(steps);
    }
    if let Some(steps) = flags.optional("save-steps")? {
        s.watch.save = Every::Steps(steps);
    }
    Ok(s)
}

fn print(event: &TrainEvent) {
    match event {
        TrainEvent::Step(f) => println!(
            "step {}/{} loss {:.4} norm {:.3} lr {:.2e} {:.0} tokens/s, {:.0} s left, {} MiB",
            f.step,
            f.total_steps,
            f.loss,
            f.gradient_norm,
            f.learning_rate,
            f.tokens_per_second,
            f.remaining,
            f.peak_memory.unwrap_or(0) >> 20
        ),
        TrainEvent::Encoded { truncation, .. } => println!("{truncation}"),
        other => println!("{other:?}"),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut flags = Flags::read()?;
    let dry_run = flags.switch("dry-run");
    let settings = settings(&mut flags)?;
    if let Some((name, _)) = flags.0.first_key_value() {
        return Err(format!("--{name} is not known").into());
    }
    if dry_run {
        println!("{}", TrainPlan::prepare(&settings, &mut print)?.figures(&settings)?);
        return Ok(());
    }
    let summary = train(&settings, &mut print)?;
    println!("{}", serde_json::to_string_pretty(&summary)?);
    Ok(())
}
