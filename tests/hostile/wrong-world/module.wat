(module (func (export "nl2sql:plugin/validator@0.9.0#check")))
