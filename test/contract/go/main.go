// Contract tests of the emulator with the AWS SDK for Go. Each check prints one line of JSON, {"title", "ok", "detail"}.
// The environment contains the endpoint, the region and an administrator's key, as the SDK expects them.
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

// asWorkload is the argument with which pods run this program.
const asWorkload = "workload"

var (
	ctx = context.Background()
	// administrator is the configuration from the environment.
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
	check("returns the caller identity of the administrator", whoAmI)
	check("rejects a wrong secret and an unknown key", wrongKeys)

	check("creates a role, waits for it and returns its documents", roles)
	check("attaches a managed policy and rejects the deletion of resources in use", managedPolicies)
	check("deletes policies and the role", deleteRole)

	check("creates a bucket, stores an object and returns it", objects)
	check("distinguishes keys that need encoding in URLs", oddKeys)
	check("lists objects in pages, with prefix and delimiter", listing)
	check("accepts a presigned URL, but not a changed one", presignedURL)
	check("answers invalid calls with the error codes of S3", bucketErrors)
	check("deletes the objects, then the bucket", deleteBucket)

	check("creates a cluster and waits until it is active", createCluster)
	check("creates a node group and the agent's add-on", createAddon)
	check("creates, lists and describes associations, and rejects a duplicate", associations)
	check("accepts a presigned token for the cluster, and no other", clusterToken)
	check("returns credentials for a pod's token, and rejects other tokens", podIdentity)
	check("authorizes these credentials by the role's policy", sessionPolicy)
	check("provides credentials to the default chain of an SDK in a pod", workload)
	check("deletes the association, add-on, node group and cluster", deleteCluster)
	if failed {
		os.Exit(1)
	}
}

// printIdentity prints the identity that the SDK's default credential chain finds.
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

// withKey returns the administrator's configuration with other credentials.
func withKey(id, secret, sessionToken string) aws.Config {
	other := administrator.Copy()
	other.Credentials = credentials.NewStaticCredentialsProvider(id, secret, sessionToken)
	return other
}
