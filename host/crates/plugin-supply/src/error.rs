//! Why a plugin of somebody else's is not used, fetched or added.

use std::path::{Path, PathBuf};

use miette::Diagnostic;
use nl2sql_plugin_host::{LoadError, SupplyRefusal};
use thiserror::Error;

/// Everything that stands between a plugin's source and a run.
#[derive(Debug, Error, Diagnostic)]
pub enum SupplyError {
    /// The text names no source.
    #[error("`{text}` is no source of a plugin: {reason}")]
    #[diagnostic(help("name a file, `https://host/plugin.wasm` or `oci://registry/name:tag`"))]
    BadSource {
        /// What was given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The source gives nothing that could be a plugin.
    #[error("{source_text} cannot be fetched: {reason}")]
    #[diagnostic(help(
        "check the address, the network and, for a registry, its login and certificate authority (`ca`) under `[trust.registries]`"
    ))]
    Unreachable {
        /// The source.
        source_text: String,
        /// What happened.
        reason: String,
    },
    /// A registry sends more than anything of the kind has.
    #[error("registry {registry} sends a {document} of more than {most} bytes; it is not read further")]
    #[diagnostic(help(
        "the registry is broken or hostile: tell who runs it, and take the plugin from another one, from a web server or from a file"
    ))]
    TooLarge {
        /// The registry's host.
        registry: String,
        /// What was asked for.
        document: &'static str,
        /// Bytes that are allowed.
        most: usize,
    },
    /// A registry takes longer than anybody should wait.
    #[error("registry {registry} did not send its {document} within {seconds} s")]
    #[diagnostic(help(
        "try again; if it goes on, tell who runs the registry, and take the plugin from another one, from a web server or from a file"
    ))]
    TooSlow {
        /// The registry's host.
        registry: String,
        /// What was asked for.
        document: &'static str,
        /// How long was waited.
        seconds: u64,
    },
    /// The source gives something that is not fetched.
    #[error("{source_text} is not fetched: {reason}")]
    #[diagnostic(help(
        "a plugin is one WebAssembly file, as `oras push`, `wkg publish` or a web server give it; archives are not opened"
    ))]
    Unfit {
        /// The source.
        source_text: String,
        /// Why not.
        reason: String,
    },
    /// The source serves other bytes than it announced, or than are locked.
    #[error("{source_text} serves other bytes: expected {expected}, got {found}")]
    #[diagnostic(help("{}", other_bytes(*locked)))]
    OtherBytes {
        /// The source.
        source_text: String,
        /// Digest that was announced or locked.
        expected: String,
        /// Digest of what came.
        found: String,
        /// Whether the lock expected it.
        locked: bool,
    },
    /// No signature, and nobody said that none is needed.
    #[error("{origin} is not signed")]
    #[diagnostic(help(
        "ask its author for a signature (`minisign -S`), or accept it as it is: `unsigned = true` under its `[plugins.<name>]`, or --unsigned \
         when it is added"
    ))]
    Unsigned {
        /// Where the plugin is from.
        origin: String,
    },
    /// Signed by a key that is not trusted.
    #[error("{origin} is signed, but by no key that is trusted here")]
    #[diagnostic(help(
        "if you know the author, put the public key that they gave you into the profile, `[trust.keys]` with `author = \"RW...\"`; a key that came \
         with the plugin proves nothing"
    ))]
    UntrustedSigner {
        /// Where the plugin is from.
        origin: String,
    },
    /// The signature of a trusted key does not fit.
    #[error("the signature of {origin} by `{signer}` is not one of these bytes")]
    #[diagnostic(help("the file was changed, or the signature is of another one; fetch both again from their author"))]
    BadSignature {
        /// Where the plugin is from.
        origin: String,
        /// Name of the key.
        signer: String,
    },
    /// A signature that cannot be read.
    #[error("the signature of {origin} cannot be read: {reason}")]
    #[diagnostic(help("a signature is what `minisign -S` writes beside the file, `<file>.minisig`"))]
    UnreadableSignature {
        /// Where the plugin is from.
        origin: String,
        /// What is wrong.
        reason: String,
    },
    /// A public key that is none.
    #[error("`{name}` in {place} is no public key of minisign")]
    #[diagnostic(help("copy the second line of the author's `minisign.pub`; it begins with `RW`"))]
    BadKey {
        /// Name of the key.
        name: String,
        /// Profile or file.
        place: String,
    },
    /// Known to be bad.
    #[error("{what} is revoked: {reason}")]
    #[diagnostic(help(
        "do not run it; remove it with `nl2sql plugin remove`, or update to a release that is not revoked"
    ))]
    Revoked {
        /// The plugin, its file or the key that signed it.
        what: String,
        /// What the list says.
        reason: String,
    },
    /// A lock, a list or a file of trust that cannot be read or understood.
    #[error("{} cannot be used: {reason}", .path.display())]
    #[diagnostic(help("restore the file from version control; a lock is written by `nl2sql plugin` alone"))]
    BadFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file that cannot be written.
    #[error("{} cannot be written: {reason}", .path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// There is no profile to write to.
    #[error("there is no profile to add plugins to")]
    #[diagnostic(help("write one with `nl2sql init`, or name one with --profile"))]
    NoProfile,
    /// The lock does not name the plugin.
    #[error("plugin `{name}` is not locked: {reason}")]
    #[diagnostic(help("review and lock it: `nl2sql plugin add {source_text}`"))]
    NotLocked {
        /// The plugin.
        name: String,
        /// What is missing or different.
        reason: String,
        /// Its source.
        source_text: String,
    },
    /// The profile grants something else than was agreed to when the plugin was locked.
    #[error("plugin `{name}` is granted {profile} by the profile, and was locked with {lock}")]
    #[diagnostic(help("if the profile is right, lock it so: `nl2sql plugin update {name}`"))]
    OtherGrants {
        /// The plugin.
        name: String,
        /// Grants of the profile.
        profile: String,
        /// Grants of the lock.
        lock: String,
    },
    /// What is locked is not on this machine.
    #[error("plugin `{name}` is locked, but not on this machine")]
    #[diagnostic(help("fetch what is locked: `nl2sql plugin install`"))]
    NotInstalled {
        /// The plugin.
        name: String,
    },
    /// The bytes in the store are not those that are locked.
    #[error("plugin `{name}` was changed on this machine: {} has sha256 {found}", .path.display())]
    #[diagnostic(help("find out who did it; then remove that file and fetch what is locked: `nl2sql plugin install`"))]
    Tampered {
        /// The plugin.
        name: String,
        /// The file.
        path: PathBuf,
        /// Its digest.
        found: String,
    },
    /// The lock says of the plugin what it is not.
    #[error("the lock says that plugin `{name}` has {field} {locked}, and it has {found}")]
    #[diagnostic(help(
        "the lock was edited by hand; restore it from version control, or review the plugin again: `nl2sql plugin update {name}`"
    ))]
    LyingLock {
        /// The plugin.
        name: String,
        /// What differs.
        field: &'static str,
        /// In the lock.
        locked: String,
        /// In the plugin.
        found: String,
    },
    /// The plugin asks for services that nobody granted.
    #[error("plugin `{name}` asks for {}", listed(.asked))]
    #[diagnostic(help("if that is acceptable, grant it: {}", flags(asked)))]
    Ungranted {
        /// The plugin.
        name: String,
        /// Services with the plugin's reasons.
        asked: Vec<(String, String)>,
    },
    /// A grant that means nothing for this plugin.
    #[error("plugin `{name}` does not ask for `{word}`")]
    #[diagnostic(help("grant what it asks for, nothing else; `nl2sql plugin inspect` shows it"))]
    NeedlessGrant {
        /// The plugin.
        name: String,
        /// The word.
        word: String,
    },
    /// There is no such plugin in the lock.
    #[error("no plugin `{name}` was added; there are {known}")]
    #[diagnostic(help("`nl2sql plugin list` shows every plugin and where it is from"))]
    Unknown {
        /// Name asked for.
        name: String,
        /// Names there are.
        known: String,
    },
    /// The plugin has the name of one that is part of the program.
    #[error("{source_text} holds a plugin `{name}`, which would take the place of the built-in `{built_in}`")]
    #[diagnostic(help(
        "it is not added; if it is to stand in for it, download it and give it a `path` in the profile"
    ))]
    TakesBuiltIn {
        /// The source.
        source_text: String,
        /// Its name.
        name: String,
        /// The built-in plugin.
        built_in: String,
    },
    /// The source holds something else than was reviewed.
    #[error("an update of `{name}` to sha256 {reviewed} was accepted, and its source holds {found}")]
    #[diagnostic(help(
        "review what it holds now: `nl2sql plugin update {name}`; to accept it, give the digest that this shows, twelve digits of it or more"
    ))]
    OtherThanReviewed {
        /// The plugin.
        name: String,
        /// What the user named.
        reviewed: String,
        /// What is there.
        found: String,
    },
    /// The profile has something else under that name.
    #[error("the profile has a plugin `{name}` already: {what}")]
    #[diagnostic(help("update it with `nl2sql plugin update {name} --to <source>`, or remove it first"))]
    Taken {
        /// The name.
        name: String,
        /// What is there.
        what: String,
    },
    /// An update brings a plugin of another name.
    #[error("{source_text} holds plugin `{found}`, not `{name}`")]
    #[diagnostic(help("add it under its own name"))]
    OtherPlugin {
        /// The plugin that was to be updated.
        name: String,
        /// The source.
        source_text: String,
        /// The plugin that is there.
        found: String,
    },
    /// The bytes are no plugin that could be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    NoPlugin(#[from] LoadError),
    /// A login that is named and not there.
    #[error("{0}")]
    Login(#[from] nl2sql_profile::ProfileError),
}

