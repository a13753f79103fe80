//! An empty, deterministic WASI for components whose language brings it along (Python, JavaScript).
//!
//! It is made from the component's own import types, whichever version of WASI they are: every call is answered with what there is in
//! an empty world. There are no files, arguments, variables or sockets; both clocks stand at zero; random numbers are the same in every
//! call; what is written to standard output and standard error goes to the plugin's log.

use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker, LinkerInstance, Resource, ResourceAny, ResourceType, Type, Val};
use wasmtime::{StoreContextMut, bail};

use crate::guest_output::Output;
use crate::state::State;

/// Most random bytes one call hands out.
const MAX_RANDOM_BYTES: u64 = 1 << 20;

/// Bytes an output stream takes at a time.
const STREAM_CAPACITY: u64 = 1 << 16;

/// Stands behind every WASI handle; there is nothing to know about any of them but whether it is an output.
struct Nothing;

/// What stands behind a handle that is no output.
const NO_OUTPUT: u32 = 0;

/// Source of random numbers that starts alike in every instance.
#[derive(Debug, Default)]
pub(crate) struct Randomness(u64);

impl Randomness {
    /// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Links every `wasi:` import of a component.
pub(crate) fn add_to_linker(linker: &mut Linker<State>, component: &Component) -> wasmtime::Result<()> {
    let engine = linker.engine().clone();
    for (interface, import) in component.component_type().imports(&engine) {
        if !interface.starts_with("wasi:") {
            continue;
        }
        let ComponentItem::ComponentInstance(instance) = import.ty else {
            bail!("import `{interface}` is no interface");
        };
        let mut linked = linker.instance(interface)?;
        for (name, export) in instance.exports(&engine) {
            match export.ty {
                ComponentItem::ComponentFunc(_) => link_function(&mut linked, interface, name)?,
                ComponentItem::Resource(_) => {
                    linked.resource(name, ResourceType::host::<Nothing>(), |_, _| Ok(()))?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn link_function(linked: &mut LinkerInstance<'_, State>, interface: &str, name: &str) -> wasmtime::Result<()> {
    let package = interface
        .split_once('@')
        .map_or(interface, |(package, _)| package)
        .to_owned();
    let function = name.to_owned();
    linked.func_new(name, move |mut store, ty, params, results| {
        let handles = release(&mut store, params)?;
        if let ("wasi:io/streams", Some(output)) = (package.as_str(), handles.first().copied().and_then(Output::of)) {
            write(store.data_mut(), output, params);
        }
        for (result, ty) in results.iter_mut().zip(ty.results()) {
            *result = match exception(&mut store, &package, &function, params, &ty)? {
                Some(value) => value,
                None => empty(&mut store, &ty)?,
            };
        }
        // A guest that wants to end the process ends its call.
        if package == "wasi:cli/exit" {
            bail!("it called exit");
        }
        Ok(())
    })
}

/// Takes over the handles among the parameters, lent ones included, and says what stands behind each: a call does not end while it holds one.
fn release(store: &mut StoreContextMut<'_, State>, params: &[Val]) -> wasmtime::Result<Vec<u32>> {
    let mut handles = Vec::new();
    for param in params {
        match param {
            Val::Resource(handle) => handles.push(handle.try_into_resource::<Nothing>(&mut *store)?.rep()),
            Val::List(items) | Val::Tuple(items) => handles.extend(release(store, items)?),
            Val::Option(Some(item)) => handles.extend(release(store, std::slice::from_ref(item))?),
            _ => {}
        }
    }
    Ok(handles)
}

/// Passes on what is written to an output.
fn write(state: &mut State, output: Output, params: &[Val]) {
    let Some(Val::List(bytes)) = params.get(1) else { return };
    let bytes = bytes.iter().filter_map(|byte| match byte {
        Val::U8(byte) => Some(*byte),
        _ => None,
    });
    state.print(output, bytes);
}

/// The calls whose answer in an empty world is not the empty one.
fn exception(
    store: &mut StoreContextMut<'_, State>,
    package: &str,
    function: &str,
    params: &[Val],
    ty: &Type,
) -> wasmtime::Result<Option<Val>> {
    let ok = |value: Option<Val>| Some(Val::Result(Ok(value.map(Box::new))));
    let stream = |output: Output| Resource::<Nothing>::new_own(output.handle());
    Ok(match (package, function, params) {
        ("wasi:cli/stdout", "get-stdout", _) => Some(owned(stream(Output::Stdout), store)?),
        ("wasi:cli/stderr", "get-stderr", _) => Some(owned(stream(Output::Stderr), store)?),
        ("wasi:io/streams", "[method]output-stream.check-write", _) => ok(Some(Val::U64(STREAM_CAPACITY))),
        ("wasi:io/streams", function, _) if function.starts_with("[method]output-stream.") => {
            matches!(ty, Type::Result(result) if result.ok().is_none()).then(|| Val::Result(Ok(None)))
        }
        ("wasi:io/poll", "poll", [Val::List(handles)]) => {
            Some(Val::List((0..handles.len() as u32).map(Val::U32).collect()))
        }
        ("wasi:io/poll", "[method]pollable.ready", _) => Some(Val::Bool(true)),
        ("wasi:clocks/monotonic-clock", "resolution", _) => Some(Val::U64(1)),
        (package, _, [Val::U64(count)]) if package.starts_with("wasi:random/") => {
            if *count > MAX_RANDOM_BYTES {
                bail!("it asked for {count} random bytes at once");
            }
            let random = &mut store.data_mut().wasi;
            Some(Val::List((0..*count).map(|_| Val::U8(random.next() as u8)).collect()))
        }
        (package, _, []) if package.starts_with("wasi:random/") => {
            let random = &mut store.data_mut().wasi;
            match ty {
                Type::U64 => Some(Val::U64(random.next())),
                _ => Some(Val::Tuple(vec![Val::U64(random.next()), Val::U64(random.next())])),
            }
        }
        _ => None,
    })
}

fn owned(handle: Resource<Nothing>, store: &mut StoreContextMut<'_, State>) -> wasmtime::Result<Val> {
    Ok(Val::Resource(ResourceAny::try_from_resource(handle, store)?))
}

/// What there is of a type in an empty world: nothing, zero, the end of the stream, a refusal.
fn empty(store: &mut StoreContextMut<'_, State>, ty: &Type) -> wasmtime::Result<Val> {
    Ok(match ty {
        Type::Bool => Val::Bool(false),
        Type::S8 => Val::S8(0),
        Type::U8 => Val::U8(0),
        Type::S16 => Val::S16(0),
        Type::U16 => Val::U16(0),
        Type::S32 => Val::S32(0),
        Type::U32 => Val::U32(0),
        Type::S64 => Val::S64(0),
        Type::U64 => Val::U64(0),
        Type::Float32 => Val::Float32(0.0),
        Type::Float64 => Val::Float64(0.0),
        Type::Char => Val::Char('\0'),
        Type::String => Val::String(String::new()),
        Type::List(_) => Val::List(Vec::new()),
        Type::Option(_) => Val::Option(None),
        Type::Flags(_) => Val::Flags(Vec::new()),
        Type::Record(record) => {
            let mut fields = Vec::new();
            for field in record.fields() {
                fields.push((field.name.to_owned(), empty(store, &field.ty)?));
            }
            Val::Record(fields)
        }
        Type::Tuple(tuple) => {
            let mut items = Vec::new();
            for ty in tuple.types() {
                items.push(empty(store, &ty)?);
            }
            Val::Tuple(items)
        }
        Type::Enum(names) => match names.names().next() {
            Some(name) => Val::Enum(name.to_owned()),
            None => bail!("an enum without names"),
        },
        Type::Variant(variant) => {
            // `closed` is how a stream says that nothing will come; otherwise a case that carries nothing is the emptiest.
            let cases = || variant.cases();
            let bare = || cases().find(|case| case.ty.is_none());
            let Some(case) = cases()
                .find(|case| case.name == "closed")
                .or_else(bare)
                .or_else(|| cases().next())
            else {
                bail!("a variant without cases");
            };
            let payload = case.ty.map(|ty| empty(store, &ty)).transpose()?;
            Val::Variant(case.name.to_owned(), payload.map(Box::new))
        }
        Type::Result(result) => match result.err() {
            Some(error) => Val::Result(Err(Some(Box::new(empty(store, &error)?)))),
            None => Val::Result(Err(None)),
        },
        Type::Own(_) => owned(Resource::new_own(NO_OUTPUT), store)?,
        other => bail!("a value of type {other:?}, which the empty WASI does not have"),
    })
}
