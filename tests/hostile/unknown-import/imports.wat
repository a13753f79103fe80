(import "test:guest/shell" "execute" (func $execute (param i32 i32)))
