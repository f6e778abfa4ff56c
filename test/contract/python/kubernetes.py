"""Tests a cluster's API server with kubectl, and pods' credentials with boto3 and the AWS CLI."""

import json
import os
import shutil
import sys

from checks import check, contains, equal, run
from cluster import IMAGE, POD_IDENTITY, SUBNETS, Cluster, eks
from roles import ACCOUNT, allow, iam, make_role, trust

NODE_POLICY = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"
state = {}


def cluster():
    return state["cluster"]


def kubectl(*arguments, **options):
    return cluster().kubectl(*arguments, **options)


def object_of(*arguments):
    return json.loads(kubectl("get", *arguments, "-o", "json"))


def manifest(kind, name, **fields):
    version = fields.pop("apiVersion", "v1")
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **fields.pop("metadata", {})}, **fields}


def apply(*objects):
    return kubectl("apply", "-f", "-", stdin="\n---\n".join(map(json.dumps, objects)))


def output_of(pod):
    """Waits until a pod has ended, and returns its output."""
    kubectl("wait", f"pod/{pod}", "--for=jsonpath={.status.containerStatuses[0].state.terminated}", "--timeout=20s")
    return kubectl("logs", pod)


@check("signs in with a presigned bearer token")
def sign_in():
    made = state["cluster"] = Cluster("kubernetes")
    role = make_role("kubernetes-node", trust({"Service": "ec2.amazonaws.com"}, "sts:AssumeRole"))
    iam.attach_role_policy(RoleName="kubernetes-node", PolicyArn=NODE_POLICY)
    eks.create_nodegroup(clusterName=made.name, nodegroupName="nodes", nodeRole=role, subnets=SUBNETS)
    eks.create_addon(clusterName=made.name, addonName="eks-pod-identity-agent")
    contains(kubectl("auth", "whoami"), "system:masters")
    contains(kubectl("version"), "Server Version: v1.")
    contains(kubectl("api-resources"), "serviceaccounts")


@check("signs in with the AWS CLI as exec plugin, but not with a token for another cluster")
def exec_plugin():
    execute = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": shutil.which("aws"),
        "args": ["eks", "get-token", "--cluster-name", cluster().name],
        "interactiveMode": "Never",
    }
    contains(kubectl("get", "namespaces", kubeconfig=cluster().write_kubeconfig({"exec": execute})), "kube-system")
    execute["args"][-1] = "another"
    contains(kubectl("get", "namespaces", kubeconfig=cluster().write_kubeconfig({"exec": execute}), fails=True),
             "You must be logged in to the server")
    contains(kubectl("get", "namespaces", kubeconfig=cluster().write_kubeconfig({"token": "none"}), fails=True),
             "You must be logged in to the server")


@check("creates, applies, patches, labels and deletes objects")
def objects():
    kubectl("create", "namespace", "red")
    contains(kubectl("create", "namespace", "red", fails=True), "AlreadyExists")
    kubectl("create", "serviceaccount", "app", "-n", "red")
    config = manifest("ConfigMap", "settings", metadata={"namespace": "red"}, data={"a": "1", "b": "2"})
    contains(apply(config), "created")
    contains(apply(config), "unchanged")
    del config["data"]["a"]
    contains(apply(config), "configured")
    equal(object_of("configmap", "settings", "-n", "red")["data"], {"b": "2"})
    kubectl("patch", "configmap", "settings", "-n", "red", "--type=json", "-p",
            '[{"op": "add", "path": "/data/c", "value": "3"}]')
    kubectl("annotate", "serviceaccount", "app", "-n", "red", "eks.amazonaws.com/audience=x")
    kubectl("label", "configmap", "settings", "-n", "red", "team=red")
    equal(object_of("configmaps", "-n", "red", "-l", "team=red")["items"][0]["data"], {"b": "2", "c": "3"})
    contains(kubectl("get", "serviceaccounts", "-A"), "app")
    contains(kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(config)), "serverside-applied")
    kubectl("delete", "configmap", "settings", "-n", "red", "--wait=true")
    contains(kubectl("get", "configmap", "settings", "-n", "red", fails=True), "NotFound")


