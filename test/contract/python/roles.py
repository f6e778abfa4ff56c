"""Roles and policies for checks."""

import json

import boto3

iam = boto3.client("iam")
ACCOUNT = boto3.client("sts").get_caller_identity()["Account"]


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions, resources):
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def trust(principal, actions, condition=None):
    statement = {"Effect": "Allow", "Principal": principal, "Action": actions}
    return document({**statement, "Condition": condition} if condition else statement)


def make_role(name, trust_policy, *statements):
    """Creates a role with an inline policy, and returns its ARN."""
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust_policy)["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=document(*statements))
    return arn


def with_credentials(service, credentials):
    """Returns a client with credentials from STS or EKS Auth, or with a user's access key."""
    lower = {key[0].lower() + key[1:]: value for key, value in credentials.items()}
    return boto3.client(
        service,
        aws_access_key_id=lower["accessKeyId"],
        aws_secret_access_key=lower["secretAccessKey"],
        aws_session_token=lower.get("sessionToken"),
    )
