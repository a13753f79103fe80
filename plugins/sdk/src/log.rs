//! The service `log`: messages for the run's log. Every plugin may use it, without a grant.

use crate::bindings::services::log::write;

/// Something failed.
pub fn error(message: impl AsRef<str>) {
    write("error", message.as_ref());
}

/// Something is suspicious.
pub fn warn(message: impl AsRef<str>) {
    write("warn", message.as_ref());
}

/// Something worth telling the user.
pub fn info(message: impl AsRef<str>) {
    write("info", message.as_ref());
}

/// Something worth knowing when looking for a fault.
pub fn debug(message: impl AsRef<str>) {
    write("debug", message.as_ref());
}
