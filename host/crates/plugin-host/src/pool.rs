//! Warm instances of one plugin, bound to one session.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::Instant;

use wasmtime::{Store, Trap, UpdateDeadline};

use crate::contract::Answer;
use crate::disclosure::BAD_OPTIONS;
use crate::engine::Clock;
use crate::error::{CallError, Failure};
use crate::limits::{MemoryRefused, SERVICE_TIMES, STACK};
use crate::loaded::Loaded;
use crate::plugin_use::UseCounter;
use crate::services::Services;
use crate::state::State;

/// Each thread mostly meets its own shard, so taking and parking an instance is an uncontended lock.
const SHARDS: usize = 16;

/// Most instances parked in one shard; calls nest no deeper than this on one thread.
const PARKED: usize = 4;

/// An instance with its bound exports.
struct Instance<B> {
    store: Store<State>,
    bound: B,
}

/// Binds a fresh store: instantiates the component and opens its session.
type Bind<B> = Box<dyn Fn(&mut Store<State>) -> Answer<B> + Send + Sync>;

/// Instances of one plugin that are all bound alike.
pub(crate) struct Pool<B> {
    plugin: Arc<Loaded>,
    services: Services,
    counter: Arc<UseCounter>,
    bind: Bind<B>,
    parked: [Mutex<Vec<Box<Instance<B>>>>; SHARDS],
}

impl<B> Pool<B> {
    pub(crate) fn new(
        plugin: Arc<Loaded>,
        services: Services,
        bind: impl Fn(&mut Store<State>) -> Answer<B> + Send + Sync + 'static,
    ) -> Self {
        Self {
            counter: plugin.counter(&services),
            plugin,
            services,
            bind: Box::new(bind),
            parked: std::array::from_fn(|_| Mutex::default()),
        }
    }

    pub(crate) fn plugin(&self) -> &Arc<Loaded> {
        &self.plugin
    }

    /// Makes one call on a warm instance, or on a fresh one. The instance is parked after a clean return and dropped after any other.
    pub(crate) fn call<R>(
        &self,
        call: &'static str,
        work: impl FnOnce(&mut Store<State>, &B) -> wasmtime::Result<R>,
    ) -> Result<R, CallError> {
        let started = Instant::now();
        let answer = self.call_uncounted(call, work);
        self.counter.call(started.elapsed(), answer.is_err());
        answer
    }

    fn call_uncounted<R>(
        &self,
        call: &'static str,
        work: impl FnOnce(&mut Store<State>, &B) -> wasmtime::Result<R>,
    ) -> Result<R, CallError> {
        let mut instance = match self.take() {
            Some(instance) => instance,
            None => self.fresh()?,
        };
        self.begin(&mut instance.store);
        let answer = work(&mut instance.store, &instance.bound);
        self.counter.memory(instance.store.data().memory.peak());
        match answer {
            Ok(answer) => {
                instance.store.data_mut().end_output();
                if instance.store.data().rows.is_empty() {
                    self.park(instance);
                }
                Ok(answer)
            }
            Err(error) => Err(self.failed(call, error, &mut instance.store)),
        }
    }

    /// Makes one call whose answer may be a failure: the plugin said that it cannot, or what it said is not of the contract. What it says about
    /// its options is passed on where its instance has read no row.
    pub(crate) fn answer<R>(
        &self,
        call: &'static str,
        work: impl FnOnce(&mut Store<State>, &B) -> Answer<R>,
    ) -> Result<R, CallError> {
        let (answer, has_read_rows) = self.call(call, |store, bound| {
            let answer = work(store, bound)?;
            Ok((answer, store.data().has_read_rows))
        })?;
        answer.map_err(|failure| {
            let of_options = matches!(&failure, Failure::Refused(refusal) if refusal.code == BAD_OPTIONS);
            self.fault_of(call, failure, of_options && !has_read_rows)
        })
    }

    /// A failure the host found in an answer, without words that could hold rows.
    pub(crate) fn fault(&self, call: &'static str, failure: Failure) -> CallError {
        self.fault_of(call, failure, false)
    }

    fn fault_of(&self, call: &'static str, failure: Failure, clean: bool) -> CallError {
        CallError {
            plugin: self.plugin.name().to_owned(),
            call,
            failure: self.plugin.disclosure.failure(failure, clean),
        }
    }

