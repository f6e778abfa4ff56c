import type { PolicySource } from '../../identity/decide-within.ts';
import { isQuestion, type Opening, type Path, type Question, type Session } from '../../identity/question.ts';
import { requestPath, type SessionRequest } from '../../identity/request.ts';
import type { ClusterFacts } from '../facts/cluster-facts.ts';
import { chainPath, decidePath, gapOf } from '../facts/trust.ts';
import { bucketOf, type Bucket } from '../snapshot/aws.ts';
import { resourceParts, type ResourcePart } from './parts.ts';
import { stepOf, type Step } from './session.ts';
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

/** Services with policies of resources (IAM User Guide, "AWS services that work with IAM"). Only S3's are read. */
const RESOURCE_POLICIES =
  /^(acm-pca|backup|codeartifact|codebuild|dynamodb|ecr|elasticfilesystem|es|events|execute-api|glacier|glue|iot|kafka|kinesis|kms|lambda|lex|logs|mediastore|ram|redshift|s3|s3-object-lambda|s3-outposts|s3express|s3tables|schemas|secretsmanager|serverlessrepo|ses|signer|sns|sqs|ssm|ssm-contacts|ssm-incidents|vpc-lattice):/;

/** Decides a request with a session, by the role's policies, boundary, session policy and the resource's policy. */
export function accessSteps(facts: ClusterFacts, session: Session, request: AccessRequest): readonly Step[] {
  const asked = accessPath(facts, session, request);
  if (asked === undefined)
    return [{ name: 'access', value: 'denied', text: `the bucket of ${request.resource} does not exist` }];
  return decidePath(facts, asked.path, asked).decisions.map(stepOf);
}

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

/** Null: the bucket does not exist. */
function resourceOf(facts: ClusterFacts, roleArn: string, { action, resource }: AccessRequest): ResourceFacts | null {
  const own = accountOf(roleArn);
  const name = bucketOf(resource);
  if (name !== undefined) return ofBucket(facts, name, own);
  const hasPolicy = resource !== '*' && RESOURCE_POLICIES.test(action.toLowerCase());
  return {
    account: accountOf(resource) || own,
    sources: hasPolicy
      ? [{ kind: 'resource', name: `policy of ${resource}`, reason: 'only policies of buckets are read' }]
      : [],
  };
}

function ofBucket(facts: ClusterFacts, name: string, own: string): ResourceFacts | null {
  const bucket = facts.snapshot.aws?.buckets?.[name];
  const policy: PolicySource = { kind: 'resource', name: `policy of bucket ${name}` };
  if (bucket === null) return null;
  if (bucket === undefined)
    return { account: own, sources: [{ ...policy, reason: 'the snapshot does not contain it' }] };
  const { accountId: account, policy: text } = bucket;
  if (text === undefined) {
    const reason = gapOf(facts, name, 'it could not be read');
    return { account, bucket, sources: [{ ...policy, reason }] };
  }
  return { account, bucket, sources: text === null ? [] : [{ ...policy, text }] };
}

/** Returns the use of the key that encrypts a bucket's objects (S3 User Guide, "Using server-side encryption with AWS KMS keys"). */
function keyRequest(
  facts: ClusterFacts,
  { action }: AccessRequest,
  bucket: Bucket | undefined,
): { readonly request: AccessRequest; readonly policy: PolicySource } | undefined {
  if (bucket?.accountId === undefined || !/^s3:(get|put)object$/i.test(action)) return undefined;
  const { key, name, accountId } = bucket;
  // Every principal of the account may use the AWS managed key for S3.
  if (key === null || key === 'alias/aws/s3') return undefined;
  const { region = '' } = facts.snapshot.aws ?? {};
  const id = key === undefined || key.startsWith('alias/') ? '*' : key;
  const resource = id.startsWith('arn:') ? id : `arn:${facts.partition}:kms:${region}:${accountId}:key/${id}`;
  const policy: PolicySource =
    key === undefined
      ? { kind: 'resource', name: `encryption of bucket ${name}`, reason: gapOf(facts, name, 'it could not be read') }
      : { kind: 'resource', name: `policy of KMS key ${key}`, reason: 'policies of keys are not read' };
  const conditions = { 'kms:ViaService': `s3.${region}.amazonaws.com` };
  return {
    request: { action: /^s3:get/i.test(action) ? 'kms:Decrypt' : 'kms:GenerateDataKey', resource, conditions },
    policy,
  };
}
