"""The AWS CLI: runs one process per operation, because it has no long-running command."""

import json
import re
import subprocess
import sys
import tempfile

from serve import serve

# The AWS CLI does not print the HTTP status.
STATUS = {"NoSuchKey": 404, "NoSuchBucket": 404, "404": 404, "AccessDenied": 403, "403": 403, "Forbidden": 403}


class Failure(Exception):
    """The AWS CLI failed; the message is its standard error."""


def python():
    """Returns the command of this interpreter. In an image, it includes a loader, which the interpreter needs."""
    try:
        with open("/proc/self/cmdline", encoding="utf8") as file:
            words = file.read().split("\0")
        return words[: words.index("-s")]
    except (OSError, ValueError):
        return [sys.executable]


def aws(*arguments):
    command = [*python(), "-m", "awscli", *arguments, "--output", "json"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(done.stderr.strip())
    return json.loads(done.stdout or "{}")


def perform(operation):
    name = operation["do"]
    if "through" in operation or "tags" in operation:
        raise NotImplementedError("this client does not support roles and tags")
    if name == "GetCallerIdentity":
        who = aws("sts", "get-caller-identity")
        return {"identity": {"arn": who["Arn"], "account": who["Account"]}}
    place = ("--bucket", operation["bucket"], "--key", operation["key"])
    with tempfile.NamedTemporaryFile() as file:
        if name == "GetObject":
            aws("s3api", "get-object", *place, file.name)
            return {"facts": {"bytes": len(file.read())}}
        file.write(b"written by a probe")
        file.flush()
        aws("s3api", "put-object", *place, "--body", file.name)
        return {"facts": {}}


def error_of(error, operation):
    match = re.search(r"An error occurred \((\w+)\) when calling the (\w+) operation[^:]*: (.*)", str(error), re.DOTALL)
    if match is None:
        return {"code": type(error).__name__}
    code, called, message = match.groups()
    service = "s3" if called in ("GetObject", "PutObject") else "sts"
    return {"service": service, "code": code, "status": STATUS.get(code, 400), "message": message}


serve(perform, error_of)
