"""Signs and sends requests to S3, with Python's standard library."""
import datetime
import hashlib
import hmac
import os
import urllib.parse
import urllib.request

REGION = os.environ["AWS_REGION"]


def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def ask_s3(held, method, bucket, key, body=b""):
    """Sends a request with Signature Version 4 (IAM User Guide, "Create a signed AWS API request")."""
    endpoint = os.environ.get("CONFORMANCE_ENDPOINT", f"https://s3.{REGION}.amazonaws.com")
    path = "/" + bucket + "/" + urllib.parse.quote(key)
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    payload = hashlib.sha256(body).hexdigest()
    headers = {
        "host": urllib.parse.urlparse(endpoint).netloc,
        "x-amz-content-sha256": payload,
        "x-amz-date": now,
        "x-amz-security-token": held["Token"],
    }
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    scope = f"{now[:8]}/{REGION}/s3/aws4_request"
    canonical = "\n".join([method, path, "", lines, names, payload])
    text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    signing = ("AWS4" + held["SecretAccessKey"]).encode()
    for part in scope.split("/"):
        signing = sign(signing, part)
    headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={held['AccessKeyId']}/{scope}, SignedHeaders={names}, "
        f"Signature={sign(signing, text).hex()}"
    )
    request = urllib.request.Request(endpoint + path, headers=headers, method=method, data=body or None)
    return urllib.request.urlopen(request, timeout=10).read()
