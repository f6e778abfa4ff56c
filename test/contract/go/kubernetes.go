package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const (
	core = "/api/v1/namespaces/default"
	// The only image in the emulator's clusters. A command in the pod runs a local program instead.
	image = "conformance.eks-pod-identity/probe:latest"
)

// kubernetesClient calls a cluster's API server, and only trusts the cluster's certificate authority.
type kubernetesClient struct {
	endpoint string
	http     *http.Client
}

type object = map[string]any

func newKubernetesClient(cluster *types.Cluster) *kubernetesClient {
	authority := must(base64.StdEncoding.DecodeString(*cluster.CertificateAuthority.Data))
	roots := x509.NewCertPool()
	equal(roots.AppendCertsFromPEM(authority), true)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	return &kubernetesClient{endpoint: *cluster.Endpoint, http: &http.Client{Transport: transport}}
}

// bearerToken returns a token like that of `aws eks get-token`: a presigned GetCallerIdentity, bound to the cluster.
func bearerToken(cluster string) string {
	signed := must(sts.NewPresignClient(stsClient).PresignGetCallerIdentity(ctx, nil, func(o *sts.PresignOptions) {
		o.ClientOptions = append(o.ClientOptions, func(o *sts.Options) {
			o.APIOptions = append(o.APIOptions,
				smithyhttp.SetHeaderValue("x-k8s-aws-id", cluster), smithyhttp.SetHeaderValue("X-Amz-Expires", "60"))
		})
	}))
	return "k8s-aws-v1." + base64.RawURLEncoding.EncodeToString([]byte(signed.URL))
}

// ask sends a request with a bearer token, and returns status and body.
func (k *kubernetesClient) ask(token, method, path string, body any) (int, []byte) {
	request := must(http.NewRequest(method, k.endpoint+path, bytes.NewReader(must(json.Marshal(body)))))
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	response := must(k.http.Do(request))
	defer response.Body.Close()
	return response.StatusCode, must(io.ReadAll(response.Body))
}

// get and create send requests as administrator, which have to succeed, and return the body.
func (k *kubernetesClient) get(path string) []byte {
	status, body := k.ask(bearerToken(*clusterName), http.MethodGet, path, nil)
	return succeeded(status, http.StatusOK, body)
}

func (k *kubernetesClient) create(path string, what object) []byte {
	status, body := k.ask(bearerToken(*clusterName), http.MethodPost, path, what)
	return succeeded(status, http.StatusCreated, body)
}

func succeeded(status, expected int, body []byte) []byte {
	if status != expected {
		panic(fmt.Sprintf("the API server answered %d: %s", status, body))
	}
	return body
}

func (k *kubernetesClient) makeServiceAccount(name string) {
	k.create(core+"/serviceaccounts", object{
		"apiVersion": "v1", "kind": "ServiceAccount", "metadata": object{"name": name},
	})
}

// makePod creates a pod that runs a local program once.
func (k *kubernetesClient) makePod(name, account string, command []string) {
	var environment []object
	for _, variable := range []string{"AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_CONFIG_FILE", "NO_PROXY"} {
		environment = append(environment, object{"name": variable, "value": os.Getenv(variable)})
	}
	container := object{"name": "main", "image": image, "command": command, "env": environment}
	k.create(core+"/pods", object{
		"apiVersion": "v1", "kind": "Pod", "metadata": object{"name": name},
		"spec": object{
			"serviceAccountName": account, "restartPolicy": "Never", "terminationGracePeriodSeconds": 1,
			"containers": []object{container},
		},
	})
}

// podToken returns a token of a service account, bound to one of its pods.
func (k *kubernetesClient) podToken(pod, account, audience string) string {
	bound := object{"kind": "Pod", "apiVersion": "v1", "name": pod}
	answer := k.create(core+"/serviceaccounts/"+account+"/token", object{
		"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
		"spec": object{"audiences": []string{audience}, "boundObjectRef": bound},
	})
	var made struct{ Status struct{ Token string } }
	succeeds(json.Unmarshal(answer, &made))
	return made.Status.Token
}

// outputOf waits until a pod has ended, and returns its output.
func (k *kubernetesClient) outputOf(pod string) string {
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(200 * time.Millisecond) {
		var found struct{ Status struct{ Phase string } }
		succeeds(json.Unmarshal(k.get(core+"/pods/"+pod), &found))
		if found.Status.Phase == "Succeeded" || found.Status.Phase == "Failed" {
			return string(k.get(core + "/pods/" + pod + "/log"))
		}
	}
	panic(fmt.Sprintf("the pod %s did not end within %s", pod, patience))
}

func clusterToken() {
	contains(string(kubernetes.get("/api/v1/namespaces")), "kube-system")
	for _, wrong := range []string{"none", bearerToken("another")} {
		status, _ := kubernetes.ask(wrong, http.MethodGet, "/api/v1/namespaces", nil)
		equal(status, http.StatusUnauthorized)
	}
}
