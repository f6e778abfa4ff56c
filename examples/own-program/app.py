"""Reads or writes one S3 object with its own credential chain, like many programs. It contains a deliberate bug: run suite
`client` with it (docs/own-program.md) and look at the report."""
import datetime
import hashlib
import hmac
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request

REGION = os.environ["AWS_REGION"]


def from_container():
    """Returns credentials from the Pod Identity agent, whose URL is in the environment."""
    with open(os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]) as file:
        headers = {"Authorization": file.read()}
    request = urllib.request.Request(os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"], headers=headers)
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)


def from_instance_metadata():
    """Returns credentials of the node's role."""
    base = os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://169.254.169.254").rstrip("/") + "/latest"
    lifetime = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
    request = urllib.request.Request(base + "/api/token", headers=lifetime, method="PUT")
    token = {"X-aws-ec2-metadata-token": urllib.request.urlopen(request, timeout=5).read().decode()}
    path = base + "/meta-data/iam/security-credentials/"
    role = urllib.request.urlopen(urllib.request.Request(path, headers=token), timeout=5).read().decode()
    return json.load(urllib.request.urlopen(urllib.request.Request(path + role, headers=token), timeout=5))


def credentials():
    try:
        return from_container()
    except Exception as error:
        # The bug: after any error, the program silently continues with another identity.
        print(f"cannot get the pod's credentials: {error}", file=sys.stderr)
        return from_instance_metadata()


def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def ask_s3(method, bucket, key, body=b""):
    """Sends a request with Signature Version 4 (IAM User Guide, "Create a signed AWS API request")."""
    held = credentials()
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


bucket, key = os.environ["CONFORMANCE_BUCKET"], os.environ["CONFORMANCE_KEY"]
try:
    if os.environ["CONFORMANCE_ACTION"] == "write":
        ask_s3("PUT", bucket, key, b"written by my app")
    else:
        ask_s3("GET", bucket, key)
except urllib.error.HTTPError as error:
    sys.exit(f"answered {error.code}: {error.read().decode()[:300]}")
