"""Registers and runs checks. Each prints one line of JSON, {"title", "ok", "detail"}, when it ends."""

import json
import sys
import traceback

import botocore.exceptions

_checks = []


def check(title):
    """Registers a function as a check. Checks run in the order of their definition, and may depend on earlier ones."""

    def register(function):
        _checks.append((title, function))
        return function

    return register


def equal(actual, expected):
    if actual != expected:
        raise AssertionError(f"expected {expected!r}, came {actual!r}")


def contains(text, part):
    if part not in text:
        raise AssertionError(f"expected {part!r} in {text!r}")


def refused(code, call, *arguments, **parameters):
    """Asserts that a call fails with an AWS error code. Returns the whole response."""
    try:
        call(*arguments, **parameters)
    except botocore.exceptions.ClientError as error:
        equal(error.response["Error"]["Code"], code)
        return error.response
    raise AssertionError(f"expected {code}, but the call succeeded")


def run():
    failed = False
    for title, function in _checks:
        try:
            function()
            result = {"title": title, "ok": True, "detail": ""}
        except Exception as error:  # pylint: disable=broad-except
            failed = True
            line = traceback.extract_tb(error.__traceback__)[1].lineno
            result = {"title": title, "ok": False, "detail": f"line {line}: {type(error).__name__}: {error}"}
        print(json.dumps(result), flush=True)
    sys.exit(1 if failed else 0)
