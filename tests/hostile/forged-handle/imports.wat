(import "[export]nl2sql:plugin/validator@0.1.0" "[resource-drop]session" (func $session_drop (param i32)))
