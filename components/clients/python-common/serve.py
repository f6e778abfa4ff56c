"""Serves requests for clients in Python (foundation/protocols/client-protocol.ts)."""

import json
import sys
import threading


def serve(perform, error_of):
    """Answers requests until the input ends. `perform` takes an operation and returns the members of an answer.
    `error_of` converts an exception of `perform` to the members of an error."""
    for line in sys.stdin:
        request = json.loads(line)
        answers = at_once(request.get("atOnce", 1), lambda: answered(perform, error_of, request["operation"]))
        answer = next((one for one in answers if "error" in one), answers[0])
        print("client-answer " + json.dumps({"id": request["id"], **answer}), flush=True)


def answered(perform, error_of, operation):
    try:
        return perform(operation)
    except BaseException as error:  # report any failure; a panic in Rust is not an Exception
        return {"error": {"message": str(error), **error_of(error, operation)}}


def at_once(count, do):
    """Calls `do` in several threads that start together, and returns the results."""
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
