;; Opens sessions of its own without end.
(func (export "nl2sql:plugin/validator@0.1.0#[method]session.check") (param $session i32) (param $samples i32) (param $count i32) (result i32)
  (loop $again
    (drop (call $session_new (i32.const 0)))
    (br $again))
  unreachable)
