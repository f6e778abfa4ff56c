import type { RoleSession } from '../../identity/policy/principal.ts';
import { authorize } from '../../identity/policy/authorize.ts';
import { compilePolicy } from '../../identity/policy/document.ts';
import type { AuthorizationInput } from '../../identity/policy/types.ts';

const ACCOUNT = '111122223333';
const ROLE_ARN = `arn:aws:iam::${ACCOUNT}:role/app`;

const SESSION: RoleSession = {
  kind: 'role-session',
  accountId: ACCOUNT,
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/app/pod`,
  roleArn: ROLE_ARN,
  roleName: 'app',
  userId: 'AROAEXAMPLEEXAMPLE123:pod',
  sessionName: 'pod',
  tags: [],
  sessionPolicies: [],
  issuedAt: 0,
  expiresAt: 3_600_000,
  context: {},
};

const IDENTITY_POLICY = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: 's3:ListBucket',
      Resource: 'arn:aws:s3:::data',
      Condition: { StringLike: { 's3:prefix': '${aws:PrincipalTag/kubernetes-namespace}/*' } },
    },
    {
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:PutObject'],
      Resource: 'arn:aws:s3:::data/${aws:PrincipalTag/kubernetes-namespace}/*',
      Condition: { StringEquals: { 'aws:PrincipalTag/eks-cluster-name': 'red' } },
    },
  ],
};

const BUCKET_POLICY = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Resource: ['arn:aws:s3:::data', 'arn:aws:s3:::data/*'],
      Condition: { StringNotEquals: { 'aws:PrincipalTag/eks-cluster-name': 'red' } },
    },
    {
      Effect: 'Allow',
      Principal: { AWS: ROLE_ARN },
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::data/shared/*',
      Condition: { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } },
    },
  ],
};

/** Returns the number of policy decisions per second, for an identity and a bucket policy. Half of the requests are denied. */
export async function benchPolicyEvaluations(milliseconds = 1000): Promise<number> {
  const identityPolicies = [compilePolicy(IDENTITY_POLICY, { kind: 'identity', name: 'identity' })];
  const resourcePolicy = compilePolicy(BUCKET_POLICY, { kind: 'resource', name: 'bucket' });
  const run = (count: number): void => {
    let allowed = 0;
    for (let index = 0; index < count; index += 1) {
      const namespace = index % 2 === 0 ? 'blue' : 'green';
      const input: AuthorizationInput = {
        principal: SESSION,
        action: 's3:GetObject',
        resource: `arn:aws:s3:::data/blue/${index % 100}`,
        resourceAccount: ACCOUNT,
        context: {
          'aws:PrincipalTag/kubernetes-namespace': namespace,
          'aws:PrincipalTag/eks-cluster-name': 'red',
          'aws:SourceIp': '127.0.0.1',
        },
        identityPolicies,
        resourcePolicy,
      };
      if (authorize(input).value === 'allowed') allowed += 1;
    }
    if (allowed !== count / 2) throw new Error(`The benchmark expected ${count / 2} allowed requests, got ${allowed}.`);
  };
  const batch = 2000;
  run(batch * 5); // Warm-up, so that compilation is not measured.
  const start = performance.now();
  let done = 0;
  while (performance.now() - start < milliseconds) {
    run(batch);
    done += batch;
  }
  return Math.round((done / (performance.now() - start)) * 1000);
}
