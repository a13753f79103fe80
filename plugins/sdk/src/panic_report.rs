//! Tells the host what a panic said before the trap ends the instance.

/// Writes panics to the host's log, from the first call of an instance on.
pub fn install() {
    #[cfg(target_family = "wasm")]
    {
        static INSTALLED: std::sync::Once = std::sync::Once::new();
        INSTALLED.call_once(|| {
            std::panic::set_hook(Box::new(|panic| {
                use crate::bindings::services::log::{Level, write};
                write(Level::Panic, &panic.to_string())
            }));
        });
    }
}
