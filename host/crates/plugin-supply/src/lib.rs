//! Where the plugins of others come from: fetched from files, web servers and OCI registries, verified by their authors' signatures, locked to the
//! byte beside the profile, and reviewed before an update changes anything.
//!
//! [`Installer`] is what commands call; [`LockedSupply`] is what a run asks, and hands out nothing that the lock does not name.

mod candidate;
mod change;
mod error;
mod fetch;
mod installer;
mod lock;
mod lock_check;
mod locked_supply;
mod profile_entry;
mod revocation;
mod search;
mod source;
mod store;
mod strangers_text;
mod trust;

pub use candidate::Candidate;
pub use change::{Change, UpdateReview};
pub use error::SupplyError;
pub use fetch::SIGNATURE_MEDIA_TYPE;
pub use installer::{AddRequest, Installer, Places, UpdateRequest};
pub use lock::{Lock, LockedPlugin};
pub use lock_check::{Finding, FindingLevel};
pub use locked_supply::LockedSupply;
pub use search::Offer;
pub use source::Source;
pub use store::Store;
pub use trust::Trust;
