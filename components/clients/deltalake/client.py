"""delta-rs: only the storage that it uses for its tables."""

from functools import cache

from deltalake._internal import DeltaFileSystemHandler
from objects import answered, endpoint, given, instance_metadata, serve_objects

SETTINGS = given(aws_endpoint=endpoint(), aws_metadata_endpoint=instance_metadata())


@cache
def storage(bucket):
    return DeltaFileSystemHandler(f"s3://{bucket}", {"allow_http": "true", **SETTINGS})


def read(bucket, key):
    file = storage(bucket).open_input_file(key)
    return file.read(file.size())


def write(bucket, key, body):
    stream = storage(bucket).open_output_stream(key)
    stream.write(body)
    stream.close()


def error_of(error):
    # The message is printed as a tree, with the status at the start of a branch.
    return answered(str(error).replace("status code\n", "status").replace("\x1b[31m\u21b3\x1b[0m", ""))


serve_objects(read, write, error_of)
