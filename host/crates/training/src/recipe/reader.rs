//! Reads a recipe key by key and collects every reason to refuse it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::settings::Every;

/// Largest number of steps, samples or tokens.
const MAX_COUNT: u32 = u32::MAX;

/// A recipe being read. Keys that were requested are known; the others are unknown.
pub struct Reader {
    values: Map<String, Value>,
    known: BTreeSet<String>,
    refusals: Vec<String>,
    remarks: Vec<String>,
}

impl Reader {
    /// Starts reading.
    pub fn new(values: Map<String, Value>) -> Self {
        Self {
            values,
            known: BTreeSet::new(),
            refusals: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// Adds a reason to refuse.
    pub fn refuse(&mut self, reason: String) {
        self.refusals.push(reason);
    }

    /// Adds a remark for the user.
    pub fn remark(&mut self, remark: &str) {
        self.remarks.push(remark.to_owned());
    }

    /// The remarks, or all reasons to refuse.
    pub fn finish(self) -> Result<Vec<String>, String> {
        match self.refusals.is_empty() {
            true => Ok(self.remarks),
            false => Err(self.refusals.join("\n")),
        }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.known.insert(name.to_owned());
        self.values.get(name).filter(|value| !value.is_null()).cloned()
    }

    /// Accepts keys with any value.
    pub fn accept(&mut self, names: &[&str]) {
        self.known.extend(names.iter().map(|&name| name.to_owned()));
    }

    /// Refuses unknown keys and suggests the nearest known one.
    pub fn refuse_unknown(&mut self) {
        let unknown: Vec<String> = self
            .values
            .keys()
            .filter(|name| !self.known.contains(*name))
            .cloned()
            .collect();
        for name in unknown {
            let near = |known: &&String| strsim::jaro_winkler(&name, known);
            let nearest = self.known.iter().max_by(|a, b| near(a).total_cmp(&near(b)));
            let hint = nearest
                .filter(|known| near(known) > 0.8)
                .map(|known| format!("; did you mean `{known}`?"));
            self.refusals
                .push(format!("`{name}` is not a known key{}", hint.unwrap_or_default()));
        }
    }

    /// A string; numbers and booleans are taken as written.
    pub fn text(&mut self, name: &str) -> Option<String> {
        match self.take(name)? {
            Value::String(text) => Some(text),
            Value::Array(_) | Value::Object(_) => {
                self.refuse(format!("{name} is a list or mapping; expected one value"));
                None
            }
            other => Some(other.to_string()),
        }
    }

    /// A text that must be there.
    pub fn required(&mut self, name: &str, what: &str, set: impl FnOnce(String)) {
        match self.text(name) {
            Some(text) => set(text),
            None => self.refuse(format!("{name} is missing; {what} is needed")),
        }
    }

    /// A list, or names separated by commas.
    pub fn names(&mut self, name: &str) -> Vec<String> {
        let split = |text: &str| text.split(',').map(|part| part.trim().to_owned()).collect::<Vec<_>>();
        let parts = match self.take(name) {
            None => Vec::new(),
            Some(Value::Array(items)) => items
                .iter()
                .flat_map(|item| split(item.as_str().unwrap_or_default()))
                .collect(),
            Some(Value::String(text)) => split(&text),
            Some(other) => split(&other.to_string()),
        };
        parts.into_iter().filter(|part| !part.is_empty()).collect()
    }

    /// A number; a text such as `5e-5`, which YAML 1.1 does not call a number, is one too.
    pub fn optional_number(&mut self, name: &str) -> Option<f64> {
        let value = self.take(name)?;
        let number = match &value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        if number.is_none() {
            self.refuse(format!("{name} is {value}; expected a number"));
        }
        number
    }

    /// A number in place of a default.
    pub fn number(&mut self, name: &str, target: &mut f64) {
        if let Some(number) = self.optional_number(name) {
            *target = number;
        }
    }

    /// A whole number from `least` to [`MAX_COUNT`].
    pub fn optional_count(&mut self, name: &str, least: u32) -> Option<usize> {
        let number = self.optional_number(name)?;
        if number.fract() != 0.0 || !(f64::from(least)..=f64::from(MAX_COUNT)).contains(&number) {
            self.refuse(format!(
                "{name} is {number}; expected a whole number from {least} to {MAX_COUNT}"
            ));
            return None;
        }
        Some(number as usize)
    }

    /// A whole number in place of a default.
    pub fn count(&mut self, name: &str, least: u32, target: &mut usize) {
        if let Some(count) = self.optional_count(name, least) {
            *target = count;
        }
    }

    /// A truth value in place of a default.
    pub fn flag(&mut self, name: &str, target: &mut bool) {
        match self.take(name) {
            None => {}
            Some(Value::Bool(flag)) => *target = flag,
            Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => *target = true,
            Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => *target = false,
            Some(other) => self.refuse(format!("{name} is {other}; expected true or false")),
        }
    }

    /// Refuses any text but the given ones.
    pub fn only(&mut self, name: &str, allowed: &[&str], why: &str) {
        if let Some(text) = self.text(name)
            && !allowed.contains(&text.as_str())
        {
            self.refuse(format!("{name} is `{text}`: {why}"));
        }
    }

    /// Refuses the other truth value.
    pub fn only_flag(&mut self, name: &str, allowed: bool, why: &str) {
        let mut flag = allowed;
        self.flag(name, &mut flag);
        if flag != allowed {
            self.refuse(format!("{name} is {flag}: {why}"));
        }
    }

    /// Refuses a feature unless it is off.
    pub fn refuse_if_set(&mut self, name: &str, why: &str) {
        if let Some(value) = self.take(name)
            && !is_off(&value)
        {
            self.refuse(format!("{name} is not supported: {why}"));
        }
    }

    /// `steps`, `epoch` or `no`.
    pub fn every(&mut self, name: &str, strategy: &str, steps: usize) -> Every {
        match strategy {
            "steps" => Every::Steps(steps.max(1)),
            "epoch" => Every::Epoch,
            "no" | "false" => Every::Never,
            other => {
                self.refuse(format!("{name} is `{other}`; expected `steps`, `epoch` or `no`"));
                Every::Never
            }
        }
    }
}

/// Whether a value turns a feature off: false, 0, or an empty text, list or mapping.
fn is_off(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty() || ["false", "none", "null"].contains(&text.to_lowercase().as_str()),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}
