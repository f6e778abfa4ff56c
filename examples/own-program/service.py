"""A service that does one operation after another, for `--client-lasts` (docs/own-program.md). It keeps its credentials until
shortly before they expire, and reads the token anew for each fetch."""
import datetime
import json
import os
import sys
import urllib.request

from s3 import ask_s3

# Less than the lifetime of any credentials, so that new ones are used for a while.
RENEW_SECONDS = 2

held = None


def fetched():
    """Returns credentials from the Pod Identity agent."""
    with open(os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]) as file:
        token = file.read()
    url = os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
    request = urllib.request.Request(url, headers={"Authorization": token})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)


def credentials():
    global held
    now = datetime.datetime.now(datetime.timezone.utc)
    if held is None or seconds_left(held, now) < RENEW_SECONDS:
        held = fetched()
    return held


def seconds_left(one, now):
    expiration = datetime.datetime.fromisoformat(one["Expiration"].replace("Z", "+00:00"))
    return (expiration - now).total_seconds()


def perform(action, bucket, key):
    if action == "write":
        ask_s3(credentials(), "PUT", bucket, key, b"written by my service")
    else:
        ask_s3(credentials(), "GET", bucket, key)


for line in sys.stdin:
    try:
        perform(**json.loads(line))
        answer = {"ok": True}
    except Exception as error:
        answer = {"ok": False, "error": str(error)}
    print(json.dumps(answer), flush=True)
