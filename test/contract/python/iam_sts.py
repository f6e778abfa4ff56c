"""IAM and STS with boto3."""

import os
import subprocess
import tempfile

import boto3
from checks import check, contains, equal, refused, run
from roles import ACCOUNT, allow, document, iam, make_role, trust, with_credentials

sts = boto3.client("sts")
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
ADMINISTRATOR = sts.get_caller_identity()["Arn"]
TAGGING = ["sts:AssumeRole", "sts:TagSession"]


@check("creates a role, waits for it and returns its documents unchanged")
def roles():
    made = iam.create_role(RoleName="documented", Path="/team/", AssumeRolePolicyDocument=trust(ROOT, "sts:AssumeRole"),
                           Description="of a check", MaxSessionDuration=7200, Tags=[{"Key": "team", "Value": "red"}])
    equal(made["Role"]["Arn"], f"arn:aws:iam::{ACCOUNT}:role/team/documented")
    iam.get_waiter("role_exists").wait(RoleName="documented", WaiterConfig={"Delay": 1, "MaxAttempts": 2})
    role = iam.get_role(RoleName="documented")["Role"]
    equal(role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"], ROOT)
    equal((role["Description"], role["MaxSessionDuration"]), ("of a check", 7200))
    equal(iam.list_role_tags(RoleName="documented")["Tags"], [{"Key": "team", "Value": "red"}])
    iam.put_role_policy(RoleName="documented", PolicyName="p", PolicyDocument=document(allow("s3:*", "*")))
    equal(iam.get_role_policy(RoleName="documented", PolicyName="p")["PolicyDocument"]["Statement"], [allow("s3:*", "*")])
    equal(iam.list_role_policies(RoleName="documented")["PolicyNames"], ["p"])


@check("lists roles in pages")
def paging():
    for number in range(5):
        make_role(f"paged-{number}", trust(ROOT, "sts:AssumeRole"))
    pages = iam.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": 2})
    names = [role["RoleName"] for page in pages for role in page["Roles"]]
    equal([name for name in names if name.startswith("paged-")], [f"paged-{number}" for number in range(5)])


@check("attaches managed policies and rejects the deletion of resources in use")
def managed():
    arn = iam.create_policy(PolicyName="managed", PolicyDocument=document(allow("s3:ListAllMyBuckets", "*")))["Policy"]["Arn"]
    iam.get_waiter("policy_exists").wait(PolicyArn=arn, WaiterConfig={"Delay": 1, "MaxAttempts": 2})
    iam.attach_role_policy(RoleName="documented", PolicyArn=arn)
    equal(iam.list_attached_role_policies(RoleName="documented")["AttachedPolicies"],
          [{"PolicyName": "managed", "PolicyArn": arn}])
    refused("DeleteConflict", iam.delete_policy, PolicyArn=arn)
    refused("DeleteConflict", iam.delete_role, RoleName="documented")
    iam.detach_role_policy(RoleName="documented", PolicyArn=arn)
    iam.delete_policy(PolicyArn=arn)
    refused("NoSuchEntity", iam.get_policy, PolicyArn=arn)


@check("answers invalid calls with the error codes of IAM")
def errors():
    refused("NoSuchEntity", iam.get_role, RoleName="none")
    refused("EntityAlreadyExists", iam.create_role, RoleName="documented",
            AssumeRolePolicyDocument=trust(ROOT, "sts:AssumeRole"))
    refused("MalformedPolicyDocument", iam.create_role, RoleName="bad", AssumeRolePolicyDocument="{}")
    refused("MalformedPolicyDocument", iam.put_role_policy, RoleName="documented", PolicyName="bad",
            PolicyDocument=document({"Effect": "Perhaps", "Action": "*", "Resource": "*"}))


@check("assumes a role with tags, and chains a second role")
def chain():
    first = make_role("first", trust({"AWS": ADMINISTRATOR}, TAGGING), allow(TAGGING, "*"))
    second = make_role("second", trust({"AWS": first}, TAGGING, {"StringEquals": {"aws:PrincipalTag/team": "red"}}))
    session = sts.assume_role(RoleArn=first, RoleSessionName="one", Tags=[{"Key": "team", "Value": "red"}],
                              TransitiveTagKeys=["team"])
    equal(session["AssumedRoleUser"]["Arn"], f"arn:aws:sts::{ACCOUNT}:assumed-role/first/one")
    as_first = with_credentials("sts", session["Credentials"])
    equal(as_first.get_caller_identity()["Arn"], session["AssumedRoleUser"]["Arn"])
    chained = as_first.assume_role(RoleArn=second, RoleSessionName="two")
    equal(with_credentials("sts", chained["Credentials"]).get_caller_identity()["Arn"],
          f"arn:aws:sts::{ACCOUNT}:assumed-role/second/two")
    refused("ValidationError", as_first.assume_role, RoleArn=second, RoleSessionName="two", DurationSeconds=7200)
    untagged = sts.assume_role(RoleArn=first, RoleSessionName="one")["Credentials"]
    refused("AccessDenied", with_credentials("sts", untagged).assume_role, RoleArn=second, RoleSessionName="two")


@check("creates users with policies and keys, which only work while they are active")
def users():
    user = iam.create_user(UserName="ann", Path="/team/", Tags=[{"Key": "team", "Value": "red"}])["User"]
    iam.get_waiter("user_exists").wait(UserName="ann", WaiterConfig={"Delay": 1, "MaxAttempts": 2})
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=document(allow("iam:GetUser", user["Arn"])))
    equal(iam.list_user_policies(UserName="ann")["PolicyNames"], ["own"])
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    as_ann = with_credentials("iam", key)
    equal(as_ann.get_user()["User"]["Tags"], [{"Key": "team", "Value": "red"}])
    refused("AccessDenied", as_ann.list_users)
    identity = with_credentials("sts", key).get_caller_identity()
    equal((identity["Arn"], identity["UserId"]), (user["Arn"], user["UserId"]))
    iam.update_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    refused("InvalidClientTokenId", as_ann.get_user)
    refused("DeleteConflict", iam.delete_user, UserName="ann")
    iam.delete_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="ann", PolicyName="own")
    iam.delete_user(UserName="ann")


