;; Asks for 4,000 pages of 64 KiB at once.
(func (export "nl2sql:plugin/validator@0.1.0#[method]session.check") (param $session i32) (param $samples i32) (param $count i32) (result i32)
  (drop (memory.grow (i32.const 4000)))
  (call $nothing_found (local.get $count)))
