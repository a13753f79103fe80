;; Drops a session twice.
(global $handle (mut i32) (i32.const 0))

(func (export "nl2sql:plugin/validator@0.1.0#[method]session.check") (param $session i32) (param $samples i32) (param $count i32) (result i32)
  (global.set $handle (call $session_new (i32.const 0)))
  (call $session_drop (global.get $handle))
  (call $session_drop (global.get $handle))
  (call $nothing_found (local.get $count)))
