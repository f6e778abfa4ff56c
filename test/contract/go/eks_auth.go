package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"
)

// podIdentityAnswer contains the checked parts of an AssumeRoleForPodIdentity response (EKS Auth API Reference, "Response Syntax").
type podIdentityAnswer struct {
	Subject     podIdentitySubject `json:"subject"`
	Association struct {
		AssociationId string `json:"associationId"`
	} `json:"podIdentityAssociation"`
	Credentials struct {
		AccessKeyID     string `json:"accessKeyId"`
		SecretAccessKey string `json:"secretAccessKey"`
		SessionToken    string `json:"sessionToken"`
	} `json:"credentials"`
}

type podIdentitySubject struct {
	Namespace      string `json:"namespace"`
	ServiceAccount string `json:"serviceAccount"`
}

// assumeRoleForPodIdentity calls EKS Auth with the SDK's signer, since not every module proxy has the EKS Auth client.
func assumeRoleForPodIdentity(as aws.Config, cluster, token string) (podIdentityAnswer, error) {
	body := must(json.Marshal(map[string]string{"token": token}))
	url := os.Getenv("AWS_ENDPOINT_URL") + "/clusters/" + cluster + "/assume-role-for-pod-identity"
	request := must(http.NewRequest(http.MethodPost, url, bytes.NewReader(body)))
	request.Header.Set("Content-Type", "application/json")
	digest := sha256.Sum256(body)
	key := must(as.Credentials.Retrieve(ctx))
	succeeds(v4.NewSigner().SignHTTP(ctx, key, request, hex.EncodeToString(digest[:]), "eks-auth", as.Region, time.Now()))
	response := must(http.DefaultClient.Do(request))
	defer response.Body.Close()
	var answer struct {
		podIdentityAnswer
		Message string `json:"message"`
	}
	succeeds(json.NewDecoder(response.Body).Decode(&answer))
	if response.StatusCode != http.StatusOK {
		code, _, _ := strings.Cut(response.Header.Get("X-Amzn-Errortype"), ":")
		return podIdentityAnswer{}, &smithy.GenericAPIError{Code: code, Message: answer.Message}
	}
	return answer.podIdentityAnswer, nil
}
