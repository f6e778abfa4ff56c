// The AWS SDK for Go v2 with its default configuration (foundation/protocols/client-protocol.ts).
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"
	smithymiddleware "github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

var ctx = context.Background()

// One client per service, created for the first request.
var clients = sync.OnceValues(func() (aws.Config, error) { return config.LoadDefaultConfig(ctx) })
var s3Client = sync.OnceValues(func() (*s3.Client, error) {
	settings, err := clients()
	return s3.NewFromConfig(settings), err
})
var stsClient = sync.OnceValues(func() (*sts.Client, error) {
	settings, err := clients()
	return sts.NewFromConfig(settings), err
})

func main() {
	// The chain's STS client is created before AWS_ENDPOINT_URL is read, so it only honours the service's own variable.
	if endpoint := os.Getenv("AWS_ENDPOINT_URL"); endpoint != "" && os.Getenv("AWS_ENDPOINT_URL_STS") == "" {
		os.Setenv("AWS_ENDPOINT_URL_STS", endpoint)
	}
	serve(perform)
}

func perform(asked operation) answer {
	switch {
	case asked.Do == "AssumeRoleByProfile":
		return byProfile(asked.RoleArn)
	case asked.Role != nil:
		return throughRole(*asked.Role, nil)
	case asked.Through != nil:
		return throughRole(*asked.Through, &asked)
	case asked.Do == "GetCallerIdentity":
		client, err := stsClient()
		if err != nil {
			return failed(err)
		}
		return whoAmI(client)
	}
	client, err := s3Client()
	if err != nil {
		return failed(err)
	}
	return withS3(client, asked)
}

func whoAmI(client *sts.Client) answer {
	who, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return failed(err)
	}
	return answer{Identity: &identity{aws.ToString(who.Arn), aws.ToString(who.Account)}}
}

func throughRole(step role, asked *operation) answer {
	client, err := stsClient()
	if err != nil {
		return failed(err)
	}
	assumed, err := client.AssumeRole(ctx, assumeRoleInput(step))
	if err != nil {
		return failed(err)
	}
	held := assumed.Credentials
	settings, err := clients()
	if err != nil {
		return failed(err)
	}
	settings = settings.Copy()
	settings.Credentials = credentials.NewStaticCredentialsProvider(*held.AccessKeyId, *held.SecretAccessKey, *held.SessionToken)
	reply := whoAmI(sts.NewFromConfig(settings))
	if reply.Error != nil {
		return reply
	}
	if asked == nil {
		reply.RequestID = requestID(assumed.ResultMetadata)
		return reply
	}
	who := reply.Identity
	reply = withS3(s3.NewFromConfig(settings), *asked)
	reply.Identity = who
	return reply
}

func assumeRoleInput(step role) *sts.AssumeRoleInput {
	name := step.SessionName
	if name == "" {
		name = "probe"
	}
	input := &sts.AssumeRoleInput{
		RoleArn:           &step.RoleArn,
		RoleSessionName:   &name,
		TransitiveTagKeys: step.TransitiveTagKeys,
		SourceIdentity:    step.SourceIdentity,
		ExternalId:        step.ExternalID,
		Policy:            step.Policy,
		DurationSeconds:   step.DurationSeconds,
	}
	for key, value := range step.Tags {
		input.Tags = append(input.Tags, ststypes.Tag{Key: aws.String(key), Value: aws.String(value)})
	}
	for _, arn := range step.PolicyArns {
		input.PolicyArns = append(input.PolicyArns, ststypes.PolicyDescriptorType{Arn: aws.String(arn)})
	}
	return input
}

func byProfile(roleArn string) answer {
	file, err := os.CreateTemp("", "profile-")
	if err != nil {
		return failed(err)
	}
	defer os.Remove(file.Name())
	fmt.Fprintf(file, "[profile another-role]\nrole_arn = %s\ncredential_source = EcsContainer\nrole_session_name = probe\n", roleArn)
	file.Close()
	settings, err := config.LoadDefaultConfig(ctx,
		config.WithSharedConfigProfile("another-role"), config.WithSharedConfigFiles([]string{file.Name()}))
	if err != nil {
		return failed(err)
	}
	return whoAmI(sts.NewFromConfig(settings))
}