@check("authorizes service accounts with RBAC")
def rbac():
    who = "--as=system:serviceaccount:red:app"
    contains(kubectl("auth", "can-i", "get", "pods", "-n", "red", who, fails=True), "")
    kubectl("create", "role", "reader", "-n", "red", "--verb=get,list", "--resource=pods")
    kubectl("create", "rolebinding", "reader", "-n", "red", "--role=reader", "--serviceaccount=red:app")
    equal(kubectl("auth", "can-i", "get", "pods", "-n", "red", who).strip(), "yes")
    contains(kubectl("auth", "can-i", "delete", "pods", "-n", "red", who, fails=True), "")
    token = kubectl("create", "token", "app", "-n", "red", "--duration=10m").strip()
    own = cluster().write_kubeconfig({"token": token})
    contains(kubectl("auth", "whoami", kubeconfig=own), "system:serviceaccount:red:app")
    kubectl("get", "pods", "-n", "red", kubeconfig=own)
    contains(kubectl("get", "secrets", "-n", "red", kubeconfig=own, fails=True), "Forbidden")


@check("runs a pod to completion and returns its logs")
def logs():
    kubectl("run", "hello", f"--image={IMAGE}", "--restart=Never", "--command", "--", "sh", "-c", "echo hello; echo $HOSTNAME")
    kubectl("wait", "pod/hello", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=20s")
    equal(kubectl("logs", "hello"), "hello\nhello\n")
    equal(kubectl("logs", "hello", "--tail=1"), "hello\n")
    contains(kubectl("describe", "pod", "hello"), "Started container")
    contains(kubectl("get", "pods"), "Completed")
    kubectl("run", "unknown", "--image=example.com/unknown", "--restart=Never")
    kubectl("wait", "pod/unknown", "--for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=ImagePullBackOff",
            "--timeout=20s")
    kubectl("delete", "pod", "hello", "unknown")
    kubectl("wait", "pod/hello", "--for=delete", "--timeout=20s")


@check("follows the logs of a running pod, and stops it")
def follow():
    cluster().run_pod("waiting", ["sh", "-c", "echo ready; exec sleep 60"])
    kubectl("wait", "pod/waiting", "--for=condition=Ready", "--timeout=20s")
    equal(kubectl("logs", "waiting"), "ready\n")
    kubectl("delete", "pod", "waiting", "--grace-period=1", "--timeout=20s")


@check("provides credentials from an association to the default chains of boto3 and the AWS CLI")
def workload():
    arn = make_role("kubernetes-app", POD_IDENTITY, allow("s3:ListAllMyBuckets", "*"))
    kubectl("create", "serviceaccount", "app")
    eks.create_pod_identity_association(clusterName=cluster().name, namespace="default", serviceAccount="app", roleArn=arn)
    # On embedded clusters the agent listens on loopback, which boto3 accepts as well as the link-local address.
    env = {"AWS_ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL"], "AWS_DEFAULT_REGION": "us-west-2", "AWS_CONFIG_FILE": "/dev/null"}
    program = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn']); boto3.client('s3').list_buckets()"
    cluster().run_pod("with-boto3", [sys.executable, "-c", program], "app", env)
    aws = [shutil.which("aws"), "sts", "get-caller-identity", "--query", "Arn", "--output", "text"]
    cluster().run_pod("with-aws", aws, "app", env)
    for pod in ("with-boto3", "with-aws"):
        contains(output_of(pod), f"arn:aws:sts::{ACCOUNT}:assumed-role/kubernetes-app/eks-kubernetes-{pod}")


@check("provides a web identity token from an annotation, which boto3 exchanges for credentials")
def web_identity():
    issuer = cluster().issuer
    provider = iam.create_open_id_connect_provider(Url=issuer, ClientIDList=["sts.amazonaws.com"])
    key = f"{issuer.removeprefix('https://')}:sub"
    subject = {"StringEquals": {key: "system:serviceaccount:default:web"}}
    federated = {"Federated": provider["OpenIDConnectProviderArn"]}
    arn = make_role("kubernetes-web", trust(federated, "sts:AssumeRoleWithWebIdentity", subject))
    apply(manifest("ServiceAccount", "web", metadata={"annotations": {"eks.amazonaws.com/role-arn": arn}}))
    env = {"AWS_ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL"], "AWS_DEFAULT_REGION": "us-west-2", "AWS_CONFIG_FILE": "/dev/null"}
    program = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    cluster().run_pod("with-web", [sys.executable, "-c", program], "web", env)
    contains(output_of("with-web"), f"arn:aws:sts::{ACCOUNT}:assumed-role/kubernetes-web/")


run()
