package web

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/labstack/echo/v4"
)

// panicError is a panic of a handler, with where it happened.
type panicError struct {
	value any
	stack string
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// recovery turns a panic into an error like any other, which errors.go logs and
// answers. The server's own way to cut a response short passes.
func recovery() echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) (err error) {
			defer func() {
				value := recover()
				if value == nil {
					return
				}
				if cause, ok := value.(error); ok && errors.Is(cause, http.ErrAbortHandler) {
					panic(value)
				}
				err = &panicError{value: value, stack: string(debug.Stack())}
			}()
			return next(c)
		}
	}
}
