;; What every guest of this folder may call.
(import "[export]nl2sql:plugin/validator@0.1.0" "[resource-new]session" (func $session_new (param i32) (result i32)))
(import "nl2sql:plugin/log@0.1.0" "write" (func $log (param i32 i32 i32 i32)))
