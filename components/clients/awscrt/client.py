"""The AWS Common Runtime through its Python binding: its default credential chain and its S3 client."""

import io
from urllib.parse import quote, urlsplit

from awscrt.auth import AwsCredentialsProvider
from awscrt.http import HttpHeaders, HttpRequest
from awscrt.s3 import S3Client, S3RequestTlsMode, S3RequestType, S3ResponseError, create_default_s3_signing_config
from objects import answered, endpoint, region, serve_objects, without_endpoint_of_sts

at = urlsplit(endpoint() or f"https://s3.{region()}.amazonaws.com")
tls = S3RequestTlsMode.ENABLED if at.scheme == "https" else S3RequestTlsMode.DISABLED
without_endpoint_of_sts()
provider = AwsCredentialsProvider.new_default_chain()
signing = create_default_s3_signing_config(region=region(), credential_provider=provider)
s3 = S3Client(region=region(), tls_mode=tls, signing_config=signing)


def request(method, kind, bucket, key, body=b""):
    parts = []
    headers = HttpHeaders([("Host", at.netloc), ("Content-Length", str(len(body)))])
    stream = io.BytesIO(body) if body else None
    asked = HttpRequest(method, f"/{bucket}/{quote(key)}", headers, stream)
    done = s3.make_request(type=kind, request=asked, on_body=lambda chunk, **_: parts.append(bytes(chunk)))
    done.finished_future.result()
    return b"".join(parts)


def read(bucket, key):
    return request("GET", S3RequestType.GET_OBJECT, bucket, key)


def write(bucket, key, body):
    request("PUT", S3RequestType.PUT_OBJECT, bucket, key, body)


def error_of(error):
    if not isinstance(error, S3ResponseError):
        return {"code": getattr(error, "name", type(error).__name__)}
    details = answered((error.body or b"").decode()) or {"service": "s3", "code": str(error.status_code)}
    return {**details, "status": error.status_code, "message": (error.body or b"").decode() or str(error)}


serve_objects(read, write, error_of)
