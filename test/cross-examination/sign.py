"""Signs requests with botocore. Reads a line of JSON for each, and prints the request that botocore sends."""

import json
import sys

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.utils import percent_encode

CREDENTIALS = Credentials("ASIAEXAMPLEEXAMPLE12", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "IQo/token+with=signs")
REGION = "us-west-2"


def signed(asked):
    path = percent_encode(asked["path"], safe="/~")
    query = "&".join(percent_encode(name) + ("" if value is None else "=" + percent_encode(value)) for name, value in asked["query"])
    url = "https://service.example" + path + ("?" + query if query else "")
    request = AWSRequest(method=asked["method"], url=url, data=asked["body"].encode())
    for name, value in asked["headers"]:
        request.headers.add_header(name, value)
    service = asked["service"]
    in_s3 = service == "s3"
    request.context["payload_signing_enabled"] = not in_s3 or asked["payload"] == "hash"
    if in_s3 and asked["payload"] == "trailer":
        request.context["checksum"] = {"request_algorithm": {"in": "trailer", "algorithm": "crc32", "name": "x-amz-checksum-crc32"}}
    if asked["presigned"]:
        auth = (S3SigV4QueryAuth if in_s3 else SigV4QueryAuth)(CREDENTIALS, service, REGION, expires=600)
    else:
        auth = (S3SigV4Auth if in_s3 else SigV4Auth)(CREDENTIALS, service, REGION)
    auth.add_auth(request)
    _, _, rest = request.url.partition("https://service.example")
    path, _, query = rest.partition("?")
    headers = {"host": ["service.example"]}
    for name, value in request.headers.items():
        headers.setdefault(name.lower(), []).append(value)
    return {"path": path, "query": query, "headers": headers}


for line in sys.stdin:
    print(json.dumps(signed(json.loads(line))))
