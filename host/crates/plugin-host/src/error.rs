//! What can go wrong with a plugin, said so that a user knows which plugin, which call, which limit and what to change.

use std::error::Error as StdError;
use std::path::PathBuf;

use miette::Diagnostic;
use thiserror::Error;

use crate::Kind;
use crate::disclosure::BAD_OPTIONS;

/// Why a plugin could not be loaded.
#[derive(Debug, Error, Diagnostic)]
pub enum LoadError {
    /// No plugin has this name.
    #[error("there is no plugin `{name}`; known are {known}")]
    #[diagnostic(help(
        "correct the name{}, or add `path = \"...\"` under `[plugins.{name}]` of the profile",
        nearest.as_ref().map(|nearest| format!(" (did you mean `{nearest}`?)")).unwrap_or_default()
    ))]
    NotFound {
        /// Name asked for.
        name: String,
        /// Names there are.
        known: String,
        /// The name most like it.
        nearest: Option<String>,
    },
    /// Two files of a folder hold plugins of one name.
    #[error("both `{}` and `{}` hold a plugin `{name}`", first.display(), second.display())]
    #[diagnostic(help(
        "remove one, or name the one you want: `path = \"...\"` under `[plugins.{name}]` of the profile"
    ))]
    Ambiguous {
        /// Name asked for.
        name: String,
        /// One file.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// Several dialects give themselves one name.
    #[error("plugins `{plugins}` are all the dialect `{name}`")]
    #[diagnostic(help("set `database.dialect` to the plugin that you want"))]
    AmbiguousDialect {
        /// Name asked for.
        name: String,
        /// Plugins.
        plugins: String,
    },
    /// A file of the plugin folder has the name of a built-in plugin, and the profile does not say that it stands in for it.
    #[error("`{}` holds a plugin `{name}`, which would take the place of the built-in `{built_in}`", path.display())]
    #[diagnostic(help("it is not used; to use it instead, put this into the profile:\n[plugins.{name}]\npath = \"{}\"", path.display()))]
    TakesBuiltIn {
        /// The file.
        path: PathBuf,
        /// Name in its manifest.
        name: String,
        /// The built-in plugin.
        built_in: &'static str,
    },
    /// A file or folder cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    #[diagnostic(help("check that the path is right and readable"))]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The bytes are no plugin.
    #[error("{origin} is not a WebAssembly plugin: {reason}")]
    #[diagnostic(help("build it again as a WebAssembly component; it may be truncated"))]
    NotWasm {
        /// Where the bytes came from.
        origin: String,
        /// What is wrong with them.
        reason: String,
    },
    /// The bytes are more than a plugin may be made of.
    #[error("{origin} is too large for a plugin: {excess}")]
    #[diagnostic(help(
        "build it for release and strip it; data belongs into the options of the profile, not into the plugin"
    ))]
    TooLarge {
        /// Where the bytes came from.
        origin: String,
        /// What is too large, and what is allowed.
        excess: String,
    },
    /// The component was built for no world this host serves.
    #[error("{origin} exports {found}; this nl2sql serves exactly one of {served}")]
    #[diagnostic(help("build it with an SDK for one of these versions"))]
    WrongWorld {
        /// Where the bytes came from.
        origin: String,
        /// What it exports.
        found: String,
        /// What the host serves.
        served: String,
    },
    /// The component was built for a contract that this host does not know yet.
    #[error("{origin} was built for version {found} of the plugin contract; this nl2sql serves {served}")]
    #[diagnostic(help("update nl2sql, or build the plugin with an SDK for one of these versions"))]
    NewerContract {
        /// Where the bytes came from.
        origin: String,
        /// Version it was built for.
        found: String,
        /// Versions the host serves.
        served: String,
    },
    /// There is no manifest in the bytes.
    #[error("{origin} carries no manifest")]
    #[diagnostic(help(
        "an SDK embeds the `plugin.toml` beside its sources when it builds; into what other tools built, `nl2sql plugin pack` puts it"
    ))]
    NoManifest {
        /// Where the bytes came from.
        origin: String,
    },
    /// The manifest cannot be read.
    #[error("the manifest of {origin} is wrong: {reason}")]
    #[diagnostic(help("correct its `plugin.toml` and rebuild it"))]
    BadManifest {
        /// Where the bytes came from.
        origin: String,
        /// What is wrong.
        reason: String,
    },
    /// The manifest claims another kind than the component exports.
    #[error("plugin `{plugin}` says in its manifest that it is a {claimed}, but it exports a {exported}")]
    #[diagnostic(help("set `kind = \"{exported}\"` in its `plugin.toml`, or register it as a {claimed}"))]
    LyingManifest {
        /// The plugin.
        plugin: String,
        /// Kind in the manifest.
        claimed: Kind,
        /// Kind of the component.
        exported: Kind,
    },
    /// The plugin is of another kind than the one wanted.
    #[error("plugin `{plugin}` expected {wanted}, found {found}")]
    #[diagnostic(help("name a {wanted} in the profile; `nl2sql plugin list` shows which there are"))]
    WrongKind {
        /// The plugin.
        plugin: String,
        /// Its kind.
        found: Kind,
        /// The kind wanted.
        wanted: Kind,
    },
    /// The bytes are not those the profile pins.
    #[error("plugin `{plugin}` has sha256 {found}, but the profile pins {pinned}")]
    #[diagnostic(help(
        "if the new plugin is the one you want, set `sha256 = \"{found}\"` under `[plugins.{plugin}]`; otherwise restore the pinned file"
    ))]
    WrongDigest {
        /// The plugin.
        plugin: String,
        /// Digest of the bytes.
        found: String,
        /// Digest in the profile.
        pinned: String,
    },
    /// The file of a profile entry holds a plugin of another name.
    #[error("the profile names plugin `{wanted}`, but {origin} holds plugin `{found}`")]
    #[diagnostic(help("call the entry `[plugins.{found}]`"))]
    WrongName {
        /// Name of the entry.
        wanted: String,
        /// Where the bytes came from.
        origin: String,
        /// Name in the manifest.
        found: String,
    },
    /// An import that is part of nothing the host knows.
    #[error("plugin `{plugin}` imports `{import}`, which this nl2sql does not have")]
    #[diagnostic(help("a plugin may import the services of the contract and WASI, nothing else"))]
    UnknownImport {
        /// The plugin.
        plugin: String,
        /// The import.
        import: String,
    },
    /// An import its kind may not have.
    #[error("plugin `{plugin}` imports `{import}`, which a {kind} may not")]
    #[diagnostic(help("a {kind} of its version of the contract may import {}", listed(allowed)))]
    ForbiddenImport {
        /// The plugin.
        plugin: String,
        /// Its kind.
        kind: Kind,
        /// The import.
        import: String,
        /// The services it may import.
        allowed: String,
    },
    /// An import its manifest does not ask for.
    #[error("plugin `{plugin}` imports `{service}`, but its manifest does not ask for it")]
    #[diagnostic(help(
        "its author has to add `{service} = \"<why it needs it>\"` under `[imports]` of its `plugin.toml`"
    ))]
    UndeclaredImport {
        /// The plugin.
        plugin: String,
        /// The service.
        service: String,
    },
    /// An import the profile does not grant.
    #[error("plugin `{plugin}` asks for `{service}` ({reason}), and the profile does not grant it")]
    #[diagnostic(help("to grant it, put this into the profile:\n[plugins.{plugin}]\n{line}"))]
    UngrantedImport {
        /// The plugin.
        plugin: String,
        /// The service.
        service: String,
        /// Why the plugin wants it.
        reason: String,
        /// The profile line to write.
        line: String,
    },
    /// A grant that means nothing.
    #[error("the profile grants `{word}` to plugin `{plugin}`, which this nl2sql does not know")]
    #[diagnostic(help("grants are `llm`, `query`, `sql` and `disclose-rows`"))]
    UnknownGrant {
        /// The plugin.
        plugin: String,
        /// The word.
        word: String,
    },
    /// It can read rows, and what it makes of them leaves.
    #[error("plugin `{plugin}` can read rows and {way}, so rows would leave the database whatever `[privacy]` says")]
    #[diagnostic(help(
        "if that is acceptable, name the risk in the profile:\n[plugins.{plugin}]\n{line}\notherwise use a plugin that does one or the other"
    ))]
    RowsWouldLeave {
        /// The plugin.
        plugin: String,
        /// How they would leave.
        way: &'static str,
        /// The profile line to write.
        line: String,
    },
    /// A granted service that this command does not offer.
    #[error("plugin `{plugin}` uses the service `{service}`, which is not available here")]
    #[diagnostic(help("{}", offer(service)))]
    ServiceAbsent {
        /// The plugin.
        plugin: String,
        /// The service.
        service: String,
    },
    /// wasmtime does not accept the component.
    #[error("plugin `{plugin}` cannot be compiled: {reason}")]
    #[diagnostic(help(
        "it uses WebAssembly features this host does not have, or its types are not those of the contract"
    ))]
    Compile {
        /// The plugin.
        plugin: String,
        /// What wasmtime said.
        reason: String,
    },
    /// A plugin from elsewhere that may not be used as it is.
    #[error("{}", .0.message)]
    #[diagnostic(help("{}", .0.help))]
    Supply(Box<SupplyRefusal>),
    /// The file is another than the one that was looked at before.
    #[error("`{}` changed while it was in use: it had sha256 {before}, now it has {now}", path.display())]
    #[diagnostic(help("run it again when nothing writes the file any more"))]
    Changed {
        /// The file.
        path: PathBuf,
        /// Digest of the bytes that were looked at.
        before: String,
        /// Digest of those that are there now.
        now: String,
    },
    /// The engine cannot be set up on this machine.
    #[error("the WebAssembly engine cannot be set up: {reason}")]
    Engine {
        /// What wasmtime said.
        reason: String,
    },
}

