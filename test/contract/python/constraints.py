"""Requests that break one constraint of botocore's API models each, to all operations that the emulator has.

Each is compared with its control, the same request with a value that holds: what is refused must be refused for the
constraint's sake. With an argument, the requests that were accepted are printed as well.
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

# How a service refuses what its API model does not have.
REFUSALS = {
    "iam": {"ValidationError"},
    "sts": {"ValidationError"},
    "eks": {"InvalidParameterException"},
    "eks-auth": {"InvalidParameterException"},
    "s3": {"InvalidArgument", "InvalidRequest", "MalformedXML", "MissingRequestBodyError", "InvalidStorageClass",
           "InvalidEncryptionAlgorithmError", "InvalidLocationConstraint", "InvalidTag", "InvalidPart", "400"},
}
REFUSALS["s3control"] = REFUSALS["s3"] | {"NotImplemented"}

# Why AWS accepts what breaks its own model: (service, member, constraint) -> reason.
ACCEPTED = {}

# Without one of these a request to S3 is another operation.
SELECTING = {"CopySource", "PartNumber", "UploadId"}

ACCOUNT = "arn:aws:iam::111122223333"
DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}})
# Values that hold, where a few letters do not.
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
# Values of which at least one breaks any of the patterns.
ODD = ["!", "no value", "\u20ac", "\u0001", "/"]


def matches(pattern, value):
    """As AWS does: the whole value, by a regular expression of Java."""
    flags = 0 if "\\p" in pattern else re.ASCII
    pattern = pattern.replace("\\p{L}", "^\\W_").replace("[^\\W_", "[\\w").replace("\\p{Z}", "\\s").replace("\\p{N}", "")
    return re.fullmatch(pattern, value, flags) is not None


def holding(shape, name, least=1):
    """A value of a shape with what is required of it, and `least` members of a structure."""
    if shape.type_name == "structure":
        # One without any member could not be told from one that is not there.
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
    """(constraint, value) for each constraint that a value of this shape can break by itself."""
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
    """Every (path, shape, required) in a structure; a path leads through members, and through the elements of lists."""
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
    """`value` with `new` at a path, and what is required around it. `new` is None for a member that is left out."""
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
        # A structure without any member would not be there either.
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
        """The error's code and text; () for a request that is granted."""
        key = (operation.name, json.dumps(value, sort_keys=True, default=str))
        if key not in self.answers:
            self.answers[key] = self._send(operation, value)
        return self.answers[key]

    def _send(self, operation, value):
        described = self.serializer.serialize_to_request(value, operation)
        # S3 Control's hosts are named after accounts.
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
    """Whether a request can say this: a path without one of its parts is another operation's."""
    # S3 Control's account is part of the host's name, which takes no odd one.
    if path[0] == "AccountId" or constraint == "required" and path[0] in SELECTING:
        return False
    member = operation.input_shape.members[path[0]]
    location = member.serialization.get("location")
    if location == "uri":
        return value not in (None, "") and path[0] not in ("Bucket", "Key")
    return not (location in ("header", "querystring") and value in ("", []) and constraint == "min")


def probe(name):
    """(made, accepted) requests of a service that break one constraint each."""
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
        raise AssertionError(f"{len(unexplained)} of {made} were accepted without a reason: {unexplained}")
    if made == 0:
        raise AssertionError("there was nothing to break")


@check("refuses what IAM's API model forbids")
def iam():
    judge("iam")


@check("refuses what STS's API model forbids")
def sts():
    judge("sts")


@check("refuses what EKS's API model forbids")
def eks():
    judge("eks")


@check("refuses what EKS Auth's API model forbids")
def eks_auth():
    judge("eks-auth")


@check("refuses what S3's API model forbids")
def s3():
    judge("s3")


@check("refuses what S3 Control's API model forbids")
def s3_control():
    judge("s3control")


@check("accepts at most 1.5 % of what the models forbid, as AWS does")
def share():
    made = sum(found[0] for found in FOUND.values())
    accepted = sum(len(found[1]) for found in FOUND.values())
    if accepted > 0.015 * made:
        raise AssertionError(f"{accepted} of {made} were accepted")


run()
