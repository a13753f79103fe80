;; Points far beyond its memory for its answer.
(func (export "nl2sql:plugin/validator@0.1.0#[method]session.check") (param $session i32) (param $samples i32) (param $count i32) (result i32)
  (i32.const -8))
