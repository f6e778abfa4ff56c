"""obstore: the credential chain of Rust's object_store."""

from functools import cache

import obstore
from objects import answered, endpoint, given, instance_metadata, serve_objects
from obstore.store import S3Store

# It has a separate option for instance metadata, and calls STS only with TLS.
SETTINGS = given(endpoint=endpoint(), metadata_endpoint=instance_metadata())


@cache
def store(bucket):
    return S3Store(bucket, client_options={"allow_http": True}, **SETTINGS)


def read(bucket, key):
    return obstore.get(store(bucket), key).bytes()


def write(bucket, key, body):
    obstore.put(store(bucket), key, body)


serve_objects(read, write, lambda error: answered(str(error)))
