// Shared by the clients in Go: serves foundation/protocols/client-protocol.ts on standard input and output.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sync"
)

type role struct {
	RoleArn           string            `json:"roleArn"`
	SessionName       string            `json:"sessionName"`
	Tags              map[string]string `json:"tags"`
	TransitiveTagKeys []string          `json:"transitiveTagKeys"`
	SourceIdentity    *string           `json:"sourceIdentity"`
	ExternalID        *string           `json:"externalId"`
	Policy            *string           `json:"policy"`
	PolicyArns        []string          `json:"policyArns"`
	DurationSeconds   *int32            `json:"durationSeconds"`
}

type operation struct {
	Do         string            `json:"do"`
	Bucket     string            `json:"bucket"`
	Key        string            `json:"key"`
	Keys       []string          `json:"keys"`
	Prefix     *string           `json:"prefix"`
	Tags       map[string]string `json:"tags"`
	Encryption string            `json:"encryption"`
	KmsKeyId   *string           `json:"kmsKeyId"`
	Through    *role             `json:"through"`
	Role       *role             `json:"role"`
	RoleArn    string            `json:"roleArn"`
}

type request struct {
	ID        int       `json:"id"`
	Operation operation `json:"operation"`
	AtOnce    int       `json:"atOnce"`
}

type identity struct {
	Arn     string `json:"arn"`
	Account string `json:"account"`
}

type failure struct {
	Service   string `json:"service,omitempty"`
	Code      string `json:"code"`
	Status    int    `json:"status,omitempty"`
	Message   string `json:"message"`
	RequestID string `json:"requestId,omitempty"`
}

type answer struct {
	ID        int            `json:"id"`
	Identity  *identity      `json:"identity,omitempty"`
	Facts     map[string]any `json:"facts,omitempty"`
	RequestID string         `json:"requestId,omitempty"`
	Error     *failure       `json:"error,omitempty"`
}

// serve answers requests until the input ends.
func serve(perform func(operation) answer) {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var asked request
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		reply := atOnce(max(asked.AtOnce, 1), func() answer { return perform(asked.Operation) })
		reply.ID = asked.ID
		text, _ := json.Marshal(reply)
		fmt.Printf("client-answer %s\n", text)
	}
}

// atOnce makes concurrent calls and returns their first error, or else their first answer.
func atOnce(count int, do func() answer) answer {
	answers := make([]answer, count)
	begin := make(chan struct{})
	var all sync.WaitGroup
	for index := range answers {
		all.Add(1)
		go func() {
			defer all.Done()
			<-begin
			answers[index] = do()
		}()
	}
	close(begin)
	all.Wait()
	for _, one := range answers {
		if one.Error != nil {
			return one
		}
	}
	return answers[0]
}
