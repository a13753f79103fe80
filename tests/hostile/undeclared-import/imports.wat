(import "nl2sql:plugin/query@0.1.0" "run" (func $run (param i32 i32 i32 i32)))
