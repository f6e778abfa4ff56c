"""MinIO's client for Python, with the providers that need no settings, in the order of its documentation."""

import io
import os
from urllib.parse import urlsplit

from minio import Minio
from minio.credentials import AWSConfigProvider, ChainedProvider, EnvAWSProvider, IamAwsProvider
from minio.error import S3Error
from objects import endpoint, instance_metadata, region, serve_objects


def custom_endpoint():
    """It knows no variables for the addresses of STS and of instance metadata; one option is for whichever it asks."""
    if "AWS_WEB_IDENTITY_TOKEN_FILE" in os.environ:
        return endpoint("sts")
    return None if "AWS_CONTAINER_CREDENTIALS_FULL_URI" in os.environ else instance_metadata()


url = urlsplit(endpoint() or f"https://s3.{region()}.amazonaws.com")
chain = ChainedProvider([EnvAWSProvider(), AWSConfigProvider(), IamAwsProvider(custom_endpoint=custom_endpoint())])
client = Minio(url.netloc, secure=url.scheme == "https", region=region(), credentials=chain)


def read(bucket, key):
    response = client.get_object(bucket, key)
    try:
        return response.read()
    finally:
        response.close()


def write(bucket, key, body):
    client.put_object(bucket, key, io.BytesIO(body), len(body))


def error_of(error):
    if not isinstance(error, S3Error):
        return None
    known = {"service": "s3", "code": error.code, "status": error.response.status, "message": error.message}
    return {**known, "requestId": error.request_id} if error.request_id else known


serve_objects(read, write, error_of)
