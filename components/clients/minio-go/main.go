// MinIO's client for Go with its default providers (foundation/protocols/client-protocol.ts).
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

func main() {
	client := newClient()
	serve(func(asked operation) answer { return perform(client, asked) })
}

func newClient() *minio.Client {
	address := firstSet("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
	if address == "" {
		address = "https://s3." + os.Getenv("AWS_REGION") + ".amazonaws.com"
	}
	at, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	chain := credentials.NewChainCredentials([]credentials.Provider{
		&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{Endpoint: customEndpoint()},
	})
	client, err := minio.New(at.Host, &minio.Options{Creds: chain, Secure: at.Scheme == "https", Region: os.Getenv("AWS_REGION")})
	if err != nil {
		panic(err)
	}
	return client
}

// customEndpoint returns the endpoint of STS or instance metadata. The client has one option and no variables for both.
func customEndpoint() string {
	if os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE") != "" {
		return firstSet("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL")
	}
	if os.Getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI") != "" {
		return ""
	}
	return os.Getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT")
}

func firstSet(names ...string) string {
	for _, name := range names {
		if value := os.Getenv(name); value != "" {
			return value
		}
	}
	return ""
}

func perform(client *minio.Client, op operation) answer {
	facts, err := map[string]any{}, error(nil)
	switch {
	case op.Tags != nil || op.Through != nil:
		err = errors.New("this client does not support tags and roles")
	case op.Do == "GetObject":
		facts["bytes"], err = read(client, op)
	case op.Do == "PutObject":
		const body = "written by a probe"
		_, err = client.PutObject(context.Background(), op.Bucket, op.Key, strings.NewReader(body), int64(len(body)), minio.PutObjectOptions{})
	default:
		err = errors.New("this client does not support " + op.Do)
	}
	if err != nil {
		return answer{Error: failureOf(err)}
	}
	return answer{Facts: facts}
}

func read(client *minio.Client, op operation) (int, error) {
	object, err := client.GetObject(context.Background(), op.Bucket, op.Key, minio.GetObjectOptions{})
	if err != nil {
		return 0, err
	}
	defer object.Close()
	content, err := io.ReadAll(object)
	return len(content), err
}

func failureOf(err error) *failure {
	var s3 minio.ErrorResponse
	if errors.As(err, &s3) && s3.StatusCode != 0 {
		return &failure{Service: "s3", Code: s3.Code, Status: s3.StatusCode, Message: s3.Message, RequestID: s3.RequestID}
	}
	var sts credentials.ErrorResponse
	if errors.As(err, &sts) {
		return &failure{Service: "sts", Code: sts.STSError.Code, Message: sts.STSError.Message, RequestID: sts.RequestID}
	}
	return &failure{Code: fmt.Sprintf("%T", err), Message: err.Error()}
}
