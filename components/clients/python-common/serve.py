"""The loop of a client's program in Python (foundation/protocols/client-protocol.ts): reads requests, answers them."""

import json
import os
import sys
import threading

# botocore reads no AWS_REGION, which the pods of this harness have alone where no webhook adds the other.
os.environ.setdefault("AWS_DEFAULT_REGION", os.environ.get("AWS_REGION", "us-east-1"))


def serve(perform, error_of):
    """Answers until the input ends. `perform` takes an operation and returns an answer's members; `error_of` puts an
    exception of it, which `perform` met in that operation, into the form of an error."""
    for line in sys.stdin:
        request = json.loads(line)
        answers = at_once(request.get("atOnce", 1), lambda: answered(perform, error_of, request["operation"]))
        answer = next((one for one in answers if "error" in one), answers[0])
        print("client-answer " + json.dumps({"id": request["id"], **answer}), flush=True)


def answered(perform, error_of, operation):
    try:
        return perform(operation)
    except BaseException as error:  # whatever it is, it is the answer; a panic in Rust is no Exception
        return {"error": {"message": str(error), **error_of(error, operation)}}


def at_once(count, do):
    """What `do` returns in so many threads, which all begin together."""
    answers = [None] * count
    barrier = threading.Barrier(count)

    def run(index):
        barrier.wait()
        answers[index] = do()

    threads = [threading.Thread(target=run, args=(index,), daemon=True) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def service_of(operation):
    return "s3" if "bucket" in operation else "sts"
