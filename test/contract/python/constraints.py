"""Sends requests that each violate one constraint of botocore's API models, to all operations of the emulator.

Compares each with a control, the same request with a valid value, since a rejection must be caused by the
constraint. With an argument, also prints the requests that were accepted.
"""

import base64
import copy
import hashlib
import json
import os
import pathlib
import re
import sys

import botocore.auth
import botocore.awsrequest
import botocore.httpsession
import botocore.loaders
import botocore.model
import botocore.serialize
import botocore.session
from checks import check, run

TABLE = pathlib.Path(__file__).parents[3] / "emulator" / "constraints" / "constraints.json"
OPERATIONS = {service: sorted(table["operations"]) for service, table in json.loads(TABLE.read_text()).items()}

# Error codes for violations of the API model, by service.
REFUSALS = {
    "iam": {"ValidationError"},
    "sts": {"ValidationError"},
    "eks": {"InvalidParameterException"},
    "eks-auth": {"InvalidParameterException"},
    "s3": {"InvalidArgument", "InvalidRequest", "MalformedXML", "MissingRequestBodyError", "InvalidStorageClass",
           "InvalidEncryptionAlgorithmError", "InvalidLocationConstraint", "InvalidTag", "InvalidPart", "400"},
}
REFUSALS["s3control"] = REFUSALS["s3"] | {"NotImplemented"}

# Reasons why AWS accepts violations of its own model: (service, member, constraint) -> reason.
ACCEPTED = {}

# Members without which an S3 request is another operation.
SELECTING = {"CopySource", "PartNumber", "UploadId"}

ACCOUNT = "arn:aws:iam::111122223333"
DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}})
# Valid values of members for which a few letters are invalid.
VALUES = {
    "AssumeRolePolicyDocument": DOCUMENT,
    "PolicyDocument": DOCUMENT,
    "Policy": DOCUMENT,
    "PolicyArn": f"{ACCOUNT}:policy/constraints",
    "PermissionsBoundary": f"{ACCOUNT}:policy/constraints",
    "OpenIDConnectProviderArn": f"{ACCOUNT}:oidc-provider/constraints.example.com",
    "Url": "https://constraints.example.com",
    "RoleArn": f"{ACCOUNT}:role/constraints",
    "roleArn": f"{ACCOUNT}:role/constraints",
    "PolicySourceArn": f"{ACCOUNT}:role/constraints",
    "principalArn": f"{ACCOUNT}:role/constraints",
    "nodeRole": f"{ACCOUNT}:role/constraints",
    "resourceArn": "arn:aws:eks:us-west-2:111122223333:cluster/constraints",
    "ResourceArn": "arn:aws:s3:::constraints",
    "AccountId": "111122223333",
    "policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
    "arn": f"{ACCOUNT}:policy/constraints",
    "Path": "/constraints/",
    "NewPath": "/constraints/",
    "PathPrefix": "/constraints/",
    "VersionId": "v1",
    "ThumbprintList": "0" * 40,
    "token": "a.b.c",
    "addonName": "eks-pod-identity-agent",
    "CopySource": "constraints/source",
    "Bucket": "constraints",
}
# At least one of these values violates each pattern.
ODD = ["!", "no value", "\u20ac", "\u0001", "/"]


def matches(pattern, value):
    """Matches the whole value with a Java regular expression, as AWS does."""
    flags = 0 if "\\p" in pattern else re.ASCII
    pattern = pattern.replace("\\p{L}", "^\\W_").replace("[^\\W_", "[\\w").replace("\\p{Z}", "\\s").replace("\\p{N}", "")
    return re.fullmatch(pattern, value, flags) is not None


