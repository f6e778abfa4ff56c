"""MinIO's client for Python, with its automatic providers in the order of its documentation."""

import io
import os
from urllib.parse import urlsplit

from minio import Minio
from minio.credentials import AWSConfigProvider, ChainedProvider, EnvAWSProvider, IamAwsProvider
from minio.error import S3Error
from objects import endpoint, instance_metadata, region, serve_objects


def custom_endpoint():
    """Returns the endpoint of STS or instance metadata. The client has one option and no variables for both."""
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