    fn fresh(&self) -> Result<Box<Instance<B>>, CallError> {
        let limits = &self.plugin.limits;
        let state = State::new(&self.plugin, self.services.clone());
        let mut store = Store::new(self.plugin.engine(), state);
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(limits.output);
        store.epoch_deadline_callback(|mut store| {
            Ok(match store.data_mut().respite() {
                Some(ticks) => UpdateDeadline::Continue(ticks),
                None => UpdateDeadline::Interrupt,
            })
        });
        self.begin(&mut store);
        match (self.bind)(&mut store) {
            Ok(Ok(bound)) => {
                store.data_mut().end_output();
                Ok(Box::new(Instance { store, bound }))
            }
            Ok(Err(failure)) => Err(self.fault_of("open", failure, !store.data().has_read_rows)),
            Err(error) => {
                let failure = self.failure(error, store.data_mut());
                Err(self.fault_of("open", failure, !store.data().has_read_rows))
            }
        }
    }

    fn begin(&self, store: &mut Store<State>) {
        store.data_mut().begin_call();
        store.set_epoch_deadline(Clock::ticks(self.plugin.limits.time));
    }

    fn failed(&self, call: &'static str, error: wasmtime::Error, store: &mut Store<State>) -> CallError {
        self.fault(call, self.failure(error, store.data_mut()))
    }

    fn failure(&self, error: wasmtime::Error, state: &mut State) -> Failure {
        let last_words = state.end_output();
        let plugin = || self.plugin.name().to_owned();
        let limits = &self.plugin.limits;
        let error = match error.downcast::<Failure>() {
            Ok(failure) => return failure,
            Err(error) => error,
        };
        if let Some(refused) = error.downcast_ref::<MemoryRefused>() {
            return Failure::Memory {
                plugin: plugin(),
                wanted: refused.wanted,
                cap: refused.cap,
            };
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) if state.is_out_of_patience() => Failure::Services {
                plugin: plugin(),
                limit: limits.time.saturating_mul(SERVICE_TIMES),
                times: SERVICE_TIMES,
            },
            Some(Trap::Interrupt) => Failure::Deadline {
                plugin: plugin(),
                limit: limits.time,
            },
            Some(Trap::StackOverflow) => Failure::Stack { limit: STACK },
            Some(Trap::UnreachableCodeReached) if state.panic.is_some() => Failure::Panic {
                message: state.panic.take().unwrap_or_default(),
            },
            // What an interpreter in the guest wrote before it gave up.
            Some(Trap::UnreachableCodeReached) if last_words.is_some() => Failure::Panic {
                message: last_words.unwrap_or_default(),
            },
            // wasmtime keeps the type of this error to itself.
            None if error
                .to_string()
                .contains("fuel allocated for hostcalls has been exhausted") =>
            {
                Failure::Output {
                    plugin: plugin(),
                    cap: limits.output,
                }
            }
            None if error.is::<std::io::Error>() => Failure::Machine {
                reason: format!("{error:#}"),
            },
            None if last_words.is_some() => Failure::Panic {
                message: last_words.unwrap_or_default(),
            },
            _ => Failure::Trap {
                reason: format!("{error:#}"),
            },
        }
    }

    fn take(&self) -> Option<Box<Instance<B>>> {
        let own = shard();
        if let Some(instance) = self.parked[own].lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Some(instance);
        }
        // Threads come and go; an instance another one left is better than a fresh one.
        (1..SHARDS).find_map(|step| match self.parked[(own + step) % SHARDS].try_lock() {
            Ok(mut parked) => parked.pop(),
            Err(TryLockError::Poisoned(parked)) => parked.into_inner().pop(),
            Err(TryLockError::WouldBlock) => None,
        })
    }

    fn park(&self, instance: Box<Instance<B>>) {
        let mut parked = self.parked[shard()].lock().unwrap_or_else(PoisonError::into_inner);
        if parked.len() < PARKED {
            parked.push(instance);
        }
    }
}

/// The shard of this thread.
fn shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static SHARD: Cell<usize> = Cell::new(NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS);
    }
    SHARD.get()
}
