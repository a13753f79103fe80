;; Writes why it cannot go on, as an interpreter does with an uncaught exception, and traps.
(data (i32.const 1024) "Traceback:\nValueError: no such table\n")

(func (export "nl2sql:plugin/validator@0.1.0#[method]session.check") (param $session i32) (param $samples i32) (param $count i32) (result i32)
  (call $print (call $stderr) (i32.const 1024) (i32.const 37) (i32.const 64))
  unreachable)
