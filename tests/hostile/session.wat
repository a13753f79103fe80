;; A constructor that keeps nothing of its context.
(func (export "nl2sql:plugin/validator@0.1.0#[constructor]session")
  (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
  (call $session_new (i32.const 0)))
