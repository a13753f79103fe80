(import "nl2sql:plugin/sql@0.1.0" "quote" (func $quote (param i32 i32 i32)))
(import "nl2sql:plugin/query@0.1.0" "run" (func $run (param i32 i32 i32 i32)))
(import "nl2sql:plugin/query@0.1.0" "[resource-drop]rows" (func $rows_drop (param i32)))
(import "nl2sql:plugin/query@0.1.0" "[method]rows.row-count" (func $row_count (param i32) (result i32)))
