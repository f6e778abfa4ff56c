import { listOf, objectOf, textOf, type JsonObject } from '../../foundation/node/json.ts';
import { splitArn } from '../../identity/policy/arn.ts';
import type { Bucket, Resource } from '../snapshot/aws.ts';
import type { AwsAccount } from './aws-account.ts';
import { Unreadable, type Gaps } from './gaps.ts';
import type { ResourceRight } from './resource-calls.ts';

interface Place {
  readonly arn: string;
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly account: string;
  readonly name: string;
}

interface PolicyReading {
  readonly right: ResourceRight;
  readonly input: (place: Place) => JsonObject;
  readonly policy: (answer: JsonObject) => unknown;
  /** Returns the id, alias or ARN of the key, if the same answer has it. */
  readonly key?: (answer: JsonObject) => unknown;
  /** AWS's error for a resource without a policy. */
  readonly none?: string;
}

/** How the policies of resources are read, by the service of their ARNs. */
const READINGS: Readonly<Record<string, PolicyReading>> = {
  kms: {
    right: 'kms:GetKeyPolicy',
    input: ({ arn }) => ({ KeyId: arn, PolicyName: 'default' }),
    policy: ({ Policy }) => Policy,
  },
  sqs: {
    right: 'sqs:GetQueueAttributes',
    input: ({ region, account, name }) => ({
      QueueUrl: `https://sqs.${region}.amazonaws.com/${account}/${name}`,
      AttributeNames: ['Policy', 'KmsMasterKeyId'],
    }),
    policy: ({ Attributes }) => objectOf(Attributes)['Policy'],
    key: ({ Attributes }) => objectOf(Attributes)['KmsMasterKeyId'],
  },
  sns: {
    right: 'sns:GetTopicAttributes',
    input: ({ arn }) => ({ TopicArn: arn }),
    policy: ({ Policy }) => Policy,
    key: ({ KmsMasterKeyId }) => KmsMasterKeyId,
  },
  secretsmanager: {
    right: 'secretsmanager:GetResourcePolicy',
    input: ({ arn }) => ({ SecretId: arn }),
    policy: ({ ResourcePolicy }) => ResourcePolicy,
  },
  dynamodb: {
    right: 'dynamodb:GetResourcePolicy',
    input: ({ arn }) => ({ ResourceArn: arn.replace(/(:table\/[^/]+)\/index\/.*/, '$1') }),
    policy: ({ Policy }) => Policy,
    none: 'PolicyNotFoundException',
  },
  ecr: {
    right: 'ecr:GetRepositoryPolicy',
    input: ({ account, name }) => ({ registryId: account, repositoryName: name.replace(/^repository\//, '') }),
    policy: ({ policyText }) => policyText,
    none: 'RepositoryPolicyNotFoundException',
  },
  lambda: {
    right: 'lambda:GetPolicy',
    input: ({ arn }) => ({ FunctionName: arn }),
    policy: ({ Policy }) => Policy,
    none: 'ResourceNotFoundException',
  },
};

type Reader = Pick<AwsAccount, 'callResource'>;

/** Reads the policies of resources, and of the KMS keys that encrypt them. What cannot be read is a gap. */
export async function readResources(
  reader: Reader,
  gaps: Gaps,
  arns: readonly string[],
): Promise<Readonly<Record<string, Resource>>> {
  const resources: Record<string, Resource> = {};
  for (const arn of new Set(arns)) {
    const place = placeOf(arn);
    if (place === undefined) continue;
    const { policy, id: ownId } = await readPolicy(reader, gaps, place);
    const id = READINGS[place.service]?.key ? ownId : await gaps.attempt(() => keyOf(reader, place), arn);
    const key = id ? await readKey(reader, gaps, id, place, resources) : id;
    resources[arn] = { ...(policy !== undefined && { policy }), ...(key !== undefined && { key }) };
  }
  return resources;
}

/** Reads the keys of buckets into `resources`. Returns the buckets with the ARNs of their keys. */
export async function withKeys(
  reader: Reader,
  gaps: Gaps,
  buckets: Readonly<Record<string, Bucket | null>>,
  place: Pick<Place, 'partition' | 'region'>,
  resources: Record<string, Resource>,
): Promise<Readonly<Record<string, Bucket | null>>> {
  const all = await Promise.all(
    Object.entries(buckets).map(async ([name, bucket]) => {
      const key = bucket?.key ? await readKey(reader, gaps, bucket.key, place, resources) : undefined;
      return [name, bucket && key !== undefined ? { ...bucket, key } : bucket] as const;
    }),
  );
  return Object.fromEntries(all);
}

/**
 * Adds a key with its policy. Returns its ARN, null for a key of AWS, which all principals of the account may use through the service, and
 * undefined if it could not be read. `id`: ARN, id or alias.
 */
async function readKey(
  reader: Reader,
  gaps: Gaps,
  id: string,
  place: Pick<Place, 'partition' | 'region'>,
  resources: Record<string, Resource>,
): Promise<string | null | undefined> {
  if (/^alias\/aws\//.test(id)) return null;
  const key = await gaps.attempt(() => reader.callResource('kms:DescribeKey', { KeyId: id }, place), id);
  if (key === undefined) return undefined;
  const { Arn: arn, KeyManager: manager } = objectOf(key['KeyMetadata']);
  const keyPlace = placeOf(textOf(arn) ?? '');
  if (manager === 'AWS' || keyPlace === undefined) return manager === 'AWS' ? null : undefined;
  const { policy } = await readPolicy(reader, gaps, keyPlace);
  resources[keyPlace.arn] ??= policy === undefined ? {} : { policy };
  return keyPlace.arn;
}

/** Returns JSON text, or null for a resource without a policy, and the key if the same answer has it. Undefined: not read. */
async function readPolicy(
  reader: Reader,
  gaps: Gaps,
  place: Place,
): Promise<{ readonly policy?: string | null; readonly id?: string | null }> {
  const reading = READINGS[place.service];
  // Parameters have no policy.
  if (reading === undefined) return { policy: null };
  try {
    const answer = await reader.callResource(reading.right, reading.input(place), place);
    return { policy: textOf(reading.policy(answer)) ?? null, id: textOf(reading.key?.(answer)) ?? null };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    if (error.reason === reading.none) return { policy: null };
    gaps.add(error.right, error.reason, place.arn);
    return {};
  }
}

/** Returns the id, alias or ARN of the key that encrypts a secret or parameter; null for others. */
async function keyOf({ callResource }: Reader, place: Place): Promise<string | null> {
  const { arn, service, name } = place;
  if (service === 'secretsmanager')
    return textOf((await callResource('secretsmanager:DescribeSecret', { SecretId: arn }, place))['KmsKeyId']) ?? null;
  if (service !== 'ssm') return null;
  const path = name.replace(/^parameter/, '');
  // Names without a path have no slash in front.
  const Values = path.lastIndexOf('/') === 0 ? [path.slice(1), path] : [path];
  const ParameterFilters = [{ Key: 'Name', Option: 'Equals', Values }];
  const { Parameters } = await callResource('ssm:DescribeParameters', { ParameterFilters }, place);
  const { Type: type, KeyId: id } = objectOf(listOf(Parameters)[0]);
  return type === 'SecureString' ? (textOf(id) ?? null) : null;
}

/** Returns the place of one resource of a region whose policy or key can be read. */
function placeOf(arn: string): Place | undefined {
  const [, partition = '', service = '', region = '', account = '', name = ''] = splitArn(arn) ?? [];
  const isOne = region !== '' && !/[*?]/.test(arn);
  const isReadable = Object.hasOwn(READINGS, service) || (service === 'ssm' && name.startsWith('parameter/'));
  return isOne && isReadable ? { arn, partition, service, region, account, name } : undefined;
}
