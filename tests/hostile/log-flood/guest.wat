;; Logs without end.
(data (i32.const 16) "info")
(data (i32.const 32) "again")

(func (export "nl2sql:plugin/validator@0.1.0#[method]session.check") (param $session i32) (param $samples i32) (param $count i32) (result i32)
  (loop $forever
    (call $log (i32.const 16) (i32.const 4) (i32.const 32) (i32.const 5))
    (br $forever))
  unreachable)
