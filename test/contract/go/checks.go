package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"

	"github.com/aws/smithy-go"
)

// result is the line that a check prints when it ends, in the same format as the Python checks.
type result struct {
	Title  string `json:"title"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// failed is true if a check failed. It determines the exit code.
var failed bool

// check runs a check and prints its result. Checks may depend on earlier checks.
func check(title string, body func()) {
	outcome := result{Title: title, OK: true}
	defer func() {
		if reason := recover(); reason != nil {
			failed = true
			outcome.OK, outcome.Detail = false, fmt.Sprint(placeOfPanic(), ": ", reason)
		}
		if err := json.NewEncoder(os.Stdout).Encode(outcome); err != nil {
			os.Exit(2)
		}
	}()
	body()
}

// placeOfPanic returns the innermost stack line that is neither in Go's library nor in this file.
func placeOfPanic() string {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(0, callers)])
	for {
		frame, more := frames.Next()
		if strings.HasPrefix(frame.Function, "main.") && filepath.Base(frame.File) != "checks.go" {
			return fmt.Sprintf("%s, line %d", filepath.Base(frame.File), frame.Line)
		}
		if !more {
			return "an unknown line"
		}
	}
}

// must returns the value of a call that has to succeed.
func must[T any](value T, err error) T {
	succeeds(err)
	return value
}

func succeeds(err error) {
	if err != nil {
		panic(err)
	}
}

func equal[T any](actual, expected T) {
	if !reflect.DeepEqual(actual, expected) {
		panic(fmt.Sprintf("expected %#v, came %#v", expected, actual))
	}
}

func contains(text, part string) {
	if !strings.Contains(text, part) {
		panic(fmt.Sprintf("expected %q in %q", part, text))
	}
}

// refusal returns the AWS error of a call that has to fail.
func refusal[T any](_ T, err error) smithy.APIError {
	if err == nil {
		panic("expected a refusal, but the call succeeded")
	}
	var refused smithy.APIError
	if !errors.As(err, &refused) {
		panic(err)
	}
	return refused
}

// codeOf returns the AWS error code of a call that has to fail.
func codeOf[T any](value T, err error) string {
	return refusal(value, err).ErrorCode()
}
