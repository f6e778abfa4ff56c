import { expect } from 'chai';
import { readDenialMessage, type DenialMessage } from './denial-message.ts';

const APP = 'arn:aws:sts::111122223333:assumed-role/app/eks-prod-ledger-7d9f-1a2b3c4d';
const OBJECT = 'arn:aws:s3:::ledger/entries/1';
const KEY = 'arn:aws:kms:eu-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const SECRET = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:ledger-nzYAC0';
const ROLE = 'arn:aws:iam::444455556666:role/observability';
const NODE = 'arn:aws:sts::111122223333:assumed-role/nodes-NodeInstanceRole-1UU8X/i-0e5afb93460d609d2';
const user = (action: string, resource: string, rest: string): string =>
  `User: ${APP} is not authorized to perform: ${action} on resource: ${resource}${rest}`;

/** Forms of real messages, with other names, and where they were found. */
const MESSAGES: readonly [source: string, message: string, expected: DenialMessage | undefined][] = [
  [
    'S3 User Guide, access denied examples',
    user('s3:GetObject', `"${OBJECT}"`, ' because no identity-based policy allows the s3:GetObject action'),
    { caller: APP, action: 's3:GetObject', resource: OBJECT, policy: 'identity-based policy', reason: 'no allow' },
  ],
  [
    'S3 User Guide',
    user('s3:GetObject', `"${OBJECT}"`, ' with an explicit deny in a resource-based policy'),
    { caller: APP, action: 's3:GetObject', resource: OBJECT, policy: 'resource-based policy', reason: 'explicit deny' },
  ],
  [
    'S3 User Guide',
    user('s3:GetObject', `"${OBJECT}"`, ' because no session policy allows the s3:GetObject action'),
    { caller: APP, action: 's3:GetObject', resource: OBJECT, policy: 'session policy', reason: 'no allow' },
  ],
  [
    'S3 User Guide',
    user('s3:GetObject', `"${OBJECT}"`, ' because no permissions boundary allows the s3:GetObject action'),
    { caller: APP, action: 's3:GetObject', resource: OBJECT, policy: 'permissions boundary', reason: 'no allow' },
  ],
  [
    'S3 User Guide',
    user('s3:GetObject', `"${OBJECT}"`, ' because no VPC endpoint policy allows the s3:GetObject action'),
    { caller: APP, action: 's3:GetObject', resource: OBJECT, policy: 'VPC endpoint policy', reason: 'no allow' },
  ],
  [
    'S3 User Guide',
    user('s3:GetObject', `"${OBJECT}"`, ' because no service control policy allows the s3:GetObject action'),
    { caller: APP, action: 's3:GetObject', resource: OBJECT, policy: 'service control policy', reason: 'no allow' },
  ],
  [
    'S3 User Guide',
    user('s3:GetObject', `"${OBJECT}"`, ' with an explicit deny in a resource control policy'),
    {
      caller: APP,
      action: 's3:GetObject',
      resource: OBJECT,
      policy: 'resource control policy',
      reason: 'explicit deny',
    },
  ],
  [
    'IAM User Guide, authorization ID',
    user(
      'iam:CreateInstanceProfile',
      'arn:aws:iam::111122223333:instance-profile/mine',
      ' with an explicit deny in an identity-based policy: arn:aws:iam::111122223333:policy/Deny. Go to https://us-east-1.console.aws.amazon.com/iam/home#/authorization-details/EXAMPLE',
    ),
    {
      caller: APP,
      action: 'iam:CreateInstanceProfile',
      resource: 'arn:aws:iam::111122223333:instance-profile/mine',
      policy: 'identity-based policy',
      reason: 'explicit deny',
      policyArn: 'arn:aws:iam::111122223333:policy/Deny',
    },
  ],
  [
    'IAM User Guide',
    user('sts:AssumeRole', ROLE, ' because no VPC endpoint policy allows the sts:AssumeRole action'),
    { caller: APP, action: 'sts:AssumeRole', resource: ROLE, policy: 'VPC endpoint policy', reason: 'no allow' },
  ],
  [
    'IAM User Guide',
    user(
      'codecommit:ListRepositories',
      'arn:aws:codecommit:us-east-1:111122223333:repo',
      ' because no role trust policy allows the sts:AssumeRole action',
    ),
    {
      caller: APP,
      action: 'codecommit:ListRepositories',
      resource: 'arn:aws:codecommit:us-east-1:111122223333:repo',
      policy: 'role trust policy',
      reason: 'no allow',
    },
  ],
  [
    'external-secrets/kubernetes-external-secrets#622',
    'An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity operation: Not authorized to perform sts:AssumeRoleWithWebIdentity',
    { action: 'sts:AssumeRoleWithWebIdentity', policy: 'role trust policy' },
  ],
  [
    'external-secrets/kubernetes-external-secrets#442',
    '{"level":50,"message":"Not authorized to perform sts:AssumeRoleWithWebIdentity","code":"AccessDenied","requestId":"5f8c"}',
    { action: 'sts:AssumeRoleWithWebIdentity', policy: 'role trust policy' },
  ],
  [
    'external-secrets/kubernetes-external-secrets#791',
    `{"payload":{"originalError":{"message":"User: arn:aws:sts::111122223333:assumed-role/app/token-file-web-identity is not authorized to perform: sts:AssumeRole on resource: ${ROLE}","code":"AccessDenied","statusCode":403}}}`,
    {
      caller: 'arn:aws:sts::111122223333:assumed-role/app/token-file-web-identity',
      action: 'sts:AssumeRole',
      resource: ROLE,
    },
  ],
  [
    'external-secrets/kubernetes-external-secrets#368',
    `"User: ${NODE} is not authorized to perform: sts:AssumeRole on resource: ${ROLE}"`,
    { caller: NODE, action: 'sts:AssumeRole', resource: ROLE },
  ],
  [
    'external-secrets/kubernetes-external-secrets#419',
    `{"message": "User: ${NODE} is not authorized to perform: secretsmanager:GetSecretValue on resource: ${SECRET}",\n "code": "AccessDeniedException"}`,
    { caller: NODE, action: 'secretsmanager:GetSecretValue', resource: SECRET },
  ],
  [
    'external-secrets/external-secrets#660',
    user(
      'secretsmanager:GetSecretValue',
      'ledger',
      ' because no identity-based policy allows the secretsmanager:GetSecretValue action',
    ),
    {
      caller: APP,
      action: 'secretsmanager:GetSecretValue',
      resource: 'ledger',
      policy: 'identity-based policy',
      reason: 'no allow',
    },
  ],
  [
    'Kralizek/AWSSecretsManagerConfigurationExtensions#78',
    `---> Amazon.SecretsManager.AmazonSecretsManagerException: User: ${APP} is not authorized to perform: secretsmanager:ListSecrets because no identity-based policy allows the secretsmanager:ListSecrets action`,
    { caller: APP, action: 'secretsmanager:ListSecrets', policy: 'identity-based policy', reason: 'no allow' },
  ],
  [
    'mongodb/awscdk-resources-mongodbatlas#207',
    `Resource handler returned message: "AccessDeniedException: User: ${APP} is not authorized to perform: secretsmanager:GetSecretValue on resource: cfn/atlas/profile because no identity-based policy allows the secretsmanager:GetSecretValue action status code: 400, request id: 232c" (RequestToken: 8ce9, HandlerErrorCode: NotFound)`,
    {
      caller: APP,
      action: 'secretsmanager:GetSecretValue',
      resource: 'cfn/atlas/profile',
      policy: 'identity-based policy',
      reason: 'no allow',
    },
  ],
  [
    'aws-samples/cdk-assume-role-credential-plugin#49',
    'User: arn:aws-us-gov:sts::111122223333:assumed-role/app/AWSCloudFormation is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:aws-us-gov:secretsmanager:us-gov-west-1:444455556666:secret:ledger-abcdef',
    {
      caller: 'arn:aws-us-gov:sts::111122223333:assumed-role/app/AWSCloudFormation',
      action: 'secretsmanager:GetSecretValue',
      resource: 'arn:aws-us-gov:secretsmanager:us-gov-west-1:444455556666:secret:ledger-abcdef',
    },
  ],
  [
    'ministryofjustice/modernisation-platform-environments#10745',
    `Message: com.amazonaws.services.s3.model.AmazonS3Exception: User: ${APP} is not authorized to perform: kms:Decrypt on resource: ${KEY} because no identity-based policy allows the kms:Decrypt action `,
    { caller: APP, action: 'kms:Decrypt', resource: KEY, policy: 'identity-based policy', reason: 'no allow' },
  ],
  [
    'jbrt/ec2cryptomatic#26',
    `Error with this key: AccessDeniedException: User: arn:aws:iam::111122223333:user/one is not authorized to perform: kms:DescribeKey on resource: ${KEY} because no resource-based policy allows the kms:DescribeKey action.`,
    {
      caller: 'arn:aws:iam::111122223333:user/one',
      action: 'kms:DescribeKey',
      resource: KEY,
      policy: 'resource-based policy',
      reason: 'no allow',
    },
  ],
  [
    '4dn-dcic/tibanna#402',
    `{"cause": "Lambda was unable to decrypt the environment variables because KMS access was denied. KMS Exception: AccessDeniedExceptionKMS Message: User: ${APP} is not authorized to perform: kms:Decrypt on resource: ${KEY} because no resource-based policy allows the kms:Decrypt action (Service: Lambda, Status Code: 502, Request ID: ID)"}`,
    { caller: APP, action: 'kms:Decrypt', resource: KEY, policy: 'resource-based policy', reason: 'no allow' },
  ],
  [
    'trussworks/terraform-aws-s3-anti-virus#48',
    `[ERROR] KMSAccessDeniedException: An error occurred (KMSAccessDenied) when calling the Publish operation: User: ${APP} is not authorized to perform: kms:Decrypt on resource: ${KEY} because no identity-based policy allows the kms:Decrypt action (Service: AWSKMS; Status Code: 400; Error Code: AccessDeniedException)`,
    { caller: APP, action: 'kms:Decrypt', resource: KEY, policy: 'identity-based policy', reason: 'no allow' },
  ],
  [
    'grafana/loki#13206',
    `err="failed to flush chunks: store put chunk: AccessDenied: User: ${NODE} is not authorized to perform: kms:GenerateDataKey on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access\\n\\tstatus code: 403, request id: 4FYD"`,
    { caller: NODE, action: 'kms:GenerateDataKey', policy: 'resource-based policy' },
  ],
  [
    'terraform-aws-modules/terraform-aws-iam#514',
    `{"level":"error","error":"unable to get authorization token: AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/app/1725541882585093008 is not authorized to perform: ecr:GetAuthorizationToken on resource: * because no identity-based policy allows the ecr:GetAuthorizationToken action\\n\\tstatus code: 400, request id: x"}`,
    {
      caller: 'arn:aws:sts::111122223333:assumed-role/app/1725541882585093008',
      action: 'ecr:GetAuthorizationToken',
      resource: '*',
      policy: 'identity-based policy',
      reason: 'no allow',
    },
  ],
  [
    'terraform-aws-modules/terraform-aws-eks#2517',
    `Error: unable to get role (app): AccessDenied: User: ${APP} is not authorized to perform: iam:GetRole on resource: role app with an explicit deny in an identity-based policy\n       status code: 403, request id: 9922`,
    {
      caller: APP,
      action: 'iam:GetRole',
      resource: 'role app',
      policy: 'identity-based policy',
      reason: 'explicit deny',
    },
  ],
  [
    'aws-samples/rancher-on-aws-workshop#28',
    `An error occurred (AccessDenied) when calling the GetUser operation: User: ${APP} is not authorized to perform: iam:GetUser on resource: user one because no identity-based policy allows the iam:GetUser action`,
    { caller: APP, action: 'iam:GetUser', resource: 'user one', policy: 'identity-based policy', reason: 'no allow' },
  ],
  [
    'ministryofjustice/analytical-platform#2213',
    `CloudWatch metrics query failed: AccessDenied: User: ${APP} is not authorized to perform: sts:AssumeRole on resource: ${ROLE} status code: 403, request id: e1b7`,
    { caller: APP, action: 'sts:AssumeRole', resource: ROLE },
  ],
  [
    'grafana/grafana#7295',
    `error="AccessDenied: User: ${NODE} is not authorized to perform: sts:AssumeRole on resource: ${ROLE}\\n\\tstatus code: 403, request id: x"`,
    { caller: NODE, action: 'sts:AssumeRole', resource: ROLE },
  ],
  [
    'aws/karpenter-provider-aws#7370',
    `"error":"launching nodeclaim, with fleet error(s), UnauthorizedOperation: You are not authorized to perform this operation. User: ${APP} is not authorized to perform: ec2:RunInstances on resource: arn:aws:ec2:us-east-2:111122223333:instance/* with an explicit deny in a service control policy. Encoded authorization failure message: g4oZ"`,
    {
      caller: APP,
      action: 'ec2:RunInstances',
      resource: 'arn:aws:ec2:us-east-2:111122223333:instance/*',
      policy: 'service control policy',
      reason: 'explicit deny',
    },
  ],
  [
    'kubernetes-sigs/karpenter#2813',
    `"errorMessage": "You are not authorized to perform this operation. User: ${APP} is not authorized to perform: ec2:CreateFleet on resource: arn:aws:ec2:us-west-2:111122223333:launch-template/* because no identity-based policy allows the ec2:CreateFleet action. Encoded authorization failure message: XXXX",`,
    {
      caller: APP,
      action: 'ec2:CreateFleet',
      resource: 'arn:aws:ec2:us-west-2:111122223333:launch-template/*',
      policy: 'identity-based policy',
      reason: 'no allow',
    },
  ],
  [
    'aws/karpenter-provider-aws#1488, decoded',
    `{"DecodedMessage":"{\\"allowed\\":false,\\"explicitDeny\\":false,\\"matchedStatements\\":{\\"items\\":[]},\\"context\\":{\\"principal\\":{\\"id\\":\\"AROA:x\\",\\"arn\\":\\"${APP}\\"},\\"action\\":\\"ec2:RunInstances\\",\\"resource\\":\\"arn:aws:ec2:us-east-1:111122223333:launch-template/lt-0638\\"}}"}`,
    {
      caller: APP,
      action: 'ec2:RunInstances',
      resource: 'arn:aws:ec2:us-east-1:111122223333:launch-template/lt-0638',
      reason: 'no allow',
    },
  ],
  [
    'aws/karpenter-provider-aws#2519',
    'UnauthorizedOperation: You are not authorized to perform this operation. Encoded authorization failure message: XZX0joSxj6TJ98',
    {},
  ],
  [
    'velero-io/velero#8062',
    'rpc error: code = Unknown desc = error putting object backups/a.gz: operation error S3: PutObject, https response error StatusCode: 403, RequestID: x, HostID: y, api error AccessDenied: Access Denied',
    { action: 's3:PutObject' },
  ],
  [
    'o2Labs/sentry-formation#5',
    'An error occurred (AccessDenied) when calling the PutObject operation: Access Denied',
    { action: 's3:PutObject' },
  ],
  [
    'aws/aws-cli#813',
    'upload failed: ./baz to s3://mybucket/foo/bar/baz A client error (AccessDenied) occurred when calling the ListObjectsV2 operation: Access Denied',
    { action: 's3:ListBucket' },
  ],
  [
    'aws/aws-cli#813, XML',
    `<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>User: ${APP} is not authorized to perform: s3:PutObject on resource: &quot;${OBJECT}&quot; because no identity-based policy allows the s3:PutObject action</Message><RequestId>id</RequestId></Error>`,
    { caller: APP, action: 's3:PutObject', resource: OBJECT, policy: 'identity-based policy', reason: 'no allow' },
  ],
  [
    'airbytehq/airbyte#50979',
    `software.amazon.awssdk.services.s3.model.S3Exception: User: ${NODE} is not authorized to perform: s3:PutObject because no identity-based policy allows the s3:PutObject action (Service: S3, Status Code: 403, Request ID: 8RX2)`,
    { caller: NODE, action: 's3:PutObject', policy: 'identity-based policy', reason: 'no allow' },
  ],
  [
    'dotnet/aspire#3333',
    user(
      'sqs:sendmessage',
      'arn:aws:sqs:eu-west-1:444455556666:queue',
      ' because no resource-based policy allows the sqs:sendmessage action',
    ),
    {
      caller: APP,
      action: 'sqs:sendmessage',
      resource: 'arn:aws:sqs:eu-west-1:444455556666:queue',
      policy: 'resource-based policy',
      reason: 'no allow',
    },
  ],
  [
    'dapr/docs#2206',
    `AuthorizationError: User: ${APP} is not authorized to perform: SNS:TagResource on resource: arn:aws:sns:eu-west-1:111122223333:topic because no identity-based policy allows the SNS:TagResource action`,
    {
      caller: APP,
      action: 'sns:TagResource',
      resource: 'arn:aws:sns:eu-west-1:111122223333:topic',
      policy: 'identity-based policy',
      reason: 'no allow',
    },
  ],
  [
    'eks-pod-identity-agent, log',
    '{"level":"error","msg":"Error fetching credentials: operation error EKS Auth: AssumeRoleForPodIdentity, https response error StatusCode: 400, RequestID: x, AccessDeniedException: Unauthorized Exception! EKS does not have permissions to assume the associated role."}',
    { caller: 'pods.eks.amazonaws.com', action: 'sts:AssumeRole', policy: 'role trust policy' },
  ],
  [
    'aws-samples/appmod-blueprints#816',
    'AccessDeniedException: arn:aws:sts::111122223333:assumed-role/mgmt/x is not authorized to perform: iam:PassRole on arn:aws:iam::111122223333:role/rust-app',
    {
      caller: 'arn:aws:sts::111122223333:assumed-role/mgmt/x',
      action: 'iam:PassRole',
      resource: 'arn:aws:iam::111122223333:role/rust-app',
    },
  ],
  [
    'uswitch/kiam#127',
    'error fetching credentials: rpc error: code = Unknown desc = AccessDenied: Access denied\\n\\tstatus code: 403, request id: ac7c',
    {},
  ],
  ['no denial', 'ThrottlingException: Rate exceeded', undefined],
];

describe('readDenialMessage', () => {
  for (const [source, message, expected] of MESSAGES)
    it(`reads the message of ${source}: ${message.slice(0, 60)}`, () => {
      expect(readDenialMessage(message)).to.deep.equal(expected);
    });
});
