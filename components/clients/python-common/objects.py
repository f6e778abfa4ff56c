"""For clients in Python that only read and write objects of S3, in their own words."""

import os
import re

from serve import serve

BODY = b"written by a probe"


def serve_objects(read, write, error_of):
    """`read(bucket, key)` returns an object's content, `write(bucket, key, body)` makes one; `error_of(error)` says what S3
    answered as members of an error (`answered` below), or None where an exception is not S3's answer."""

    def perform(operation):
        name = operation["do"]
        if name not in ("GetObject", "PutObject") or "through" in operation or "tags" in operation:
            raise NotImplementedError(f"the client only reads and writes objects, and {name} asks for more")
        if name == "GetObject":
            return {"facts": {"bytes": len(read(operation["bucket"], operation["key"]))}}
        write(operation["bucket"], operation["key"], BODY)
        return {"facts": {}}

    serve(perform, lambda error, _: error_of(error) or {"code": type(error).__name__})


def answered(text):
    """What a service answered, from the text of a client's error; None where neither a status nor a code is in it."""
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
    """Where the pod's environment says that the service is; None: where AWS has it."""
    return os.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}") or os.environ.get("AWS_ENDPOINT_URL")


def without_endpoint_of_sts():
    """For the Common Runtime, which takes the URL of these variables, scheme and all, for the name of a host that has STS."""
    for name in ("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"):
        os.environ.pop(name, None)


def instance_metadata():
    """Where the pod's environment says that instance metadata is; None: at its address of AWS."""
    return os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT")


def region():
    return os.environ.get("AWS_REGION") or os.environ["AWS_DEFAULT_REGION"]


def given(**options):
    """Those of them that are not None."""
    return {name: value for name, value in options.items() if value is not None}
