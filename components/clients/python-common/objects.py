"""Shared by clients in Python that only read and write S3 objects."""

import os
import re

from serve import serve

BODY = b"written by a probe"


def serve_objects(read, write, error_of):
    """Serves `read(bucket, key)`, which returns an object's content, and `write(bucket, key, body)`. `error_of(error)`
    returns the members of S3's error (see `answered`), or None if the exception is not an error of S3."""

    def perform(operation):
        name = operation["do"]
        if name not in ("GetObject", "PutObject") or "through" in operation or "tags" in operation:
            raise NotImplementedError(f"this client only supports reads and writes of objects, not this {name}")
        if name == "GetObject":
            return {"facts": {"bytes": len(read(operation["bucket"], operation["key"]))}}
        write(operation["bucket"], operation["key"], BODY)
        return {"facts": {}}

    serve(perform, lambda error, _: error_of(error) or {"code": type(error).__name__})


def answered(text):
    """Extracts a service's error from a client's message. Returns None if it has neither a status nor a code."""
    status = re.search(r"\b(?:status|status code|HTTP)\b\W*([45]\d\d)\b", text)
    code = re.search(r"<Code>(\w+)</Code>|\bcode: \"(\w+)\"", text)
    if status is None and code is None:
        return None
    found = {"service": "sts" if "AssumeRoleWithWebIdentity" in text or "<ErrorResponse" in text else "s3"}
    found["code"] = next(filter(None, code.groups())) if code else status.group(1)
    if status:
        found["status"] = int(status.group(1))
    return found


def endpoint(service="s3"):
    """Returns the service's endpoint in the pod's environment. None: AWS's own."""
    return os.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}") or os.environ.get("AWS_ENDPOINT_URL")


def without_endpoint_of_sts():
    """Removes variables whose URL the Common Runtime would use, including the scheme, as the host name of STS."""
    for name in ("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"):
        os.environ.pop(name, None)


def instance_metadata():
    """Returns the endpoint of instance metadata in the pod's environment. None: AWS's own."""
    return os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT")


def region():
    return os.environ.get("AWS_REGION") or os.environ["AWS_DEFAULT_REGION"]


def given(**options):
    """Returns the options that are not None."""
    return {name: value for name, value in options.items() if value is not None}
