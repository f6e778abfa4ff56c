import { existsSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { readPolicyFile, readRolePlaces } from '../../identity/policy-file/read.ts';
import type { PolicyPlace, RolePlaces } from '../../identity/policy-file/place.ts';
import { compilePolicy, type PolicyKind } from '../../identity/policy/index.ts';
import { KIND_NAMES } from '../../identity/policy/label.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import { trustedProviders } from '../facts/trust.ts';
import type { Bucket, Role } from '../snapshot/aws.ts';
import type { ClusterSnapshot, Gap } from '../snapshot/snapshot.ts';
import { ASSUME, type Asker } from './session.ts';
import { POD_IDENTITY_SERVICE } from '../../identity/pod-identity.ts';

/** Policies of files, in place of a cluster and its account. */
export interface PolicyFiles {
  /** The output of `terraform show -json`, or a template of CloudFormation or CDK. */
  readonly deployment?: string;
  /** The role's address in Terraform or logical id in the template. Default: the only role. */
  readonly role?: string;
  /** Values of the template's references. */
  readonly values: Readonly<Record<string, string>>;
  readonly trust?: string;
  readonly permissions: readonly string[];
  readonly boundary?: string;
  /** A file, `none`, or an address or logical id in the deployment. */
  readonly bucket?: string;
  readonly clusterName?: string;
  readonly region?: string;
  readonly accountId: string;
  /** Whether to ask as if the service account had an association or annotation with the role. */
  readonly isAssumed: boolean;
}

/** Returns a snapshot in which the service account has the role. A gap says if the files do not prove it. Throws `HarnessError` BAD_FILE. */
export function snapshotOfFiles(files: PolicyFiles, asker: Asker, bucketName: string | undefined): ClusterSnapshot {
  const role = files.deployment === undefined ? roleOfFiles(files) : roleOfDeployment(files, files.deployment);
  const { clusterName = 'cluster', region = 'us-west-2', accountId } = files;
  const policies = [role.trustPolicy, ...Object.values(role.policies ?? {})].join('\n');
  const isTested = /eks-cluster-(arn|name)|aws:SourceArn/i.test(policies);
  if (isTested && (files.clusterName === undefined || files.region === undefined))
    throw new HarnessError('BAD_FILE', 'The policies name the cluster. Give --cluster-name and --region.');
  const isPodIdentity = role.trustPolicy.includes(POD_IDENTITY_SERVICE);
  const [issuer] = isPodIdentity ? [] : trustedProviders(role);
  const { namespace, serviceAccount } = asker;
  const annotations = { 'eks.amazonaws.com/role-arn': role.arn };
  const metadata = { namespace, name: serviceAccount, ...(issuer !== undefined && { annotations }) };
  const arn = `arn:aws:iam::${accountId}:oidc-provider/${issuer}`;
  const placed = associationsOf(files).find(
    (one) =>
      isDeepStrictEqual([one.namespace, one.serviceAccount], [namespace, serviceAccount]) &&
      (one.cluster ?? clusterName) === (files.clusterName ?? one.cluster ?? clusterName),
  );
  const isKnown = files.isAssumed || (issuer === undefined && placed !== undefined);
  const associationId = placed?.resource ?? 'of the files';
  const association = { namespace, serviceAccount, associationId, roleArn: role.arn, disableSessionTags: false };
  return {
    context: clusterName,
    server: '',
    takenAt: new Date().toISOString(),
    gaps: [
      ...(bucketName !== undefined && files.bucket === undefined ? [notGiven(bucketName)] : []),
      ...(isKnown ? [] : [{ right: ASSUME, reason: 'not in the files', object: `${namespace}/${serviceAccount}` }]),
    ],
    kubernetes: { serviceAccounts: [{ metadata }] },
    aws: {
      region,
      accountId,
      cluster: {
        name: clusterName,
        arn: `arn:aws:eks:${region}:${accountId}:cluster/${clusterName}`,
        autoMode: false,
        ...(issuer !== undefined && { issuer: `https://${issuer}` }),
      },
      associations: issuer === undefined ? [association] : [],
      roles: { [role.arn]: role },
      oidcProviders: issuer === undefined ? [] : [{ arn, url: issuer, clientIds: ['sts.amazonaws.com'] }],
      instanceProfiles: {},
      ...(bucketName !== undefined && { buckets: { [bucketName]: bucketOfFiles(files, bucketName) } }),
    },
  };
}

const associationsOf = ({ deployment, role }: PolicyFiles): RolePlaces['associations'] =>
  deployment === undefined ? [] : readRolePlaces(deployment, role).associations;

const notGiven = (object: string): Gap => ({
  right: '--bucket FILE',
  reason: 'give the policy, or --bucket none',
  object,
});

/** Returns the snapshot with the policy of a bucket that the caller gives, such as one of another account. */
export function withBucketPolicy(
  cluster: ClusterSnapshot,
  name: string,
  accountId: string,
  policy: string,
): ClusterSnapshot {
  const { aws } = cluster;
  const bucket = { key: null, ...aws?.buckets?.[name], name, accountId, policy };
  return aws === undefined ? cluster : { ...cluster, aws: { ...aws, buckets: { ...aws.buckets, [name]: bucket } } };
}

export const policyText = (path: string, place: PolicyPlace = {}): string =>
  JSON.stringify(readPolicyFile(path, place));

/** Returns the policy of a file that has nothing else. Throws `HarnessError` BAD_FILE if it is of another kind. */
function wholeFile(path: string, kind: PolicyKind): string {
  const text = policyText(path);
  try {
    compilePolicy(text, { kind, name: path });
  } catch (error) {
    throw new HarnessError(
      'BAD_FILE',
      `Policy file ${path} cannot be the ${KIND_NAMES[kind]}: ${(error as Error).message}`,
    );
  }
  return text;
}

const arnOf = ({ accountId }: PolicyFiles, name: string): string => `arn:aws:iam::${accountId}:role/${name}`;

function roleOfFiles(files: PolicyFiles): Role {
  const { trust, permissions, boundary, role: name = 'role' } = files;
  if (trust === undefined) throw new HarnessError('BAD_FILE', 'Give the trust policy of the role with --trust.');
  return {
    arn: arnOf(files, name),
    name,
    tags: {},
    trustPolicy: wholeFile(trust, 'trust'),
    policies: Object.fromEntries(permissions.map((path) => [path, wholeFile(path, 'identity')])),
    ...(boundary !== undefined && { permissionsBoundary: wholeFile(boundary, 'boundary') }),
  };
}

function roleOfDeployment(files: PolicyFiles, path: string): Role {
  const { resource, name = resource, tags, inline, attached, boundary, elsewhere } = readRolePlaces(path, files.role);
  const read = (place: PolicyPlace): string => policyText(path, { ...place, values: files.values });
  const [limit] = boundary.map(read);
  const given = files.permissions.map((file) => [file, wholeFile(file, 'identity')] as const);
  const own = [...inline, ...attached].map((place) => [place.policy ?? place.resource ?? '', read(place)] as const);
  const unread = elsewhere.map((policy) => ({ policy, reason: `${path} does not contain it; use --permissions` }));
  return {
    arn: arnOf(files, name),
    name,
    tags,
    trustPolicy: read({ resource }),
    policies: Object.fromEntries([...own, ...given]),
    ...(limit !== undefined && { permissionsBoundary: limit }),
    ...(unread.length > given.length && { unread: unread.slice(given.length) }),
  };
}

function bucketOfFiles({ bucket, deployment, values, accountId }: PolicyFiles, name: string): Bucket {
  const own = { name, accountId, key: null };
  if (bucket === undefined) return own;
  if (bucket === 'none') return { ...own, policy: null };
  const isFile = deployment === undefined || existsSync(bucket);
  return {
    ...own,
    policy: isFile ? wholeFile(bucket, 'resource') : policyText(deployment, { resource: bucket, values }),
  };
}
