//! Every error code, with its meaning.

macro_rules! codes {
    ($($name:ident = $code:literal: $meaning:literal;)*) => {
        /// A stable error code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = $meaning] $name,)*
        }

        impl Code {
            /// The code as text.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }
        }

        const ALL: &[(&str, &str)] = &[$(($code, $meaning)),*];
    };
}

codes! {
    UsageInvalid = "usage::invalid": "The arguments, or a file they name, cannot be used.";
    ProfileNotFound = "profile::not-found": "There is no profile of this name.";
    ProfileUnreadable = "profile::unreadable": "The profile cannot be read.";
    ProfileSyntax = "profile::syntax": "The profile is not valid TOML.";
    ProfileExtendsCycle = "profile::extends-cycle": "Profiles extend each other in a circle.";
    ProfileUnknownKey = "profile::unknown-key": "The profile, a variable or --set has a key that does not exist.";
    ProfileBadValue = "profile::bad-value": "A value has the wrong type or is outside its range.";
    ProfileBadFlag = "profile::bad-flag": "A --set argument is not of the form section.key=value.";
    ProfileSecret = "profile::secret": "A secret is named but the variable or file does not hold one.";
    ProfileInvalid = "profile::invalid": "The profile cannot be used.";
    RunFile = "run::file": "A file of the run folder cannot be read or written.";
    RunBusy = "run::busy": "Another process is working on the run folder.";
    RunMissing = "run::missing": "An artifact of an earlier stage is missing.";
    RunBroken = "run::broken": "An artifact of the run cannot be understood.";
    RunEdited = "run::edited-artifact": "An artifact was changed or removed since a stage wrote it.";
    RunNoLedger = "run::no-ledger": "The ledger of the run is missing or cannot be understood.";
    RunLaterFormat = "run::later-format": "The run was made by a later version of nl2sql.";
    RunWouldSupersede = "run::would-supersede": "Continuing would set generated samples aside.";
    RunOtherPlugin = "run::other-plugin": "A stage that samples depend on was done with another plugin or language model.";
    RunNothing = "run::nothing-to-do": "A stage has nothing to work on.";
    RunSetting = "run::setting": "A setting does not fit the data.";
    RunFailed = "run::failed": "A stage failed.";
    Stopped = "stopped": "The user asked to stop; the work can be continued.";
    PartUnavailable = "part::unavailable": "The database, a plugin or the language model cannot be used.";
    PartFailed = "part::failed": "A call to a plugin or the database failed.";
    PluginSource = "plugin::source": "The source of a plugin is no source, cannot be reached, or holds no plugin.";
    PluginOtherBytes = "plugin::other-bytes": "A plugin's bytes are not those that were announced or locked.";
    PluginSignature = "plugin::signature": "A plugin is not signed, not by a trusted key, or the signature is not one of its bytes.";
    PluginRevoked = "plugin::revoked": "A plugin, or the key that signed it, is known to be bad.";
    PluginLock = "plugin::lock": "The lock, or a file of trust, cannot be used, or says of a plugin what it is not.";
    PluginNotLocked = "plugin::not-locked": "A plugin is not in the lock, not on this machine, or has another name or source than expected.";
    PluginGrant = "plugin::grant": "A plugin asks for what nobody granted, or was locked with other grants.";
    LlmBudget = "llm::budget": "A budget of the language model is used up.";
    LlmOfflineMiss = "llm::offline-miss": "Offline, and the answer is not in the store.";
    LlmRejected = "llm::rejected": "Every provider rejected the request.";
    LlmUnavailable = "llm::unavailable": "No provider of the language model can be used.";
    QueueUnreachable = "queue::unreachable": "No server answers at the queue's URL, or it refuses the login.";
    QueueSetting = "queue::setting": "A secret or a file of the queue's settings is missing.";
    QueueRefused = "queue::refused": "The queue's server does not do what is asked.";
    QueueMalformed = "queue::malformed": "A message of the queue is not in the form of this version.";
    QueueArtifact = "queue::artifact": "An artifact of the queue is missing or is not what its digest says.";
    QueueDeadLetter = "queue::dead-letter": "Several workers were given a task, and none could do it.";
    QueueOtherVersion = "queue::other-version": "A run's coordinator is of another version or build than this worker.";
    FileUnwritable = "file::unwritable": "A file or folder cannot be written.";
    ModelFile = "model::file": "A file of a model cannot be read or written.";
    ModelTemplate = "model::template": "A chat template is unknown or cannot encode the conversation.";
    ModelDevice = "model::device": "A compute device is unknown, not built in or not present.";
    ModelAdapter = "model::adapter": "An adapter does not fit the model, or cannot be used.";
    ModelGguf = "model::gguf": "A GGUF file is broken or holds something unsupported.";
    ModelUnusable = "model::unusable": "A model folder, its weights or its tokenizer cannot be used.";
    TrainFile = "train::file": "A file of a training cannot be read or written.";
    TrainSetting = "train::setting": "A training setting is impossible.";
    TrainRecipe = "train::recipe": "A recipe has keys that cannot be honoured.";
    TrainDataset = "train::dataset": "A data set cannot be trained on.";
    TrainCheckpoint = "train::checkpoint": "A checkpoint cannot be continued from.";
    TrainNotFinite = "train::not-finite": "The loss or the gradient is no longer a number.";
    TrainFailed = "train::failed": "Training failed.";
    Failed = "failed": "The work failed; what was made before is kept.";
}

impl Code {
    /// That of a failure of a plugin of somebody else's.
    pub(crate) fn of_supply(code: &str) -> Option<Self> {
        Some(match code.strip_prefix("supply-")? {
            "source" => Self::PluginSource,
            "other-bytes" => Self::PluginOtherBytes,
            "signature" => Self::PluginSignature,
            "revoked" => Self::PluginRevoked,
            "lock" => Self::PluginLock,
            "not-locked" => Self::PluginNotLocked,
            "grant" => Self::PluginGrant,
            _ => return None,
        })
    }
}

/// Every error code with its meaning, for the reference of error codes.
pub fn all_codes() -> &'static [(&'static str, &'static str)] {
    ALL
}