@check("lets a user assume a role with a profile of the AWS CLI")
def by_hand():
    user = iam.create_user(UserName="bob")["User"]
    key = iam.create_access_key(UserName="bob")["AccessKey"]
    role = make_role("reader", trust({"AWS": user["Arn"]}, "sts:AssumeRole"), allow("iam:GetRole", "*"))
    with tempfile.NamedTemporaryFile("w") as config:
        config.write(f"[profile bob]\naws_access_key_id = {key['AccessKeyId']}\n"
                     f"aws_secret_access_key = {key['SecretAccessKey']}\n"
                     f"[profile reader]\nsource_profile = bob\nrole_arn = {role}\nrole_session_name = by-hand\n")
        config.flush()
        environment = {name: value for name, value in os.environ.items() if "ACCESS_KEY" not in name}

        def aws(*arguments, profile="reader"):
            command = ["aws", "--profile", profile, *arguments, "--output", "text"]
            return subprocess.run(command, env={**environment, "AWS_CONFIG_FILE": config.name}, text=True,
                                  capture_output=True, check=False)

        equal(aws("sts", "get-caller-identity", "--query", "Arn").stdout.strip(),
              f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/by-hand")
        equal(aws("iam", "get-role", "--role-name", "reader", "--query", "Role.Arn").stdout.strip(), role)
        contains(aws("iam", "list-roles").stderr, "AccessDenied")
        other = make_role("not-of-bob", trust(ROOT, "sts:AssumeRole"))
        denied = aws("sts", "assume-role", "--role-arn", other, "--role-session-name", "by-hand", profile="bob")
        contains(denied.stderr, f"User: {user['Arn']} is not authorized to perform: sts:AssumeRole on resource: {other}")


@check("simulates the policies of a role in pages, and custom policies")
def simulations():
    arn = make_role("simulated", trust(ROOT, "sts:AssumeRole"), allow("s3:GetObject", "arn:aws:s3:::data/red/*"))
    pages = iam.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=arn, ActionNames=["s3:GetObject", "s3:PutObject"],
        ResourceArns=["arn:aws:s3:::data/red/key", "arn:aws:s3:::data/blue/key"], PaginationConfig={"PageSize": 1})
    read, write = [result for page in pages for result in page["EvaluationResults"]]
    equal([each["EvalResourceDecision"] for each in read["ResourceSpecificResults"]], ["allowed", "implicitDeny"])
    equal(read["MatchedStatements"][0]["SourcePolicyId"], "role_simulated_inline")
    equal((read["EvalDecision"], write["EvalDecision"], write["MatchedStatements"]), ("implicitDeny", "implicitDeny", []))
    tagged = {**allow("s3:GetObject", "*"), "Condition": {"StringEquals": {"s3:ExistingObjectTag/team": "red"}}}
    asked = {"PolicyInputList": [document(tagged)], "ActionNames": ["s3:GetObject"]}
    [result] = iam.simulate_custom_policy(**asked)["EvaluationResults"]
    equal((result["EvalDecision"], result["MissingContextValues"]), ("implicitDeny", ["s3:ExistingObjectTag/team"]))
    red = {"ContextKeyName": "s3:ExistingObjectTag/team", "ContextKeyValues": ["red"], "ContextKeyType": "string"}
    [result] = iam.simulate_custom_policy(**asked, ContextEntries=[red])["EvaluationResults"]
    equal(result["EvalDecision"], "allowed")
    equal(iam.update_role_description(RoleName="simulated", Description="new")["Role"]["Description"], "new")


@check("rejects roles that do not trust the caller, and malformed tokens")
def refusals():
    pods = make_role("pods-only", trust({"Service": "pods.eks.amazonaws.com"}, TAGGING))
    answer = refused("AccessDenied", sts.assume_role, RoleArn=pods, RoleSessionName="some")
    contains(answer["Error"]["Message"], "is not authorized to perform: sts:AssumeRole on resource")
    refused("InvalidIdentityToken", sts.assume_role_with_web_identity, RoleArn=pods, RoleSessionName="some",
            WebIdentityToken="no.token.here")


@check("limits a session with a session policy")
def session_policy():
    arn = make_role("wide", trust(ROOT, TAGGING), allow("iam:*", "*"))
    narrow = sts.assume_role(RoleArn=arn, RoleSessionName="some", Policy=document(allow("iam:GetRole", "*")))
    client = with_credentials("iam", narrow["Credentials"])
    client.get_role(RoleName="wide")
    refused("AccessDenied", client.list_roles)


@check("reports unsupported services by name, in the format of their protocol")
def others():
    calls = {"dynamodb": "list_tables", "kms": "list_keys", "secretsmanager": "list_secrets", "ssm": "describe_parameters",
             "sqs": "list_queues", "sns": "list_topics", "lambda": "list_functions"}
    for service, call in calls.items():
        code = "InvalidAction" if service == "sns" else "UnknownOperationException"
        contains(refused(code, getattr(boto3.client(service), call))["Error"]["Message"], f"does not support {service}")


@check("deletes roles")
def delete():
    iam.delete_role_policy(RoleName="documented", PolicyName="p")
    iam.delete_role(RoleName="documented")
    refused("NoSuchEntity", iam.get_role, RoleName="documented")


run()
