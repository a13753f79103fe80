;; Divides by nothing.
(func (export "nl2sql:plugin/validator@0.1.0#[method]session.check") (param $session i32) (param $samples i32) (param $count i32) (result i32)
  (drop (i32.div_u (local.get $count) (i32.const 0)))
  (call $nothing_found (local.get $count)))
