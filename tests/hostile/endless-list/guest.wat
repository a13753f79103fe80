;; Answers with 300 million lists, far beyond the end of its memory.
(func (export "nl2sql:plugin/validator@0.1.0#[method]session.check") (param $session i32) (param $samples i32) (param $count i32) (result i32)
  (local $answer i32)
  (local.set $answer (call $allocate (i32.const 12)))
  (i32.store8 (local.get $answer) (i32.const 0))
  (i32.store offset=4 (local.get $answer) (i32.const 0))
  (i32.store offset=8 (local.get $answer) (i32.const 300000000))
  (local.get $answer))