fn other_bytes(locked: bool) -> &'static str {
    if locked {
        "ask its author why the release changed; `nl2sql plugin update` shows what is different before it is used"
    } else {
        "the registry, or something on the way to it, is broken or lies; nothing was kept"
    }
}

fn listed(asked: &[(String, String)]) -> String {
    let asked = asked.iter().map(|(service, reason)| format!("`{service}` ({reason})"));
    asked.collect::<Vec<_>>().join(", ")
}

fn flags(asked: &[(String, String)]) -> String {
    let flags = asked.iter().map(|(service, _)| format!("--grant {service}"));
    flags.collect::<Vec<_>>().join(" ")
}

impl SupplyError {
    /// Stable kebab-case code.
    pub fn failure_code(&self) -> &'static str {
        match self {
            Self::BadSource { .. }
            | Self::Unreachable { .. }
            | Self::TooLarge { .. }
            | Self::TooSlow { .. }
            | Self::Unfit { .. }
            | Self::Login(_) => "supply-source",
            Self::OtherBytes { .. } | Self::Tampered { .. } | Self::OtherThanReviewed { .. } => "supply-other-bytes",
            Self::Unsigned { .. }
            | Self::UntrustedSigner { .. }
            | Self::BadSignature { .. }
            | Self::UnreadableSignature { .. }
            | Self::BadKey { .. } => "supply-signature",
            Self::Revoked { .. } => "supply-revoked",
            Self::BadFile { .. } | Self::LyingLock { .. } | Self::Unwritable { .. } => "supply-lock",
            Self::NoProfile
            | Self::NotLocked { .. }
            | Self::NotInstalled { .. }
            | Self::Unknown { .. }
            | Self::Taken { .. }
            | Self::TakesBuiltIn { .. }
            | Self::OtherPlugin { .. } => "supply-not-locked",
            Self::OtherGrants { .. } | Self::Ungranted { .. } | Self::NeedlessGrant { .. } => "supply-grant",
            Self::NoPlugin(error) => error.failure_code(),
        }
    }

    /// Whether it was asked for wrongly: another name, source or grant would do.
    pub fn is_misuse(&self) -> bool {
        matches!(
            self,
            Self::BadSource { .. }
                | Self::BadKey { .. }
                | Self::NoProfile
                | Self::NeedlessGrant { .. }
                | Self::Unknown { .. }
                | Self::Taken { .. }
                | Self::TakesBuiltIn { .. }
                | Self::OtherThanReviewed { .. }
                | Self::Login(_)
        )
    }

    pub(crate) fn bad_file(path: &Path, reason: impl ToString) -> Self {
        Self::BadFile {
            path: path.to_owned(),
            reason: reason.to_string(),
        }
    }

    pub(crate) fn unwritable(path: &Path, error: impl ToString) -> Self {
        Self::Unwritable {
            path: path.to_owned(),
            reason: error.to_string(),
        }
    }
}

impl From<SupplyError> for LoadError {
    fn from(error: SupplyError) -> Self {
        match error {
            SupplyError::NoPlugin(error) => error,
            error => Self::Supply(Box::new(SupplyRefusal {
                code: error.failure_code(),
                message: error.to_string(),
                help: error.help().map(|help| help.to_string()).unwrap_or_default(),
            })),
        }
    }
}
