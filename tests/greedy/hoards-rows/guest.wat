;; Runs statements and keeps every result.
(data (i32.const 16) "SELECT 1")

(func (export "nl2sql:plugin/validator@0.1.0#[method]session.check") (param $session i32) (param $samples i32) (param $count i32) (result i32)
  (loop $again
    (call $run (i32.const 16) (i32.const 8) (i32.const 1000) (i32.const 64))
    (br $again))
  unreachable)
