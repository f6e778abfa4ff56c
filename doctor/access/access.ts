import { splitArn } from '../../identity/policy/arn.ts';
import type { PolicySource } from '../../identity/policy-source.ts';
import { isQuestion, type Opening, type Path, type Question, type Session } from '../../identity/question.ts';
import { requestPath, type SessionRequest } from '../../identity/request.ts';
import type { ClusterFacts } from '../facts/cluster-facts.ts';
import { endpointDenials } from '../facts/endpoints.ts';
import { chainPath, decidePath, gapOf } from '../facts/trust.ts';
import { bucketOf, type Bucket } from '../snapshot/aws.ts';
import { resourceParts, type ResourcePart } from './parts.ts';
import { stepOf, type AccessStep } from './session.ts';
import { accountOf } from '../../identity/role.ts';

/** A request whose outcome is asked about. */
export interface AccessRequest extends Pick<SessionRequest, 'action' | 'resource'> {
  /** Condition keys of the request. A key with an empty value is absent; `s3:ExistingObjectTag/` stands for the other tags. */
  readonly conditions?: Readonly<Record<string, string>>;
}

/** What decides about a resource besides the caller's policies. */
interface ResourceFacts {
  /** 12 digits; undefined if it is not known. */
  readonly account: string | undefined;
  readonly sources: readonly PolicySource[];
  readonly bucket?: Bucket;
}

/** Services with policies of resources (IAM User Guide, "AWS services that work with IAM"). Not all are read. */
const RESOURCE_POLICIES =
  /^(acm-pca|aoss|aps|backup|bedrock-agentcore|cloudtrail|dsql|ecr-public|kafka-cluster|network-firewall|rekognition|s3vectors|sagemaker|codeartifact|codebuild|dynamodb|ecr|elasticfilesystem|es|events|execute-api|glacier|glue|iot|kafka|kinesis|kms|lambda|lex|logs|mediastore|ram|redshift|s3|s3-object-lambda|s3-outposts|s3express|s3tables|schemas|secretsmanager|serverlessrepo|ses|signer|sns|sqs|ssm|ssm-contacts|ssm-incidents|vpc-lattice):/;

/** Decides a request with a session, by the role's policies, boundary, session policy and the resource's policy. */
export function accessSteps(facts: ClusterFacts, session: Session, request: AccessRequest): readonly AccessStep[] {
  const question = accessPath(facts, session, request);
  if (question === undefined)
    return [{ name: 'access', value: 'denied', text: `the bucket of ${request.resource} does not exist` }];
  return [
    ...decidePath(facts, question.path, question).decisions.map(stepOf),
    ...endpointSteps(facts, session, request),
  ];
}

/** Returns a step for each VPC endpoint that may be in the way. */
const endpointSteps = (facts: ClusterFacts, session: Session, request: AccessRequest): readonly AccessStep[] =>
  endpointDenials(facts, { ...session, ...request, context: {}, resourceAccount: session.principal.accountId }).map(
    ({ id, value }) => {
      const unless = `VPC endpoint ${id}, whose policy ${value === 'denied' ? 'does not allow it' : 'may deny it'}, if the request passes it`;
      return { name: 'endpoint', value: 'unknown', otherwise: 'allowed', text: unless, unless: [unless] };
    },
  );

/** Returns the parts of a resource with a wildcard that policies distinguish; undefined if there are too many. */
export function accessParts(
  facts: ClusterFacts,
  session: Session,
  request: AccessRequest,
): readonly ResourcePart[] | undefined {
  const { path, policiesOf = () => [] } = accessPath(facts, session, request) ?? {};
  const question = path?.next().value as Question | Opening | undefined;
  return question && isQuestion(question) ? resourceParts(facts, question, policiesOf(question)) : [];
}

interface AccessPath {
  readonly path: Path<unknown>;
  /** Returns the policies of the resource. */
  readonly policiesOf?: (question: Question) => readonly PolicySource[];
}

/** Returns the questions about a request; undefined if its bucket does not exist. */
function accessPath(facts: ClusterFacts, session: Session, request: AccessRequest): AccessPath | undefined {
  if (/^sts:AssumeRole$/i.test(request.action))
    return { path: chainPath(facts, session, request.resource, 'access', request.conditions) };
  const resource = resourceOf(facts, session.principal.roleArn, request);
  if (resource === null) return undefined;
  const key = keyRequest(facts, request, resource.bucket);
  const path = requestPath(session, {
    ...request,
    resourceAccount: resource.account,
    encryption: key && { ...key.request, resourceAccount: accountOf(key.request.resource) },
  });
  return { path, policiesOf: ({ stage }) => (stage === 'encryption' ? [key!.policy] : resource.sources) };
}

