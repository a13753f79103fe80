;; Does what the SDK's panic hook does, and traps.
(data (i32.const 16) "panic")
(data (i32.const 32) "index out of bounds: the len is 3 but the index is 7")

(func (export "nl2sql:plugin/validator@0.1.0#[method]session.check") (param $session i32) (param $samples i32) (param $count i32) (result i32)
  (call $log (i32.const 16) (i32.const 5) (i32.const 32) (i32.const 52))
  unreachable)
