"""An embedded cluster of the emulator's EKS, with kubectl and sessions of service accounts."""

import base64
import json
import os
import subprocess
import tempfile

import boto3
from roles import iam, make_role, trust

AUTH = "k8s-aws-v1."
SUBNETS = ["subnet-0000000000000000a", "subnet-0000000000000000b"]
POD_IDENTITY = trust({"Service": "pods.eks.amazonaws.com"}, ["sts:AssumeRole", "sts:TagSession"])
# The only image in the emulator's clusters. A command in the pod runs a local program instead.
IMAGE = "conformance.eks-pod-identity/probe:latest"
eks = boto3.client("eks")


def bearer_token(cluster_name):
    """Returns a token like that of `aws eks get-token`: a presigned GetCallerIdentity, bound to the cluster."""
    sts = boto3.client("sts")

    def name_cluster(request, **_):
        request.headers["x-k8s-aws-id"] = cluster_name

    sts.meta.events.register("before-sign.sts.GetCallerIdentity", name_cluster)
    url = sts.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    return AUTH + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


class Cluster:
    """Creates the cluster and waits until it is active."""

    def __init__(self, name):
        self.name = name
        self.role = make_role(f"{name}-cluster", trust({"Service": "eks.amazonaws.com"}, "sts:AssumeRole"))
        iam.attach_role_policy(RoleName=f"{name}-cluster", PolicyArn="arn:aws:iam::aws:policy/AmazonEKSClusterPolicy")
        self.created = eks.create_cluster(name=name, roleArn=self.role, resourcesVpcConfig={"subnetIds": SUBNETS},
                                          tags={"of": "contract"})["cluster"]
        eks.get_waiter("cluster_active").wait(name=name, WaiterConfig={"Delay": 1, "MaxAttempts": 10})
        self.description = eks.describe_cluster(name=name)["cluster"]
        self.issuer = self.description["identity"]["oidc"]["issuer"]
        self.directory = tempfile.TemporaryDirectory(prefix="contract-")
        self.kubeconfig = self.write_kubeconfig({"token": bearer_token(name)})

    def write_kubeconfig(self, user):
        """Writes a kubeconfig (as JSON, which is YAML) for this cluster and user. Returns its path."""
        server = {
            "server": self.description["endpoint"],
            "certificate-authority-data": self.description["certificateAuthority"]["data"],
        }
        path = os.path.join(self.directory.name, f"kubeconfig-{len(os.listdir(self.directory.name))}")
        with open(path, "w", encoding="utf8") as file:
            json.dump({
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "c", "cluster": server}],
                "users": [{"name": "u", "user": user}],
                "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
                "current-context": "x",
            }, file)
        return path

    def kubectl(self, *arguments, stdin=None, kubeconfig=None, fails=False):
        """Runs kubectl and returns its output. With `fails`, it must fail, and standard error is returned."""
        environment = {**os.environ, "KUBECONFIG": kubeconfig or self.kubeconfig, "HOME": self.directory.name}
        done = subprocess.run(["kubectl", *arguments], input=stdin, capture_output=True, text=True, env=environment,
                              timeout=30, check=False)
        if (done.returncode != 0) != fails:
            raise AssertionError(f"kubectl {' '.join(arguments)} exited {done.returncode}: {done.stderr}{done.stdout}")
        return done.stderr if fails else done.stdout

    def session(self, role_arn, account="default"):
        """Returns EKS Auth's response to the token of a pod with this service account in the default namespace."""
        if account != "default":
            self.kubectl("create", "serviceaccount", account)
        eks.create_pod_identity_association(clusterName=self.name, namespace="default", serviceAccount=account,
                                            roleArn=role_arn)
        token = self.pod_token(account, "pods.eks.amazonaws.com")
        return boto3.client("eks-auth").assume_role_for_pod_identity(clusterName=self.name, token=token)

    def pod_token(self, account, audience):
        """Returns a token of the service account, bound to a new pod."""
        pod = f"holder-{account}"
        if not self.kubectl("get", "pod", pod, "--ignore-not-found"):
            self.run_pod(pod, ["sleep", "60"], account)
        return self.kubectl("create", "token", account, f"--audience={audience}", "--bound-object-kind=Pod",
                            f"--bound-object-name={pod}").strip()

    def run_pod(self, name, command, account="default", env=None, namespace="default"):
        """Creates a pod that runs a local program once."""
        container = {"name": "main", "image": IMAGE, "command": command,
                     "env": [{"name": key, "value": value} for key, value in (env or {}).items()]}
        spec = {"serviceAccountName": account, "restartPolicy": "Never", "terminationGracePeriodSeconds": 1,
                "containers": [container]}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace}, "spec": spec}
        self.kubectl("apply", "-f", "-", stdin=json.dumps(pod))

    def delete(self):
        eks.delete_cluster(name=self.name)
        eks.get_waiter("cluster_deleted").wait(name=self.name, WaiterConfig={"Delay": 1, "MaxAttempts": 10})
        self.directory.cleanup()
