"""Reads or writes one S3 object with its own credential chain, like many programs. It contains a deliberate bug: run suite
`client` with it (docs/own-program.md) and look at the report."""
import json
import os
import sys
import urllib.error
import urllib.request

from s3 import ask_s3


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


bucket, key = os.environ["CONFORMANCE_BUCKET"], os.environ["CONFORMANCE_KEY"]
try:
    if os.environ["CONFORMANCE_ACTION"] == "write":
        ask_s3(credentials(), "PUT", bucket, key, b"written by my app")
    else:
        ask_s3(credentials(), "GET", bucket, key)
except urllib.error.HTTPError as error:
    sys.exit(f"answered {error.code}: {error.read().decode()[:300]}")
