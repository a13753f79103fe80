//! The registration line.

/// Makes a type the plugin this crate builds, and embeds `plugin.toml`, which stands beside the crate's `Cargo.toml`.
///
/// One line per crate: `register!(dialect: T)`, `planner`, `generator`, `validator` or `metric`. Natively, in unit tests, it only checks
/// that the type implements the kind's trait.
#[macro_export]
macro_rules! register {
    ($kind:ident: $plugin:ty) => {
        const _: () = {
            type Exported = $crate::$kind::Exported<$plugin>;

            #[cfg(target_family = "wasm")]
    $crate::bindings::$kind::export!(Exported with_types_in $crate::bindings::$kind);

            #[cfg(not(target_family = "wasm"))]
            const fn implements_the_trait<T: $crate::bindings::$kind::exports::nl2sql::plugin::$kind::Guest>() {}
            #[cfg(not(target_family = "wasm"))]
            const _: () = implements_the_trait::<Exported>();

            // Read by the host without running the plugin.
            #[cfg(target_family = "wasm")]
            #[unsafe(link_section = "nl2sql:manifest")]
            #[used]
            static MANIFEST: [u8; include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/plugin.toml")).len()] =
                *include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/plugin.toml"));
        };
    };
}
