(import "nl2sql:plugin/llm@0.1.0" "chat-all" (func $chat_all (param i32 i32 i32)))
