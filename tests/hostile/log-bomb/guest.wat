;; Logs 8 MiB at once.
(data (i32.const 16) "info")

(func (export "nl2sql:plugin/validator@0.1.0#[method]session.check") (param $session i32) (param $samples i32) (param $count i32) (result i32)
  (drop (memory.grow (i32.const 130)))
  (call $log (i32.const 16) (i32.const 4) (i32.const 0) (i32.const 8388608))
  (call $nothing_found (local.get $count)))
