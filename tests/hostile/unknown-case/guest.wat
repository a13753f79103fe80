;; Answers neither with a result nor with an error.
(func (export "nl2sql:plugin/validator@0.1.0#[method]session.check") (param $session i32) (param $samples i32) (param $count i32) (result i32)
  (local $answer i32)
  (local.set $answer (call $allocate (i32.const 32)))
  (i32.store8 (local.get $answer) (i32.const 7))
  (local.get $answer))