func withS3(client *s3.Client, asked operation) answer {
	bucket, key := &asked.Bucket, &asked.Key
	facts := map[string]any{}
	var metadata smithymiddleware.Metadata
	var err error
	switch asked.Do {
	case "GetObject":
		var out *s3.GetObjectOutput
		if out, err = client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key}); err == nil {
			metadata = out.ResultMetadata
			var body []byte
			body, err = io.ReadAll(out.Body)
			out.Body.Close()
			facts["bytes"] = len(body)
		}
	case "HeadObject":
		var out *s3.HeadObjectOutput
		if out, err = client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: key}); err == nil {
			metadata = out.ResultMetadata
			facts["bytes"] = number(out.ContentLength)
		}
	case "DeleteObject":
		var out *s3.DeleteObjectOutput
		if out, err = client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: key}); err == nil {
			metadata = out.ResultMetadata
		}
	case "DeleteObjects":
		var several []s3types.ObjectIdentifier
		for _, one := range asked.Keys {
			several = append(several, s3types.ObjectIdentifier{Key: aws.String(one)})
		}
		var out *s3.DeleteObjectsOutput
		if out, err = client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bucket, Delete: &s3types.Delete{Objects: several}}); err == nil {
			metadata = out.ResultMetadata
			var refusals []string
			for _, one := range out.Errors {
				refusals = append(refusals, aws.ToString(one.Code))
			}
			facts["deleted"], facts["refusals"] = len(out.Deleted), strings.Join(refusals, ",")
		}
	case "GetObjectTagging":
		var out *s3.GetObjectTaggingOutput
		if out, err = client.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: bucket, Key: key}); err == nil {
			metadata = out.ResultMetadata
			facts["tags"] = len(out.TagSet)
		}
	case "PutObject":
		input := &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader("written by a probe")}
		if asked.Tags != nil {
			tags := url.Values{}
			for name, value := range asked.Tags {
				tags.Set(name, value)
			}
			input.Tagging = aws.String(tags.Encode())
		}
		input.ServerSideEncryption, input.SSEKMSKeyId = s3types.ServerSideEncryption(asked.Encryption), asked.KmsKeyId
		var out *s3.PutObjectOutput
		if out, err = client.PutObject(ctx, input); err == nil {
			metadata = out.ResultMetadata
		}
	case "ListObjectsV2":
		var out *s3.ListObjectsV2Output
		if out, err = client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket, Prefix: asked.Prefix}); err == nil {
			metadata = out.ResultMetadata
			facts["keys"] = number(out.KeyCount)
		}
	case "HeadBucket":
		var out *s3.HeadBucketOutput
		if out, err = client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: bucket}); err == nil {
			metadata = out.ResultMetadata
		}
	default:
		err = fmt.Errorf("this client does not support %s", asked.Do)
	}
	if err != nil {
		return failed(err)
	}
	return answer{Facts: facts, RequestID: requestID(metadata)}
}

// number dereferences fields that are pointers in newer versions of the SDK.
func number(value any) any {
	switch one := value.(type) {
	case *int64:
		return aws.ToInt64(one)
	case *int32:
		return aws.ToInt32(one)
	}
	return value
}

func requestID(metadata smithymiddleware.Metadata) string {
	id, _ := middleware.GetRequestIDMetadata(metadata)
	return id
}

// failed reports the error of the innermost call, because errors of the credential chain's calls are wrapped.
func failed(err error) answer {
	cause := failure{Code: fmt.Sprintf("%T", err), Message: err.Error()}
	service, callError := "", ""
	for one := err; one != nil; one = errors.Unwrap(one) {
		if call, ok := one.(*smithy.OperationError); ok {
			service, callError = strings.ToLower(call.ServiceID), call.Error()
		}
		cause.Code = strings.TrimPrefix(fmt.Sprintf("%T", one), "*")
	}
	// Without an STS call in it, the credentials endpoint or instance metadata failed.
	if (service != "s3" && service != "sts") || strings.Contains(callError, "failed to refresh cached credentials") {
		return answer{Error: &cause}
	}
	var response *awshttp.ResponseError
	var unsent *smithyhttp.RequestSendError
	var api smithy.APIError
	switch {
	case errors.As(err, &response):
		cause.Service, cause.Status, cause.RequestID = service, response.HTTPStatusCode(), response.ServiceRequestID()
		if errors.As(err, &api) {
			cause.Code, cause.Message = api.ErrorCode(), api.ErrorMessage()
		}
	case errors.As(err, &unsent):
		cause.Service = service
	}
	return answer{Error: &cause}
}
