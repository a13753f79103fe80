;; Logs at a level that the contract does not know.
(data (i32.const 16) "fatal")
(data (i32.const 32) "again")

(func (export "nl2sql:plugin/validator@0.1.0#[method]session.check") (param $session i32) (param $samples i32) (param $count i32) (result i32)
  (call $log (i32.const 16) (i32.const 5) (i32.const 32) (i32.const 5))
  (call $nothing_found (local.get $count)))