def holding(shape, name, least=1):
    """Returns a valid value of a shape, with required members, or `least` members if none is required."""
    if shape.type_name == "structure":
        # A structure without members would be equivalent to a missing one.
        members = shape.required_members or list(shape.members)[:least]
        return {member: holding(shape.members[member], member) for member in members}
    if shape.type_name == "list":
        return [holding(shape.member, name) for _ in range(max(1, shape.metadata.get("min", 0)))]
    if shape.type_name == "map":
        return {holding(shape.key, "key"): holding(shape.value, "value")}
    if shape.type_name in ("integer", "long"):
        return max(shape.metadata.get("min", 1), 1)
    if shape.type_name == "boolean":
        return True
    if shape.type_name == "blob":
        return b"blob"
    if "enum" in shape.metadata:
        return shape.metadata["enum"][0]
    value = VALUES.get(name, "a1" * max(2, -(-shape.metadata.get("min", 0) // 2)))
    return "123456" if not fits(shape, value) and shape.metadata.get("max") == 6 else value


def fits(shape, value):
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max", sys.maxsize)
    return low <= len(value) <= high and matches(shape.metadata.get("pattern", r"(?s:.*)"), value)


def breaking(shape, name):
    """Returns (constraint, value) for each constraint of the shape, with a value that violates it."""
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    value = holding(shape, name)
    if shape.type_name in ("integer", "long"):
        return [("min", (low or 0) - 1)] * (low is not None) + [("max", (high or 0) + 1)] * (high is not None)
    if shape.type_name == "list":
        return [("min", [])] * (low == 1) + [("max", value * ((high or 0) + 1))] * (high is not None)
    if shape.type_name == "map":
        many = {f"key{number}": "value" for number in range((high or 0) + 1)}
        return [("min", {})] * (low == 1) + [("max", many)] * (high is not None)
    if shape.type_name != "string":
        return []
    found = [("min", "a" * ((low or 0) - 1))] * bool(low) + [("max", "a" * ((high or 0) + 1))] * (high is not None)
    if "enum" in shape.metadata:
        found.append(("enum", "no-such-value"))
    if "pattern" in shape.metadata:
        odd = [text * max(1, low or 1) for text in ODD]
        odd = [text for text in odd if not matches(shape.metadata["pattern"], text)]
        found.extend(("pattern", text) for text in odd[:1])
    return found


def places(shape, name, path=(), above=()):
    """Yields (path, shape, required) of all members of a structure, including those in nested structures and lists."""
    if shape.name in above:
        return
    if shape.type_name == "structure":
        for member, inner in shape.members.items():
            yield (*path, member), inner, member in shape.required_members
            yield from places(inner, member, (*path, member), (*above, shape.name))
    elif shape.type_name == "list":
        yield (*path, 0), shape.member, False
        yield from places(shape.member, name, (*path, 0), (*above, shape.name))
    elif shape.type_name == "map":
        yield (*path, "{key}"), shape.key, False
        yield (*path, "{value}"), shape.value, False


def put(shape, value, path, new):
    """Returns `value` with `new` at a path, and the members that this requires. If `new` is None, the member is omitted."""
    value = copy.deepcopy(value)
    (step, *rest), name = path, str(path[0])
    if step == "{key}":
        return {new: "value"}
    if step == "{value}":
        return {"key": new}
    inner = shape.member if step == 0 else shape.members[step]
    if rest:
        present = value[0] if step == 0 else value.get(step)
        new = put(inner, holding(inner, name) if present is None else present, rest, new)
    if step == 0:
        return [new]
    value[step] = new
    if new is None:
        del value[step]
        # A structure without members would be missing too.
        others = [] if value else [member for member in shape.members if member != step]
        value.update({other: holding(shape.members[other], other) for other in others[:1]})
    return value


class Service:
    def __init__(self, name):
        data = botocore.loaders.create_loader().load_service_model(name, "service-2")
        self.name, self.model = name, botocore.model.ServiceModel(data, name)
        self.serializer = botocore.serialize.create_serializer(self.model.protocol, include_validation=False)
        session = botocore.session.get_session()
        auth = botocore.auth.S3SigV4Auth if name.startswith("s3") else botocore.auth.SigV4Auth
        self.signer = auth(session.get_credentials(), self.model.signing_name, session.get_config_variable("region"))
        self.http, self.answers = botocore.httpsession.URLLib3Session(), {}

    def send(self, operation, value):
        """Returns the error's code and message, or () if the request succeeds."""
        key = (operation.name, json.dumps(value, sort_keys=True, default=str))
        if key not in self.answers:
            self.answers[key] = self._send(operation, value)
        return self.answers[key]

    def _send(self, operation, value):
        described = self.serializer.serialize_to_request(value, operation)
        # Hosts of S3 Control begin with the account.
        described.pop("host_prefix", None)
        botocore.awsrequest.prepare_request_dict(described, endpoint_url=os.environ["AWS_ENDPOINT_URL"])
        request = botocore.awsrequest.create_request_object(described)
        if self.name.startswith("s3") and request.data:
            request.headers["Content-MD5"] = base64.b64encode(hashlib.md5(request.data).digest()).decode()
        self.signer.add_auth(request)
        answer = self.http.send(request.prepare())
        if answer.status_code < 300:
            return ()
        text = answer.content.decode()
        code = re.search("<Code>(.*?)</Code>", text)
        code = code.group(1) if code else answer.headers.get("x-amzn-errortype", str(answer.status_code))
        return code, re.sub("<RequestId>.*?</HostId>|<RequestId>.*?</RequestId>", "", text)


def sendable(operation, path, constraint, value):
    """Whether a request can express this value. A path with a missing part belongs to another operation."""
    # The account of S3 Control is part of the host name, which must be valid.
    if path[0] == "AccountId" or constraint == "required" and path[0] in SELECTING:
        return False
    member = operation.input_shape.members[path[0]]
    location = member.serialization.get("location")
    if location == "uri":
        return value not in (None, "") and path[0] not in ("Bucket", "Key")
    return not (location in ("header", "querystring") and value in ("", []) and constraint == "min")


def probe(name):
    """Returns the number of requests with a violation, and those that were accepted."""
    service, made, accepted = Service(name), 0, []
    for operation in map(service.model.operation_model, OPERATIONS[name]):
        if operation.input_shape is None:
            continue
        base = holding(operation.input_shape, operation.name, 0)
        for path, shape, required in places(operation.input_shape, operation.name):
            broken = breaking(shape, str(path[-1] if path[-1] != 0 else path[-2]))
            for constraint, value in broken + [("required", None)] * required:
                if not sendable(operation, path, constraint, value):
                    continue
                control = put(operation.input_shape, base, path, holding(shape, str(path[-1])))
                answer = service.send(operation, put(operation.input_shape, base, path, value))
                made += 1
                if not answer or answer[0] not in REFUSALS[name] or answer == service.send(operation, control):
                    accepted.append((operation.name, ".".join(map(str, path)), constraint, answer[:1]))
    return made, accepted


FOUND = {}


def judge(name):
    FOUND[name] = made, accepted = probe(name)
    if len(sys.argv) > 1:
        print(f"{name}: {len(accepted)} of {made} accepted", *accepted, sep="\n  ", file=sys.stderr)
    unexplained = [found for found in accepted if (name, found[1], found[2]) not in ACCEPTED]
    if unexplained:
        raise AssertionError(f"{len(unexplained)} of {made} were accepted without a known reason: {unexplained}")
    if made == 0:
        raise AssertionError("the model has no constraints")


@check("rejects violations of IAM's API model")
def iam():
    judge("iam")


@check("rejects violations of STS's API model")
def sts():
    judge("sts")


@check("rejects violations of EKS's API model")
def eks():
    judge("eks")


@check("rejects violations of EKS Auth's API model")
def eks_auth():
    judge("eks-auth")


@check("rejects violations of S3's API model")
def s3():
    judge("s3")


@check("rejects violations of S3 Control's API model")
def s3_control():
    judge("s3control")


@check("accepts at most 1.5 % of violations, namely those that AWS accepts")
def share():
    made = sum(found[0] for found in FOUND.values())
    accepted = sum(len(found[1]) for found in FOUND.values())
    if accepted > 0.015 * made:
        raise AssertionError(f"{accepted} of {made} were accepted")


run()
