//! The built-in dialects' descriptions of themselves, and the shared data that some tests measure against.

use std::{env, path::PathBuf, sync::OnceLock};

use nl2sql_builtin_plugins::PLUGINS;
use nl2sql_catalog::DialectInfo;
use nl2sql_plugin_host::PluginHost;

/// What a built-in dialect says of itself.
pub fn described(dialect: &str) -> DialectInfo {
    static HOST: OnceLock<PluginHost> = OnceLock::new();
    let host = HOST.get_or_init(|| PluginHost::builder().embedded(PLUGINS).build().unwrap());
    host.dialect(dialect).unwrap().info().unwrap()
}

/// Its folder; `None`, with a word on what is skipped, where there is none.
pub fn shared(test: &str) -> Option<PathBuf> {
    let folder = env::var_os("NL2SQL_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared")),
        PathBuf::from,
    );
    if !folder.is_dir() {
        println!("skipped: {test} needs ../shared");
        return None;
    }
    Some(folder.join("data"))
}
