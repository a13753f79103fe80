;; Finds something of a severity the contract does not know; taken for a warning, it would let every sample pass.
(data (i32.const 16) "fatal")

;; A finding of 64 bytes whose severity, at offset 8, is the only text that is not empty.
(func $finding (result i32)
  (local $finding i32)
  (local.set $finding (call $allocate (i32.const 64)))
  (i32.store offset=8 (local.get $finding) (i32.const 16))
  (i32.store offset=12 (local.get $finding) (i32.const 5))
  (local.get $finding))

(func (export "nl2sql:plugin/validator@0.1.0#[method]session.check") (param $session i32) (param $samples i32) (param $count i32) (result i32)
  (local $answer i32)
  (local $lists i32)
  (local.set $answer (call $nothing_found (local.get $count)))
  (local.set $lists (i32.load offset=4 (local.get $answer)))
  (i32.store (local.get $lists) (call $finding))
  (i32.store offset=4 (local.get $lists) (i32.const 1))
  (local.get $answer))
