;; Refuses with a reason that is not UTF-8.
(data (i32.const 16) "\ff\fe\c0")

(func (export "nl2sql:plugin/validator@0.1.0#[method]session.check") (param $session i32) (param $samples i32) (param $count i32) (result i32)
  (local $answer i32)
  (local.set $answer (call $allocate (i32.const 32)))
  (i32.store8 (local.get $answer) (i32.const 1))
  (i32.store offset=4 (local.get $answer) (i32.const 16))
  (i32.store offset=8 (local.get $answer) (i32.const 3))
  (i32.store offset=12 (local.get $answer) (i32.const 0))
  (i32.store offset=16 (local.get $answer) (i32.const 0))
  (i32.store8 offset=20 (local.get $answer) (i32.const 0))
  (local.get $answer))
