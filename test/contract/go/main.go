// The emulator's contract with AWS's SDK for Go: each check prints one line of JSON, {"title", "ok", "detail"}.
// The environment names the endpoint, the region and an administrator's key, as any program of the SDK expects them.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// asWorkload is the argument with which a pod runs this program.
const asWorkload = "workload"

var (
	ctx = context.Background()
	// administrator is the configuration that the environment names.
	administrator = must(config.LoadDefaultConfig(ctx))

	stsClient = sts.NewFromConfig(administrator)
	iamClient = iam.NewFromConfig(administrator)
	s3Client  = s3.NewFromConfig(administrator)
	eksClient = eks.NewFromConfig(administrator)
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == asWorkload {
		printIdentity()
		return
	}
	check("tells the administrator who it is", whoAmI)
	check("refuses a wrong secret and an unknown key", wrongKeys)

	check("makes a role, waits for it and gives its documents back", roles)
	check("attaches a managed policy and refuses to delete what is in use", managedPolicies)
	check("deletes policies and role", deleteRole)

	check("makes a bucket, puts an object and gets it back", objects)
	check("keeps keys that URLs write in another way apart", oddKeys)
	check("lists page by page, with prefix and delimiter", listing)
	check("honours a presigned URL until someone changes it", presignedURL)
	check("answers wrong calls with S3's codes", bucketErrors)
	check("deletes the objects, then the bucket", deleteBucket)

	check("creates a cluster and waits until it is active", createCluster)
	check("creates a node group and the agent's add-on", createAddon)
	check("creates, lists and describes associations, and refuses a second one", associations)
	check("lets a presigned token into the cluster, and no other", clusterToken)
	check("gives credentials for a pod's token, and refuses others", podIdentity)
	check("judges these credentials by the role's policy", sessionPolicy)
	check("gives credentials to a pod whose SDK looks for them by itself", workload)
	check("deletes association, add-on, node group and cluster", deleteCluster)
	if failed {
		os.Exit(1)
	}
}

// printIdentity says who the SDK's default chain of credentials makes of this process.
func printIdentity() {
	fmt.Println(aws.ToString(must(stsClient.GetCallerIdentity(ctx, nil)).Arn))
}

func whoAmI() {
	caller := must(stsClient.GetCallerIdentity(ctx, nil))
	equal(aws.ToString(caller.Arn), "arn:aws:iam::"+aws.ToString(caller.Account)+":user/administrator")
}

func wrongKeys() {
	key := must(administrator.Credentials.Retrieve(ctx)).AccessKeyID
	equal(codeOf(sts.NewFromConfig(withKey(key, "wrong", "")).GetCallerIdentity(ctx, nil)), "SignatureDoesNotMatch")
	unknown := withKey("AKIAIOSFODNN7UNKNOWN", "wrong", "")
	equal(codeOf(sts.NewFromConfig(unknown).GetCallerIdentity(ctx, nil)), "InvalidClientTokenId")
	equal(codeOf(s3.NewFromConfig(unknown).ListBuckets(ctx, nil)), "InvalidAccessKeyId")
}

// withKey is the administrator's configuration with other credentials.
func withKey(id, secret, sessionToken string) aws.Config {
	other := administrator.Copy()
	other.Credentials = credentials.NewStaticCredentialsProvider(id, secret, sessionToken)
	return other
}
