//! How much a plugin may be made of. Compiling is work too, and nothing can interrupt it; so what would take long is refused before.

use wasmparser::{Parser, Payload};

/// Most bytes of a file. A guest with a whole interpreter in it has 40 MiB.
pub const FILE: usize = 64 << 20;

/// Most bytes of one function; the time to compile it grows faster than its length.
const FUNCTION: usize = 1 << 20;

/// Most functions of all modules together.
const FUNCTIONS: usize = 200_000;

/// Most modules and components, those inside others included.
const MODULES: usize = 256;

/// Most sections; a section takes a few bytes, and what it declares takes more in the host.
const SECTIONS: usize = 100_000;

/// Says what is too large, if anything is. Bytes that are no WebAssembly are for others to complain about.
pub(crate) fn check(bytes: &[u8]) -> Result<(), String> {
    if bytes.len() > FILE {
        return Err(format!("it has more than {FILE} bytes"));
    }
    let (mut modules, mut functions, mut sections) = (0, 0, 0);
    for payload in Parser::new(0).parse_all(bytes) {
        let Ok(payload) = payload else { return Ok(()) };
        match payload {
            Payload::Version { .. } => modules += 1,
            Payload::CodeSectionEntry(body) => {
                functions += 1;
                let length = body.range().len();
                if length > FUNCTION {
                    return Err(format!(
                        "one of its functions has {length} bytes, {FUNCTION} are allowed"
                    ));
                }
            }
            _ => sections += 1,
        }
        for (found, most, what) in [
            (modules, MODULES, "modules and components"),
            (functions, FUNCTIONS, "functions"),
            (sections, SECTIONS, "sections"),
        ] {
            if found > most {
                return Err(format!("it has more than {most} {what}"));
            }
        }
    }
    Ok(())
}
