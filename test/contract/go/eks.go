package main

import (
	"errors"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const (
	patience = 30 * time.Second
	podRole  = "go-app"
	granted  = "granted/key"
)

var (
	clusterName = aws.String("go")
	nodes       = aws.String("nodes")
	agent       = aws.String("eks-pod-identity-agent")
	subnets     = []string{"subnet-0000000000000000a", "subnet-0000000000000000b"}
	sessionData = aws.String("go-session")

	association *string
	kubernetes  *kubernetesClient
	session     aws.Config
)

func createCluster() {
	role := makeRole("go-cluster", "eks.amazonaws.com", "sts:AssumeRole")
	attach("go-cluster", "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy")
	request := &eks.CreateClusterInput{
		Name: clusterName, RoleArn: &role, ResourcesVpcConfig: &types.VpcConfigRequest{SubnetIds: subnets},
		Tags: map[string]string{"of": "contract"},
	}
	must(eksClient.CreateCluster(ctx, request))
	describe := &eks.DescribeClusterInput{Name: clusterName}
	waiter := eks.NewClusterActiveWaiter(eksClient, func(o *eks.ClusterActiveWaiterOptions) { o.MinDelay = time.Second })
	cluster := must(waiter.WaitForOutput(ctx, describe, patience)).Cluster
	equal(cluster.Status, types.ClusterStatusActive)
	equal(cluster.Tags, map[string]string{"of": "contract"})
	kubernetes = newKubernetesClient(cluster)
	second := *request
	second.ClientRequestToken = nil
	equal(codeOf(eksClient.CreateCluster(ctx, &second)), "ResourceInUseException")
	equal(codeOf(eksClient.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: aws.String("none")})), "ResourceNotFoundException")
}

func createAddon() {
	role := makeRole("go-node", "ec2.amazonaws.com", "sts:AssumeRole")
	attach("go-node", "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy")
	must(eksClient.CreateNodegroup(ctx, &eks.CreateNodegroupInput{
		ClusterName: clusterName, NodegroupName: nodes, NodeRole: &role, Subnets: subnets,
	}))
	group := eks.NewNodegroupActiveWaiter(eksClient, func(o *eks.NodegroupActiveWaiterOptions) { o.MinDelay = time.Second })
	succeeds(group.Wait(ctx, &eks.DescribeNodegroupInput{ClusterName: clusterName, NodegroupName: nodes}, patience))

	must(eksClient.CreateAddon(ctx, &eks.CreateAddonInput{ClusterName: clusterName, AddonName: agent}))
	addon := eks.NewAddonActiveWaiter(eksClient, func(o *eks.AddonActiveWaiterOptions) { o.MinDelay = time.Second })
	describe := &eks.DescribeAddonInput{ClusterName: clusterName, AddonName: agent}
	equal(must(addon.WaitForOutput(ctx, describe, patience)).Addon.Status, types.AddonStatusActive)
	equal(must(eksClient.ListAddons(ctx, &eks.ListAddonsInput{ClusterName: clusterName})).Addons, []string{*agent})
}

func associations() {
	role := makeRole(podRole, "pods.eks.amazonaws.com", "sts:AssumeRole", "sts:TagSession")
	must(iamClient.PutRolePolicy(ctx, &iam.PutRolePolicyInput{
		RoleName: aws.String(podRole), PolicyName: aws.String("inline"),
		PolicyDocument: document(allow("s3:GetObject", "arn:aws:s3:::"+*sessionData+"/granted/*")),
	}))
	create := func(account string) (*eks.CreatePodIdentityAssociationOutput, error) {
		return eksClient.CreatePodIdentityAssociation(ctx, &eks.CreatePodIdentityAssociationInput{
			ClusterName: clusterName, Namespace: aws.String("default"), ServiceAccount: &account, RoleArn: &role,
		})
	}
	made := must(create("app")).Association
	association = made.AssociationId
	other := must(create("other")).Association

	_, err := create("app")
	var inUse *types.ResourceInUseException
	equal(errors.As(err, &inUse), true)
	equal(statusOf(err), http.StatusConflict)

	var listed []string
	pages := eks.NewListPodIdentityAssociationsPaginator(eksClient, &eks.ListPodIdentityAssociationsInput{
		ClusterName: clusterName, MaxResults: aws.Int32(1),
	})
	for pages.HasMorePages() {
		for _, each := range must(pages.NextPage(ctx)).Associations {
			listed = append(listed, *each.ServiceAccount)
		}
	}
	slices.Sort(listed) // they are sorted by id
	equal(listed, []string{"app", "other"})
	describe := &eks.DescribePodIdentityAssociationInput{ClusterName: clusterName, AssociationId: association}
	described := must(eksClient.DescribePodIdentityAssociation(ctx, describe)).Association
	equal(*described.RoleArn, role)
	equal(*described.AssociationArn, *made.AssociationArn)
	deleteAssociation(other.AssociationId)
	describe.AssociationId = other.AssociationId
	equal(codeOf(eksClient.DescribePodIdentityAssociation(ctx, describe)), "ResourceNotFoundException")
}

