//! Plugins of others, in the user's folders and with the threads of this program: `nl2sql plugin add`, `remove`, `install`, `update`, `search`.

use std::path::PathBuf;
use std::sync::Arc;

use nl2sql_pipeline::Failure;
use nl2sql_plugin_supply::{
    AddRequest, Finding, Installer, LockedPlugin, LockedSupply, Offer, Places, Store, SupplyError, Trust,
    UpdateRequest, UpdateReview,
};
use nl2sql_profile::{Profile, Resolved};
use serde::Serialize;

use crate::plugin_behaviour::{Behaviour, compare};
use crate::plugins::load_failure;
use crate::{AppError, ServiceRuntime};

/// What commands about plugins of others work with.
pub struct PluginSupply {
    installer: Installer,
    runtime: ServiceRuntime,
    profile: Profile,
    run_folder: Option<PathBuf>,
}

/// An update that was reviewed, and made where that was asked for.
#[derive(Clone, Debug, Serialize)]
pub struct ReviewedUpdate {
    /// What it changes.
    #[serde(flatten)]
    pub review: UpdateReview,
    /// How both behave; absent where the file stays the same.
    pub behaviour: Option<Behaviour>,
}

impl PluginSupply {
    /// That of a profile; `run_folder` takes the place of the profile's.
    ///
    /// # Errors
    /// When there is no profile file, its trust cannot be read, or the system gives no threads.
    pub fn of(resolved: &Resolved, run_folder: Option<PathBuf>) -> Result<Self, AppError> {
        let places = places().ok_or_else(|| {
            AppError::Usage("there is no folder for fetched plugins; set HOME or XDG_DATA_HOME".to_owned())
        })?;
        let built_in: Vec<_> = nl2sql_builtin_plugins::PLUGINS
            .iter()
            .map(|plugin| plugin.name)
            .collect();
        let threads = |error| AppError::Failed(format!("no threads can be started: {error}"));
        Ok(Self {
            installer: Installer::of(resolved, &places, &built_in)?,
            runtime: ServiceRuntime::start().map_err(threads)?,
            profile: resolved.profile.clone(),
            run_folder,
        })
    }

    /// Fetches, verifies and locks a plugin.
    ///
    /// # Errors
    /// As [`Installer::add`].
    pub fn add(&self, request: &AddRequest) -> Result<LockedPlugin, AppError> {
        Ok(self.runtime.block_on(|| self.installer.add(request))?)
    }

    /// Takes a plugin out of profile and lock.
    ///
    /// # Errors
    /// As [`Installer::remove`].
    pub fn remove(&self, name: &str) -> Result<LockedPlugin, AppError> {
        Ok(self.installer.remove(name)?)
    }

    /// Fetches what is locked and not here.
    ///
    /// # Errors
    /// As [`Installer::install`].
    pub fn install(&self) -> Result<Vec<LockedPlugin>, AppError> {
        Ok(self.runtime.block_on(|| self.installer.install())?)
    }

    /// Components of a registry.
    ///
    /// # Errors
    /// As [`Installer::search`].
    pub fn search(&self, registry: &str, text: &str) -> Result<Vec<Offer>, AppError> {
        Ok(self.runtime.block_on(|| self.installer.search(registry, text))?)
    }

    /// The lock held to profile, store, keys and lists.
    ///
    /// # Errors
    /// As [`Installer::check`].
    pub fn check(&self) -> Result<Vec<Finding>, AppError> {
        Ok(self.installer.check()?)
    }

    /// Reviews the update of a plugin, or of all; makes it where `accept` is the digest of what was reviewed.
    ///
    /// # Errors
    /// When a source cannot be fetched or is not trusted, or an update that is to be made asks for what nobody granted.
    pub fn update(
        &self,
        name: Option<&str>,
        request: &UpdateRequest,
        accept: Option<&str>,
    ) -> Result<Vec<ReviewedUpdate>, AppError> {
        let names = match name {
            Some(name) => vec![name.to_owned()],
            None => self.installer.names()?,
        };
        names
            .iter()
            .map(|name| self.update_one(name, request, accept))
            .collect()
    }

    fn update_one(
        &self,
        name: &str,
        request: &UpdateRequest,
        accept: Option<&str>,
    ) -> Result<ReviewedUpdate, AppError> {
        let (mut review, candidate) = self.runtime.block_on(|| self.installer.review(name, request))?;
        let behaviour = review.is_other_file().then(|| {
            let file = self.installer.file_of(&review.after);
            compare(&self.profile, self.run_folder.clone(), &review, &file)
        });
        if let Some(reviewed) = accept {
            self.installer.accept(&review, &candidate, reviewed)?;
            review.accepted = true;
        }
        Ok(ReviewedUpdate { review, behaviour })
    }
}

/// Who hands out the plugins that a profile has from elsewhere.
///
/// # Errors
/// When its lock or its trust cannot be read.
pub(crate) fn supply_of(profile: &Profile) -> Result<Arc<LockedSupply>, Failure> {
    let refused = |error: SupplyError| load_failure("plugins", &error.into());
    let places = places();
    let user = places.as_ref().and_then(|places| places.trust.as_deref());
    let trust = Trust::load(&profile.trust, user).map_err(refused)?;
    // Nothing is read from a store where nothing was added.
    let store = Store::new(places.map(|places| places.store).unwrap_or_default());
    LockedSupply::of(profile, trust, store).map(Arc::new).map_err(refused)
}

/// The file in the user's store of plugins that has this digest.
pub(crate) fn stored_plugin(sha256: &str) -> Option<PathBuf> {
    places().map(|places| Store::new(places.store).path(sha256))
}

/// The user's folders.
fn places() -> Option<Places> {
    Some(Places {
        store: dirs::data_dir()?.join("nl2sql").join("plugin-store"),
        trust: dirs::config_dir().map(|folder| folder.join("nl2sql").join("trust.toml")),
    })
}
