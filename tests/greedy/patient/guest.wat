;; Waits for a service that takes longer than a call may compute.
(data (i32.const 16) "name")

(func (export "nl2sql:plugin/validator@0.1.0#[method]session.check") (param $session i32) (param $samples i32) (param $count i32) (result i32)
  (call $quote (i32.const 16) (i32.const 4) (i32.const 64))
  (call $nothing_found (local.get $count)))
