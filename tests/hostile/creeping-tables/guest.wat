;; Grows its two tables in turn.
(table $one 1 funcref)
(table $two 1 funcref)

(func (export "nl2sql:plugin/validator@0.1.0#[method]session.check") (param $session i32) (param $samples i32) (param $count i32) (result i32)
  (loop $again
    (drop (table.grow $one (ref.null func) (i32.const 10000)))
    (drop (table.grow $two (ref.null func) (i32.const 10000)))
    (br $again))
  unreachable)
