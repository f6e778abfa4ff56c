"""EKS and EKS Auth with boto3."""

import json
import subprocess

import boto3
from checks import check, contains, equal, refused, run
from cluster import POD_IDENTITY, SUBNETS, Cluster, eks
from roles import ACCOUNT, allow, iam, make_role, trust, with_credentials

AGENT = "eks-pod-identity-agent"
FAST = {"Delay": 1, "MaxAttempts": 10}
auth = boto3.client("eks-auth")
state = {}


@check("creates a cluster and waits until it is active")
def create():
    cluster = state["cluster"] = Cluster("contract")
    equal(cluster.description["status"], "ACTIVE")
    equal(cluster.description["tags"], {"of": "contract"})
    equal(cluster.description["arn"], f"arn:aws:eks:us-west-2:{ACCOUNT}:cluster/contract")
    contains(eks.list_clusters()["clusters"], "contract")
    refused("ResourceInUseException", eks.create_cluster, name="contract", roleArn=cluster.role,
            resourcesVpcConfig={"subnetIds": SUBNETS})
    refused("ResourceNotFoundException", eks.describe_cluster, name="none")


@check("creates a node group and the agent's add-on")
def node_group():
    role = make_role("contract-node", trust({"Service": "ec2.amazonaws.com"}, "sts:AssumeRole"))
    iam.attach_role_policy(RoleName="contract-node", PolicyArn="arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy")
    eks.create_nodegroup(clusterName="contract", nodegroupName="nodes", nodeRole=role, subnets=SUBNETS)
    eks.get_waiter("nodegroup_active").wait(clusterName="contract", nodegroupName="nodes", WaiterConfig=FAST)
    versions = eks.describe_addon_versions(addonName=AGENT)["addons"][0]["addonVersions"]
    version = versions[0]["addonVersion"]
    eks.create_addon(clusterName="contract", addonName=AGENT, addonVersion=version)
    eks.get_waiter("addon_active").wait(clusterName="contract", addonName=AGENT, WaiterConfig=FAST)
    equal(eks.describe_addon(clusterName="contract", addonName=AGENT)["addon"]["addonVersion"], version)
    equal(eks.list_addons(clusterName="contract")["addons"], [AGENT])
    refused("InvalidParameterException", eks.create_addon, clusterName="contract", addonName="no-such-addon")


@check("creates, lists, updates and tags associations")
def associations():
    arn = make_role("contract-app", POD_IDENTITY, allow("s3:ListAllMyBuckets", "*"))
    made = eks.create_pod_identity_association(clusterName="contract", namespace="default", serviceAccount="default",
                                               roleArn=arn, tags={"team": "red"})["association"]
    state["association"] = made["associationId"]
    refused("ResourceInUseException", eks.create_pod_identity_association, clusterName="contract", namespace="default",
            serviceAccount="default", roleArn=arn)
    for number in range(4):
        eks.create_pod_identity_association(clusterName="contract", namespace="many", serviceAccount=f"a{number}", roleArn=arn)
    pages = eks.get_paginator("list_pod_identity_associations").paginate(
        clusterName="contract", namespace="many", PaginationConfig={"PageSize": 3})
    equal([len(page["associations"]) for page in pages], [3, 1])
    equal(eks.list_tags_for_resource(resourceArn=made["associationArn"])["tags"], {"team": "red"})
    eks.tag_resource(resourceArn=made["associationArn"], tags={"stage": "test"})
    eks.untag_resource(resourceArn=made["associationArn"], tagKeys=["team"])
    updated = eks.update_pod_identity_association(clusterName="contract", associationId=made["associationId"],
                                                  roleArn=arn, disableSessionTags=True)["association"]
    equal((updated["disableSessionTags"], updated["tags"]), (True, {"stage": "test"}))


@check("returns credentials for a pod's token, and rejects other tokens")
def pod_identity():
    cluster = state["cluster"]
    token = cluster.pod_token("default", "pods.eks.amazonaws.com")
    answer = auth.assume_role_for_pod_identity(clusterName="contract", token=token)
    equal(answer["podIdentityAssociation"]["associationId"], state["association"])
    equal(answer["subject"], {"namespace": "default", "serviceAccount": "default"})
    caller = with_credentials("sts", answer["credentials"]).get_caller_identity()["Arn"]
    equal(caller, answer["assumedRoleUser"]["arn"])
    contains(caller, ":assumed-role/contract-app/eks-contract-holder-def")
    wrong = cluster.pod_token("default", "sts.amazonaws.com")
    refused("InvalidTokenException", auth.assume_role_for_pod_identity, clusterName="contract", token=wrong)
    refused("ResourceNotFoundException", auth.assume_role_for_pod_identity, clusterName="none", token=token)
    refused("AccessDeniedException", with_credentials("eks-auth", answer["credentials"]).assume_role_for_pod_identity,
            clusterName="contract", token=token)


@check("returns credentials for a pod's web identity token")
def web_identity():
    cluster = state["cluster"]
    issuer = cluster.issuer.removeprefix("https://").removeprefix("http://")
    provider = iam.create_open_id_connect_provider(Url=cluster.issuer, ClientIDList=["sts.amazonaws.com"])
    subject = {"StringEquals": {f"{issuer}:sub": "system:serviceaccount:default:default",
                                f"{issuer}:aud": "sts.amazonaws.com"}}
    federated = {"Federated": provider["OpenIDConnectProviderArn"]}
    arn = make_role("contract-web", trust(federated, "sts:AssumeRoleWithWebIdentity", subject))
    token = cluster.pod_token("default", "sts.amazonaws.com")
    assume = {"RoleArn": arn, "RoleSessionName": "web", "WebIdentityToken": token}
    answer = boto3.client("sts").assume_role_with_web_identity(**assume)
    equal(answer["SubjectFromWebIdentityToken"], "system:serviceaccount:default:default")
    equal(with_credentials("sts", answer["Credentials"]).get_caller_identity()["Arn"],
          f"arn:aws:sts::{ACCOUNT}:assumed-role/contract-web/web")
    other = cluster.pod_token("default", "pods.eks.amazonaws.com")
    refused("InvalidIdentityToken", boto3.client("sts").assume_role_with_web_identity, **{**assume, "WebIdentityToken": other})


@check("works with the AWS CLI")
def command_line():
    def aws(*arguments):
        return json.loads(subprocess.run(["aws", *arguments, "--output", "json"], capture_output=True, text=True, check=True,
                                         timeout=30).stdout)

    equal(aws("eks", "describe-cluster", "--name", "contract")["cluster"]["status"], "ACTIVE")
    equal(aws("sts", "get-caller-identity")["Account"], ACCOUNT)


@check("rejects the deletion of a cluster with nodes, then deletes everything")
def delete():
    refused("ResourceInUseException", eks.delete_cluster, name="contract")
    eks.delete_addon(clusterName="contract", addonName=AGENT)
    eks.get_waiter("addon_deleted").wait(clusterName="contract", addonName=AGENT, WaiterConfig=FAST)
    eks.delete_nodegroup(clusterName="contract", nodegroupName="nodes")
    eks.get_waiter("nodegroup_deleted").wait(clusterName="contract", nodegroupName="nodes", WaiterConfig=FAST)
    eks.delete_pod_identity_association(clusterName="contract", associationId=state["association"])
    state["cluster"].delete()
    refused("ResourceNotFoundException", eks.describe_cluster, name="contract")


run()
