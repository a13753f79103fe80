;; Reads rows it has given back.
(data (i32.const 16) "SELECT 1")

(func (export "nl2sql:plugin/validator@0.1.0#[method]session.check") (param $session i32) (param $samples i32) (param $count i32) (result i32)
  (call $run (i32.const 16) (i32.const 8) (i32.const 1) (i32.const 64))
  (call $rows_drop (i32.load (i32.const 68)))
  (drop (call $row_count (i32.load (i32.const 68))))
  (call $nothing_found (local.get $count)))
