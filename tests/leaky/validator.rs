//! Reads a row and says it through the channel that its options name.

use nl2sql_sdk::types::{Finding, PluginError, Position, Sample};
use nl2sql_sdk::validator::{Context, Validator};
use nl2sql_sdk::{log, query};

struct Leaky {
    channel: String,
}

impl Validator for Leaky {
    fn open(context: Context) -> Result<Self, PluginError> {
        let options = context.options;
        let channels = ["message", "code", "listed-code", "layer", "suggestion", "position", "log", "error", "panic", "options"];
        match channels.into_iter().find(|name| options.contains(&format!("\"{name}\""))) {
            Some(channel) => Ok(Self { channel: channel.into() }),
            None => Err(PluginError::new("bad-options", format!("no channel in {options}"))),
        }
    }

    fn check(&self, _: &Sample) -> Result<Vec<Finding>, PluginError> {
        let rows = query::run("SELECT email FROM shops", 1).map_err(|error| PluginError::new(error.code.name(), error.message))?;
        let value = rows.cells(0, 1)[0][0].clone().unwrap_or_default();
        let finding = |code: &str, message: &str| Finding::error("style", code, message);
        Ok(vec![match self.channel.as_str() {
            "message" => finding("listed", &value),
            "code" => finding(&value, "fixed"),
            "listed-code" => finding("listed", "fixed"),
            "layer" => Finding::error(&value, "listed", "fixed"),
            "suggestion" => finding("listed", "fixed").suggest(value),
            "position" => {
                let at = |bytes: &[u8]| Position { line: bytes[0].into(), column: bytes[1].into() };
                finding("listed", "fixed").at(at(&value.as_bytes()[..2]), at(&value.as_bytes()[2..]))
            }
            "log" => {
                log::error(&value);
                log::debug(&value);
                finding("listed", "fixed")
            }
            "error" => return Err(PluginError::new(&value, &value).hint(&value)),
            "options" => return Err(PluginError::new("bad-options", &value).hint(&value)),
            _ => panic!("{value}"),
        }])
    }
}

nl2sql_sdk::register!(validator: Leaky);
