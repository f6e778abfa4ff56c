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

// result is the line that a check prints as it ends, in the form of the checks in Python.
type result struct {
	Title  string `json:"title"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// failed tells whether a check failed, which the exit code says.
var failed bool

// check runs a check and prints its result. Checks may build on those before them.
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

// placeOfPanic is the innermost line of a check on the stack, which is neither Go's nor of this file.
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

// must gives the value of a call that has to succeed.
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

// refusal is the error of AWS that a call has to be refused with.
func refusal[T any](_ T, err error) smithy.APIError {
	if err == nil {
		panic("expected a refusal, but the call was granted")
	}
	var refused smithy.APIError
	if !errors.As(err, &refused) {
		panic(err)
	}
	return refused
}

// codeOf is the code of AWS that a call has to be refused with.
func codeOf[T any](value T, err error) string {
	return refusal(value, err).ErrorCode()
}
