(module (func (export "nl2sql:plugin/validator@0.1.0#check")))
