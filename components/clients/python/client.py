"""The AWS SDK for Python (boto3) with its default session."""

import os
import tempfile
from urllib.parse import urlencode

from serve import serve, service_of

import boto3
import botocore.exceptions
import botocore.session

clients = {}

# AssumeRole's parameters by the names in a step.
ASSUME = {
    "roleArn": "RoleArn",
    "externalId": "ExternalId",
    "sourceIdentity": "SourceIdentity",
    "policy": "Policy",
    "durationSeconds": "DurationSeconds",
    "transitiveTagKeys": "TransitiveTagKeys",
}


def client(service):
    # boto3.client is not thread-safe, but clients are. The first request of a process precedes concurrent ones.
    if service not in clients:
        clients[service] = boto3.client(service)
    return clients[service]


def identity(sts):
    who = sts.get_caller_identity()
    return {"identity": {"arn": who["Arn"], "account": who["Account"]}}


def assume(step):
    given = {name: step[key] for key, name in ASSUME.items() if key in step}
    if "tags" in step:
        given["Tags"] = [{"Key": key, "Value": value} for key, value in step["tags"].items()]
    if "policyArns" in step:
        given["PolicyArns"] = [{"arn": arn} for arn in step["policyArns"]]
    answer = client("sts").assume_role(RoleSessionName=step.get("sessionName", "probe"), **given)
    held = answer["Credentials"]
    session = boto3.Session(
        aws_access_key_id=held["AccessKeyId"],
        aws_secret_access_key=held["SecretAccessKey"],
        aws_session_token=held["SessionToken"],
    )
    return session, request_id(answer)


def by_profile(role_arn):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "config")
        with open(path, "w") as file:
            file.write(
                f"[profile another-role]\nrole_arn = {role_arn}\ncredential_source = EcsContainer\n"
                f"role_session_name = probe\nregion = {os.environ['AWS_DEFAULT_REGION']}\n"
            )
        session = botocore.session.Session(profile="another-role")
        session.set_config_variable("config_file", path)
        return identity(boto3.Session(botocore_session=session).client("sts"))


def request_id(answer):
    found = answer["ResponseMetadata"].get("RequestId")
    return {"requestId": found} if found else {}


def s3_operation(s3, operation):
    place = {"Bucket": operation["bucket"]}
    if "key" in operation:
        place["Key"] = operation["key"]
    name = operation["do"]
    if name == "GetObject":
        answer = s3.get_object(**place)
        facts = {"bytes": len(answer["Body"].read())}
    elif name == "HeadObject":
        answer = s3.head_object(**place)
        facts = {"bytes": answer["ContentLength"]}
    elif name == "DeleteObject":
        answer, facts = s3.delete_object(**place), {}
    elif name == "DeleteObjects":
        answer = s3.delete_objects(**place, Delete={"Objects": [{"Key": key} for key in operation["keys"]]})
        refusals = ",".join(error["Code"] for error in answer.get("Errors", []))
        facts = {"deleted": len(answer.get("Deleted", [])), "refusals": refusals}
    elif name == "GetObjectTagging":
        answer = s3.get_object_tagging(**place)
        facts = {"tags": len(answer["TagSet"])}
    elif name == "PutObject":
        tags = {"Tagging": urlencode(operation["tags"])} if "tags" in operation else {}
        headers = {"encryption": "ServerSideEncryption", "kmsKeyId": "SSEKMSKeyId"}
        encryption = {name: operation[member] for member, name in headers.items() if member in operation}
        answer, facts = s3.put_object(**place, Body=b"written by a probe", **tags, **encryption), {}
    elif name == "ListObjectsV2":
        prefix = {"Prefix": operation["prefix"]} if "prefix" in operation else {}
        answer = s3.list_objects_v2(**place, **prefix)
        facts = {"keys": answer["KeyCount"]}
    elif name == "HeadBucket":
        answer, facts = s3.head_bucket(**place), {}
    else:
        raise ValueError(f"this client does not support {name}")
    return {"facts": facts, **request_id(answer)}


def perform(operation):
    name = operation["do"]
    if name == "GetCallerIdentity":
        return identity(client("sts"))
    if name == "AssumeRoleByProfile":
        return by_profile(operation["roleArn"])
    if name != "AssumeRole" and "through" not in operation:
        return s3_operation(client("s3"), operation)
    session, answer = assume(operation["role"] if name == "AssumeRole" else operation["through"])
    who = identity(session.client("sts"))
    if name == "AssumeRole":
        return {**who, **answer}
    try:
        return {**who, **s3_operation(session.client("s3"), operation)}
    except botocore.exceptions.ClientError as error:
        return {**who, "error": {"message": str(error), **error_of(error, operation)}}


OF_STS = ("GetCallerIdentity", "AssumeRole", "AssumeRoleWithWebIdentity")
# Errors without a response, unlike those of the search for credentials.
UNREACHED = (botocore.exceptions.HTTPClientError, botocore.exceptions.ConnectionError)


def error_of(error, operation):
    if isinstance(error, botocore.exceptions.ClientError):
        details, metadata = error.response["Error"], error.response["ResponseMetadata"]
        return {
            "service": "sts" if error.operation_name in OF_STS else "s3",
            "code": details.get("Code", "Unknown"),
            "status": metadata["HTTPStatusCode"],
            "message": details.get("Message", str(error)),
            **request_id(error.response),
        }
    reached = {"service": service_of(operation)} if isinstance(error, UNREACHED) else {}
    return {"code": type(error).__name__, **reached}


serve(perform, error_of)
