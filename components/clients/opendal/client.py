"""Apache OpenDAL: the credential chain of Rust's reqsign."""

from functools import cache

import opendal
from objects import answered, endpoint, given, region, serve_objects

SETTINGS = given(region=region(), endpoint=endpoint())


@cache
def operator(bucket):
    return opendal.Operator("s3", bucket=bucket, **SETTINGS)


def read(bucket, key):
    return operator(bucket).read(key)


def write(bucket, key, body):
    operator(bucket).write(key, body)


serve_objects(read, write, lambda error: answered(str(error)))
