;; Answers for one sample more than it was given.
(func (export "nl2sql:plugin/validator@0.1.0#[method]session.check") (param $session i32) (param $samples i32) (param $count i32) (result i32)
  (call $nothing_found (i32.add (local.get $count) (i32.const 1))))
