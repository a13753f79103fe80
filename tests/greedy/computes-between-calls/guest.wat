;; Computes without end, and calls a service now and then to have its deadline put off.
(data (i32.const 16) "slow")
(global $here (mut i32) (i32.const 0))

(func (export "nl2sql:plugin/validator@0.1.0#[method]session.check") (param $session i32) (param $samples i32) (param $count i32) (result i32)
  (local $steps i32)
  (global.set $here (global.get $next))
  (loop $again
    (global.set $next (global.get $here))
    (call $quote (i32.const 16) (i32.const 4) (i32.const 64))
    (local.set $steps (i32.const 50000000))
    (loop $compute
      (local.set $steps (i32.sub (local.get $steps) (i32.const 1)))
      (br_if $compute (local.get $steps)))
    (br $again))
  unreachable)
