"""aiobotocore: asynchronous botocore with its default session and credential chain."""

import asyncio
import os
import threading
from contextlib import AsyncExitStack

from serve import serve

import botocore.exceptions
from aiobotocore.session import get_session

loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever, daemon=True).start()
session = get_session()
open_clients = AsyncExitStack()
clients = {}
making = asyncio.Lock()


async def client(service):
    async with making:
        if service not in clients:
            clients[service] = await open_clients.enter_async_context(session.create_client(service))
    return clients[service]


async def get_caller_identity(_):
    answer = await (await client("sts")).get_caller_identity()
    return {"identity": {"arn": answer["Arn"], "account": answer["Account"]}}


async def get_object(place):
    answer = await (await client("s3")).get_object(**place)
    async with answer["Body"] as body:
        return {"facts": {"bytes": len(await body.read())}, **request_id(answer)}


async def put_object(place):
    answer = await (await client("s3")).put_object(**place, Body=b"written by a probe")
    return {"facts": {}, **request_id(answer)}


OPERATIONS = {"GetCallerIdentity": get_caller_identity, "GetObject": get_object, "PutObject": put_object}


def perform(operation):
    name = operation["do"]
    if name not in OPERATIONS or "through" in operation or "tags" in operation:
        raise NotImplementedError(f"this client only supports identity, reads and writes of objects, not this {name}")
    place = {"Bucket": operation.get("bucket"), "Key": operation.get("key")}
    return asyncio.run_coroutine_threadsafe(OPERATIONS[name](place), loop).result()


def request_id(answer):
    found = answer["ResponseMetadata"].get("RequestId")
    return {"requestId": found} if found else {}


def error_of(error, operation):
    if not isinstance(error, botocore.exceptions.ClientError):
        return {"code": type(error).__name__}
    details = error.response["Error"]
    return {
        "service": "s3" if error.operation_name in ("GetObject", "PutObject") else "sts",
        "code": details.get("Code", "Unknown"),
        "status": error.response["ResponseMetadata"]["HTTPStatusCode"],
        "message": details.get("Message", str(error)),
        **request_id(error.response),
    }


serve(perform, error_of)
