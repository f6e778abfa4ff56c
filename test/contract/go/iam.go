package main

import (
	"encoding/json"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// statement is a policy statement. document creates a policy from statements.
type statement map[string]any

func document(statements ...statement) *string {
	text := must(json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements}))
	return aws.String(string(text))
}

func allow(action, resource string) statement {
	return statement{"Effect": "Allow", "Action": action, "Resource": resource}
}

func trust(service string, actions ...string) *string {
	return document(statement{"Effect": "Allow", "Principal": map[string]string{"Service": service}, "Action": actions})
}

// makeRole creates a role that a service may assume, and returns its ARN.
func makeRole(name, service string, actions ...string) string {
	made := must(iamClient.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: aws.String(name), AssumeRolePolicyDocument: trust(service, actions...),
	}))
	return aws.ToString(made.Role.Arn)
}

func attach(role, policy string) {
	must(iamClient.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &role, PolicyArn: &policy}))
}

// decoded decodes a policy. IAM returns policies percent-encoded, and this SDK does not decode them.
func decoded(policy *string) string {
	return must(url.QueryUnescape(aws.ToString(policy)))
}

var (
	roleName  = aws.String("go-role")
	policyArn *string
)

func roles() {
	trusting := trust("ec2.amazonaws.com", "sts:AssumeRole")
	must(iamClient.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: roleName, Path: aws.String("/go/"), AssumeRolePolicyDocument: trusting, Description: aws.String("of a check"),
		MaxSessionDuration: aws.Int32(7200), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("red")}},
	}))
	again := &iam.CreateRoleInput{RoleName: roleName, AssumeRolePolicyDocument: trusting}
	equal(codeOf(iamClient.CreateRole(ctx, again)), "EntityAlreadyExists")
	succeeds(iam.NewRoleExistsWaiter(iamClient).Wait(ctx, &iam.GetRoleInput{RoleName: roleName}, 30*time.Second))
	role := must(iamClient.GetRole(ctx, &iam.GetRoleInput{RoleName: roleName})).Role
	equal(decoded(role.AssumeRolePolicyDocument), *trusting)
	equal(aws.ToString(role.Description), "of a check")
	equal(aws.ToInt32(role.MaxSessionDuration), 7200)
	equal(aws.ToString(role.Tags[0].Value), "red")
	found := false
	pages := iam.NewListRolesPaginator(iamClient, &iam.ListRolesInput{PathPrefix: aws.String("/go/"), MaxItems: aws.Int32(1)})
	for pages.HasMorePages() {
		for _, each := range must(pages.NextPage(ctx)).Roles {
			found = found || aws.ToString(each.RoleName) == *roleName
		}
	}
	equal(found, true)

	inline := document(allow("s3:*", "*"))
	put := &iam.PutRolePolicyInput{RoleName: roleName, PolicyName: aws.String("inline"), PolicyDocument: inline}
	must(iamClient.PutRolePolicy(ctx, put))
	get := &iam.GetRolePolicyInput{RoleName: roleName, PolicyName: put.PolicyName}
	equal(decoded(must(iamClient.GetRolePolicy(ctx, get)).PolicyDocument), *inline)
	put.PolicyDocument = aws.String("{}")
	equal(codeOf(iamClient.PutRolePolicy(ctx, put)), "MalformedPolicyDocument")
}

func managedPolicies() {
	policyArn = must(iamClient.CreatePolicy(ctx, &iam.CreatePolicyInput{
		PolicyName: aws.String("go-policy"), PolicyDocument: document(allow("s3:ListAllMyBuckets", "*")),
	})).Policy.Arn
	attach(*roleName, *policyArn)
	attached := must(iamClient.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: roleName}))
	equal(len(attached.AttachedPolicies), 1)
	equal(aws.ToString(attached.AttachedPolicies[0].PolicyName), "go-policy")
	equal(codeOf(iamClient.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: policyArn})), "DeleteConflict")
	equal(codeOf(iamClient.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: roleName})), "DeleteConflict")
}

func deleteRole() {
	must(iamClient.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: roleName, PolicyArn: policyArn}))
	must(iamClient.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: policyArn}))
	must(iamClient.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: roleName, PolicyName: aws.String("inline")}))
	must(iamClient.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: roleName}))
	equal(codeOf(iamClient.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: policyArn})), "NoSuchEntity")
	equal(codeOf(iamClient.GetRole(ctx, &iam.GetRoleInput{RoleName: roleName})), "NoSuchEntity")
}
