(import "wasi:cli/environment@0.2.6" "get-environment" (func $environment (param i32)))
(import "wasi:clocks/wall-clock@0.2.6" "now" (func $now (param i32)))
(import "wasi:filesystem/preopens@0.2.6" "get-directories" (func $directories (param i32)))
(import "wasi:random/random@0.2.6" "get-random-u64" (func $random (result i64)))
