//! Tells the host what a panic said before the trap ends the instance.

/// Writes panics to the host's log, from the first call of an instance on.
pub fn install() {
    #[cfg(target_family = "wasm")]
    {
        static INSTALLED: std::sync::Once = std::sync::Once::new();
        INSTALLED.call_once(|| {
            std::panic::set_hook(Box::new(|panic| {
                crate::bindings::services::log::write("panic", &panic.to_string())
            }));
        });
    }
}