/// Why a plugin from elsewhere may not be used, by those who know where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupplyRefusal {
    /// Stable kebab-case code.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// What the user can do next.
    pub help: String,
}

impl LoadError {
    /// Stable kebab-case code.
    pub fn failure_code(&self) -> &'static str {
        match self {
            Self::Supply(refusal) => refusal.code,
            _ => "unavailable",
        }
    }
}

fn listed(services: &str) -> String {
    if services.is_empty() {
        "`log` alone".to_owned()
    } else {
        format!("`{services}` and `log`")
    }
}

fn offer(service: &str) -> &'static str {
    match service {
        "llm" => "configure a language model under `[llm]` of the profile",
        "query" => "configure a database connection, or use a plugin that runs no queries",
        _ => "use a plugin that does not need it",
    }
}

/// Why a call of a plugin gave no answer. The instance is gone; the next call gets a fresh one.
#[derive(Debug, Error)]
#[error("plugin `{plugin}` failed in `{call}`: {failure}")]
pub struct CallError {
    /// The plugin.
    pub plugin: String,
    /// The call, as the contract names it.
    pub call: &'static str,
    /// How it failed.
    pub failure: Failure,
}

impl Diagnostic for CallError {
    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.failure.help()
    }
}

impl CallError {
    /// The answer of the plugin when it said itself that it cannot do what it was asked.
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.failure {
            Failure::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

impl CallError {
    /// Whether the plugin cannot work at all as it was opened, whatever it is asked.
    pub fn is_lasting(&self) -> bool {
        self.call == "open" || self.refusal().is_some_and(|refusal| refusal.code == BAD_OPTIONS)
    }
}

/// A plugin's own reason for not doing what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message} [{code}]{}", hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default())]
pub struct Refusal {
    /// Stable kebab-case code.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// What the user can do next.
    pub hint: Option<String>,
}

/// How a call failed.
#[derive(Debug, Error, Diagnostic)]
pub enum Failure {
    /// It computed too long.
    #[error("it computed for longer than its limit of {} ms", limit.as_millis())]
    #[diagnostic(help("if it needs that long, raise `time_ms` under `[plugins.{plugin}.limits]` of the profile"))]
    Deadline {
        /// The plugin.
        plugin: String,
        /// The limit.
        limit: std::time::Duration,
    },
    /// The services it used took too long, all in all.
    #[error("it kept the host's services busy for longer than its limit of {} ms", limit.as_millis())]
    #[diagnostic(help(
        "services may take {times} times as long as a call may compute; if it needs that long, raise `time_ms` under `[plugins.{plugin}.limits]` of the profile"
    ))]
    Services {
        /// The plugin.
        plugin: String,
        /// The limit.
        limit: std::time::Duration,
        /// How many times the limit of computing it is.
        times: u32,
    },
    /// It wanted too much memory.
    #[error("it wanted {wanted} bytes of memory, its limit is {cap}")]
    #[diagnostic(help("if it needs that much, raise `memory_mib` under `[plugins.{plugin}.limits]` of the profile"))]
    Memory {
        /// The plugin.
        plugin: String,
        /// Total it wanted, in bytes.
        wanted: usize,
        /// The limit in bytes.
        cap: usize,
    },
    /// Its answer, or a request of it to a service, is too large.
    #[error("what it handed over is larger than its limit of {cap} bytes")]
    #[diagnostic(help("if it needs that much, raise `output_mib` under `[plugins.{plugin}.limits]` of the profile"))]
    Output {
        /// The plugin.
        plugin: String,
        /// The limit in bytes.
        cap: usize,
    },
    /// It recursed too deeply.
    #[error("it ran out of its stack of {limit} bytes")]
    #[diagnostic(help("what it was given is nested too deeply, or the plugin recurses without end"))]
    Stack {
        /// The limit in bytes.
        limit: usize,
    },
    /// It panicked.
    #[error("it panicked: {message}")]
    #[diagnostic(help("this is a fault of the plugin; report it to its author"))]
    Panic {
        /// What the panic said.
        message: String,
    },
    /// It trapped.
    #[error("it trapped: {reason}")]
    #[diagnostic(help("this is a fault of the plugin; report it to its author"))]
    Trap {
        /// What wasmtime said.
        reason: String,
    },
    /// The system has too few resources for an instance.
    #[error("insufficient system resources: {reason}")]
    #[diagnostic(help("free some memory, or raise the limits of this process (`ulimit -a` shows them)"))]
    Machine {
        /// What the system said.
        reason: String,
    },
    /// A service it called failed.
    #[error("its call of `{service}` failed: {source}")]
    Service {
        /// The service.
        service: &'static str,
        /// What the service said.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// It answered with the wrong number of items.
    #[error("it was given {given} {what} and answered for {answered}")]
    #[diagnostic(help("this is a fault of the plugin; report it to its author"))]
    WrongCount {
        /// What was counted.
        what: &'static str,
        /// How many it was given.
        given: usize,
        /// How many it answered for.
        answered: usize,
    },
    /// It used a name that the contract does not list. Nothing is made of it: a severity taken for a lighter one would accept samples.
    #[error("it gave `{given}` as {what}; the contract knows {known}")]
    #[diagnostic(help("this is a fault of the plugin; report it to its author"))]
    UnknownName {
        /// What the name stands for.
        what: &'static str,
        /// The name.
        given: String,
        /// The names there are.
        known: String,
    },
    /// A dialect's description of itself cannot all be true. Everything that reads its SQL goes by it, so nothing is made of it.
    #[error("the description of the dialect `{dialect}` contradicts itself: {contradiction}")]
    #[diagnostic(help("this is a fault of the plugin; report it to its author"))]
    Contradiction {
        /// The dialect, by its own name.
        dialect: String,
        /// What it says, in one sentence.
        contradiction: String,
    },
    /// It failed, and its words are not passed on, for they could hold rows.
    #[error("{what}")]
    #[diagnostic(help(
        "it can read rows, so its own words are withheld; to see them, grant `disclose-rows` to plugin `{plugin}`"
    ))]
    Withheld {
        /// What happened, in the host's words.
        what: String,
        /// The plugin.
        plugin: String,
    },
    /// It writes queries over the catalog, which could read rows.
    #[error("it would write the queries that read the catalog, and could read rows with them")]
    #[diagnostic(help(
        "if you trust it with that, say so in the profile:\n[plugins.{plugin}]\ngrant = [\"disclose-rows\"]"
    ))]
    CatalogQueries {
        /// The plugin.
        plugin: String,
    },
    /// A metric described itself after it read rows.
    #[error("it read rows before it said which metrics it computes")]
    #[diagnostic(help("this is a fault of the plugin; report it to its author"))]
    DescribedFromRows,
    /// It said itself that it cannot.
    #[error("{0}")]
    Refused(Refusal),
}

impl Failure {
    /// A name outside of a closed set of the contract.
    pub(crate) fn unknown_name(what: &'static str, given: &str, known: &[&str]) -> Self {
        Self::UnknownName {
            what,
            given: given.chars().take(MAX_QUOTED).collect(),
            known: known.join(", "),
        }
    }
}

/// Characters of an unknown name that a message quotes.
const MAX_QUOTED: usize = 40;