/** Returns the requested resource; null if the bucket does not exist. */
function resourceOf(facts: ClusterFacts, roleArn: string, { action, resource }: AccessRequest): ResourceFacts | null {
  const callerAccount = accountOf(roleArn);
  const name = bucketOf(resource);
  if (name !== undefined) return ofBucket(facts, name, callerAccount);
  const hasPolicy = resource !== '*' && RESOURCE_POLICIES.test(action.toLowerCase());
  return { account: accountOf(resource) || callerAccount, sources: hasPolicy ? policyOf(facts, resource) : [] };
}

/** Returns the policies of a resource. Parameters of Systems Manager have none. */
function policyOf(facts: ClusterFacts, arn: string): readonly PolicySource[] {
  const policy = facts.snapshot.aws?.resources?.[arn]?.policy;
  const source = { kind: 'resource', name: `policy of ${/:kms:/.test(arn) ? 'KMS key ' : ''}${arn}` } as const;
  if (policy === undefined)
    return /^arn:[^:]+:ssm:[^:]+:[^:]+:parameter\//.test(arn)
      ? []
      : [{ ...source, reason: gapOf(facts, arn, 'it is not read') }];
  return policy === null ? [] : [{ ...source, text: policy }];
}

function ofBucket(facts: ClusterFacts, name: string, callerAccount: string): ResourceFacts | null {
  const bucket = facts.snapshot.aws?.buckets?.[name];
  const policy: PolicySource = { kind: 'resource', name: `policy of bucket ${name}` };
  if (bucket === null) return null;
  if (bucket === undefined)
    return { account: callerAccount, sources: [{ ...policy, reason: 'the snapshot does not contain it' }] };
  const { accountId: account, policy: text } = bucket;
  if (text === undefined) {
    const reason = gapOf(facts, name, 'it could not be read');
    return { account, bucket, sources: [{ ...policy, reason }] };
  }
  return { account, bucket, sources: text === null ? [] : [{ ...policy, text }] };
}

/** Requests that use the key of an object, secret or parameter, by whether they read it. */
const KEY_USES: Readonly<Record<string, 'kms:Decrypt' | 'kms:GenerateDataKey' | 'kms:Encrypt'>> = {
  's3:getobject': 'kms:Decrypt',
  's3:getobjectversion': 'kms:Decrypt',
  's3:putobject': 'kms:GenerateDataKey',
  'secretsmanager:getsecretvalue': 'kms:Decrypt',
  'secretsmanager:putsecretvalue': 'kms:GenerateDataKey',
  'sns:publish': 'kms:GenerateDataKey',
  'sqs:receivemessage': 'kms:Decrypt',
  'sqs:sendmessage': 'kms:GenerateDataKey',
  'ssm:getparameter': 'kms:Decrypt',
  'ssm:getparameters': 'kms:Decrypt',
  'ssm:getparametersbypath': 'kms:Decrypt',
  'ssm:getparameterhistory': 'kms:Decrypt',
  'ssm:putparameter': 'kms:Encrypt',
};

/**
 * Returns the use of the key that encrypts an object, secret, parameter or message (S3 User Guide, "Using server-side encryption with AWS KMS
 * keys"; Secrets Manager User Guide, "Secret encryption and decryption"; Systems Manager User Guide, "AWS KMS encryption for Parameter
 * Store SecureString parameters"; SQS Developer Guide and SNS Developer Guide, "Key management"). Every principal of the account may use the keys of AWS.
 */
function keyRequest(
  facts: ClusterFacts,
  { action, resource }: AccessRequest,
  bucket: Bucket | undefined,
): { readonly request: AccessRequest; readonly policy: PolicySource } | undefined {
  const use = KEY_USES[action.toLowerCase()];
  // Without its policy, a queue or topic is unknown anyhow.
  const unread: Pick<Bucket, 'key'> | undefined = /^(?:secretsmanager|ssm):/i.test(action) ? {} : undefined;
  const encrypted = bucket ?? facts.snapshot.aws?.resources?.[resource] ?? unread;
  if (use === undefined || encrypted === undefined || (bucket && bucket.accountId === undefined)) return undefined;
  const { key } = encrypted;
  if (key === null || key === 'alias/aws/s3') return undefined;
  const [service = ''] = action.toLowerCase().split(':');
  const region = splitArn(resource)?.[3] || (facts.snapshot.aws?.region ?? '');
  const account = bucket?.accountId ?? accountOf(resource);
  const id = key === undefined || key.startsWith('alias/') ? '*' : key;
  const keyArn = id.startsWith('arn:') ? id : `arn:${facts.partition}:kms:${region}:${account}:key/${id}`;
  const owner = bucket?.name ?? resource;
  const [policy = undefined] = key === undefined ? [] : policyOf(facts, keyArn);
  return {
    request: { action: use, resource: keyArn, conditions: { 'kms:ViaService': `${service}.${region}.amazonaws.com` } },
    policy: policy ?? {
      kind: 'resource',
      name: `encryption of ${owner}`,
      reason: gapOf(facts, owner, 'it could not be read'),
    },
  };
}
