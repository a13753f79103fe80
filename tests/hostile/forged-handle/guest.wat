;; Drops a handle it never had.
(func (export "nl2sql:plugin/validator@0.1.0#[method]session.check") (param $session i32) (param $samples i32) (param $count i32) (result i32)
  (call $session_drop (i32.const 12345))
  (call $nothing_found (local.get $count)))
