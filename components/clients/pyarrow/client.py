"""pyarrow: the S3 client of the AWS SDK for C++."""

import re

from objects import endpoint, given, serve_objects, without_endpoint_of_sts
from pyarrow import fs

STATUS = {"ACCESS_DENIED": 403, "NO_SUCH_KEY": 404, "NO_SUCH_BUCKET": 404, "RESOURCE_NOT_FOUND": 404}

fs.initialize_s3(fs.S3LogLevel.Off)
# Makes pyarrow write a small object with one PutObject.
options = given(endpoint_override=endpoint())
without_endpoint_of_sts()
s3 = fs.S3FileSystem(**options, allow_delayed_open=True)


def read(bucket, key):
    with s3.open_input_stream(f"{bucket}/{key}") as stream:
        return stream.read()


def write(bucket, key, body):
    with s3.open_output_stream(f"{bucket}/{key}") as stream:
        stream.write(body)


def error_of(error):
    """Converts `AWS Error ACCESS_DENIED during HeadObject operation` to S3's error code."""
    if isinstance(error, FileNotFoundError):
        return {"service": "s3", "code": "NoSuchKey", "status": 404}
    found = re.search(r"AWS Error (\w+)(?: \(HTTP status (\d+)\))? during", str(error))
    if found is not None and found[1] not in STATUS and found[2] is not None:
        return {"service": "s3", "code": found[1], "status": int(found[2])}
    if found is None or found[1] not in STATUS:
        return None
    code = "".join(word.capitalize() for word in found[1].split("_"))
    return {"service": "s3", "code": code, "status": STATUS[found[1]]}


serve_objects(read, write, error_of)
# Without this the process never ends if its credentials came from STS.
fs.finalize_s3()
