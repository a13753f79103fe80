;; Calls a service without end, so that its own time hardly passes.
(data (i32.const 16) "name")
(global $here (mut i32) (i32.const 0))

(func (export "nl2sql:plugin/validator@0.1.0#[method]session.check") (param $session i32) (param $samples i32) (param $count i32) (result i32)
  (global.set $here (global.get $next))
  (loop $again
    (global.set $next (global.get $here))
    (call $quote (i32.const 16) (i32.const 4) (i32.const 64))
    (br $again))
  unreachable)