func deleteAssociation(id *string) {
	must(eksClient.DeletePodIdentityAssociation(ctx, &eks.DeletePodIdentityAssociationInput{
		ClusterName: clusterName, AssociationId: id,
	}))
}

// statusOf returns the HTTP status of an SDK error, or 0 if there is none.
func statusOf(err error) int {
	var response *smithyhttp.ResponseError
	if !errors.As(err, &response) {
		return 0
	}
	return response.HTTPStatusCode()
}

func podIdentity() {
	kubernetes.makeServiceAccount("app")
	kubernetes.makePod("holder", "app", []string{"sleep", "60"})
	token := kubernetes.podToken("holder", "app", "pods.eks.amazonaws.com")
	answer := must(assumeRoleForPodIdentity(administrator, *clusterName, token))
	equal(answer.Association.AssociationId, *association)
	equal(answer.Subject, podIdentitySubject{Namespace: "default", ServiceAccount: "app"})
	session = withKey(answer.Credentials.AccessKeyID, answer.Credentials.SecretAccessKey, answer.Credentials.SessionToken)

	wrong := kubernetes.podToken("holder", "app", "sts.amazonaws.com")
	equal(codeOf(assumeRoleForPodIdentity(administrator, *clusterName, wrong)), "InvalidTokenException")
	equal(codeOf(assumeRoleForPodIdentity(administrator, "none", token)), "ResourceNotFoundException")
	equal(codeOf(assumeRoleForPodIdentity(session, *clusterName, token)), "AccessDeniedException")
}

func sessionPolicy() {
	makeBucket(sessionData)
	putObject(sessionData, granted, "for the pod")
	putObject(sessionData, "denied/key", "not for the pod")
	reader := s3.NewFromConfig(session)
	equal(textOf(reader.GetObject(ctx, getObject(sessionData, granted))), "for the pod")
	_, err := reader.GetObject(ctx, getObject(sessionData, "denied/key"))
	equal(statusOf(err), http.StatusForbidden)
	denial := refusal(0, err)
	equal(denial.ErrorCode(), "AccessDenied")
	contains(denial.ErrorMessage(), "because no identity-based policy allows the s3:GetObject action")
}

func workload() {
	kubernetes.makePod("workload", "app", []string{must(os.Executable()), asWorkload})
	contains(kubernetes.outputOf("workload"), ":assumed-role/"+podRole+"/eks-"+*clusterName+"-workload-")
}

func deleteCluster() {
	remove := &eks.DeleteClusterInput{Name: clusterName}
	equal(codeOf(eksClient.DeleteCluster(ctx, remove)), "ResourceInUseException")
	deleteAssociation(association)
	must(eksClient.DeleteAddon(ctx, &eks.DeleteAddonInput{ClusterName: clusterName, AddonName: agent}))
	addon := eks.NewAddonDeletedWaiter(eksClient, func(o *eks.AddonDeletedWaiterOptions) { o.MinDelay = time.Second })
	succeeds(addon.Wait(ctx, &eks.DescribeAddonInput{ClusterName: clusterName, AddonName: agent}, patience))
	must(eksClient.DeleteNodegroup(ctx, &eks.DeleteNodegroupInput{ClusterName: clusterName, NodegroupName: nodes}))
	group := eks.NewNodegroupDeletedWaiter(eksClient, func(o *eks.NodegroupDeletedWaiterOptions) { o.MinDelay = time.Second })
	succeeds(group.Wait(ctx, &eks.DescribeNodegroupInput{ClusterName: clusterName, NodegroupName: nodes}, patience))
	must(eksClient.DeleteCluster(ctx, remove))
	gone := eks.NewClusterDeletedWaiter(eksClient, func(o *eks.ClusterDeletedWaiterOptions) { o.MinDelay = time.Second })
	succeeds(gone.Wait(ctx, &eks.DescribeClusterInput{Name: clusterName}, patience))
	emptyAndDeleteBucket(sessionData)
}
