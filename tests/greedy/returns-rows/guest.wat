;; Runs as many statements, and gives every result back.
(data (i32.const 16) "SELECT 1")

(func (export "nl2sql:plugin/validator@0.1.0#[method]session.check") (param $session i32) (param $samples i32) (param $count i32) (result i32)
  (local $left i32)
  (local.set $left (i32.const 200))
  (loop $again
    (call $run (i32.const 16) (i32.const 8) (i32.const 1000) (i32.const 64))
    (drop (call $row_count (i32.load (i32.const 68))))
    (call $rows_drop (i32.load (i32.const 68)))
    (local.set $left (i32.sub (local.get $left) (i32.const 1)))
    (br_if $again (local.get $left)))
  (call $nothing_found (local.get $count)))
