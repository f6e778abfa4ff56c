import { existsSync } from 'node:fs';
import {
  accountIn,
  EMPTY,
  EXAMPLE_ACCOUNT,
  knownOf,
  Unknown,
  type DeployedAssociation,
  type DeployedPolicy,
  type DeployedRole,
  type DeployedServiceAccount,
  type Deployment,
  type Known,
} from '../../identity/deployment/deployment.ts';
import { readDeployment, readManifest } from '../../identity/deployment/read.ts';
import { ROLE_ANNOTATION } from '../../identity/deployment/terraform.ts';
import { readPolicyFile } from '../../identity/policy-file/read.ts';
import type { PolicyPlace } from '../../identity/policy-file/place.ts';
import { compilePolicy, type PolicyKind } from '../../identity/policy/index.ts';
import { KIND_NAMES } from '../../identity/policy/label.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import { suggestion } from '../../foundation/node/nearest.ts';
import { trustedProviders } from '../facts/trust.ts';
import { BOUNDARY, type Bucket, type OidcProvider, type Role } from '../snapshot/aws.ts';
import { defined } from '../snapshot/defined.ts';
import type { ClusterSnapshot, Gap } from '../snapshot/snapshot.ts';
import { absence, accountOfAsker, fileIdentity } from './file-identity.ts';
import { podsOfTemplates } from './pod-templates.ts';
import { ABSENT, ASSUME, UNSURE, type Asker } from './session.ts';
import { externalIdOf, POD_IDENTITY_SERVICE } from '../../identity/pod-identity.ts';

/** Policies of files, in place of a cluster and its account. */
export interface PolicyFiles {
  /** The output of `terraform show -json`, or a template of CloudFormation or CDK. */
  readonly deployment?: string;
  readonly format?: 'terraform' | 'template';
  /** Manifests of Kubernetes; `-` is standard input. */
  readonly manifests: readonly string[];
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
  /** Default: the account that the files name. */
  readonly accountId?: string;
  /** Whether to ask as if the service account had an association or annotation with the role. */
  readonly isAssumed: boolean;
}

/**
 * Returns a snapshot of what the files deploy, in which the service account has the role that they give it. Gaps say what they do not
 * prove. Throws `HarnessError` BAD_FILE.
 */
export function snapshotOfFiles(files: PolicyFiles, asker: Asker, bucketName: string | undefined): ClusterSnapshot {
  const deployment = deploymentOf(files, asker);
  const { accountId = EXAMPLE_ACCOUNT } = deployment;
  const { namespace, serviceAccount } = asker;
  const found = fileIdentity(deployment, asker, files.clusterName);
  const { association, annotated } = found;
  const given = association?.roleArn ?? annotated?.annotations[ROLE_ANNOTATION];
  const isLost = [given, association?.targetRoleArn].some((one) => one instanceof Unknown);
  const use = <T>(value: Known<T> | undefined): T | undefined => {
    if (!(value instanceof Unknown)) return value;
    if (value.isRequired)
      throw new HarnessError('BAD_FILE', forFlags(`Policy file ${files.deployment} ${value.reason}`));
    return undefined;
  };
  const roleArn = use(given);
  const isAlone = files.deployment === undefined && files.trust !== undefined;
  const selected = given === undefined && !isAlone && files.deployment !== undefined && files.isAssumed;
  const deployed = selected ? chosenRole(deployment, files) : deployment.roles.find(({ arn }) => arn === roleArn);
  const targetArn = use(association?.targetRoleArn);
  const others = deployment.roles.filter(({ arn }) => arn === targetArn);
  const alone = isAlone
    ? { ...roleOfFiles(files, accountId), ...(roleArn !== undefined && { arn: roleArn }) }
    : undefined;
  const own = alone ?? (deployed && snapshotRole(deployed, files, use, given !== undefined || selected));
  const roles = [own, ...others.map((one) => snapshotRole(one, files, use, false))].filter((one) => one !== undefined);
  const [clusterName = 'cluster', region = 'us-west-2'] = [
    clusterOf(files, deployment, association),
    deployment.region,
  ];
  const policies = roles.flatMap((role) => [role.trustPolicy, ...Object.values(role.policies ?? {})]).join('\n');
  const isTested = /eks-cluster-(arn|name)|aws:SourceArn/i.test(policies);
  if (isTested && (clusterOf(files, deployment, association) === undefined || deployment.region === undefined))
    throw new HarnessError('BAD_FILE', 'The policies name the cluster. Give --cluster-name and --region.');
  const isAbsent = given === undefined && !files.isAssumed;
  const trust = own?.trustPolicy ?? '';
  const isPodIdentity = association !== undefined || (annotated === undefined && trust.includes(POD_IDENTITY_SERVICE));
  const [trusted, ...more] = own && !isPodIdentity ? trustedProviders(own) : [];
  const issuer = isPodIdentity ? undefined : issuerOf(deployment, clusterName, [trusted, ...more]);
  const annotations = { ...knownAnnotations(annotated), ...(!isPodIdentity && own && { [ROLE_ANNOTATION]: own.arn }) };
  const metadata = { namespace, name: serviceAccount, ...(!isLost && { annotations }) };
  const cluster = {
    name: clusterName,
    arn: `arn:aws:eks:${region}:${accountId}:cluster/${clusterName}`,
    autoMode: false,
  };
  const isIdKnown = deployment.accountId !== undefined && deployment.region !== undefined;
  const externalId =
    association?.externalId ?? (isIdKnown ? externalIdOf(cluster, { namespace, serviceAccount }) : undefined);
  const associated = roleArn ?? own?.arn;
  const bucket = bucketName === undefined ? undefined : bucketOfFiles(files, deployment, bucketName, accountId);
  const needsId =
    association?.targetRoleArn !== undefined && association.disableSessionTags && externalId === undefined;
  const unsure = [
    ...found.unsure,
    ...[given, association?.targetRoleArn, association?.policy].flatMap((one) =>
      one instanceof Unknown ? one.reason : [],
    ),
    ...unnamed(deployed, [bucket?.bucket.policy, ...others.map(({ trust: text }) => knownOf(text))]),
  ];
  const gap = (right: string, reason: string): Gap => ({ right, reason, object: `${namespace}/${serviceAccount}` });
  const hidden: Gap[] = needsId
    ? [
        {
          right: `${association.address}.external_id`,
          reason: 'known only after apply, or with --account and --region',
          object: targetArn ?? '',
        },
      ]
    : [];
  const isDeployment = files.deployment !== undefined || files.manifests.length > 0;
  return {
    context: clusterName,
    server: '',
    takenAt: new Date().toISOString(),
    gaps: [
      ...(bucket?.gaps ?? []),
      ...(isAbsent && isDeployment ? [gap(ABSENT, absence(deployment, asker))] : []),
      ...(isAbsent && !isDeployment ? [gap(ASSUME, 'not in the files')] : []),
      ...hidden,
      ...unsure.map((reason) => gap(UNSURE, reason)),
      ...deployment.roles.flatMap(({ arn, trust: text }) =>
        text instanceof Unknown ? [{ right: files.deployment ?? '', reason: text.reason, object: arn }] : [],
      ),
    ],
    kubernetes: {
      serviceAccounts: [{ metadata }],
      pods: podsOfTemplates(deployment, asker, isPodIdentity ? undefined : { annotations }, isPodIdentity),
    },
    aws: {
      region,
      accountId,
      cluster: { ...cluster, ...(issuer !== undefined && { issuer: `https://${issuer}` }) },
      associations:
        isPodIdentity && associated !== undefined && !isLost
          ? [
              {
                ...{
                  namespace,
                  serviceAccount,
                  associationId: association?.address ?? 'of the files',
                  roleArn: associated,
                },
                disableSessionTags: association?.disableSessionTags ?? false,
                ...defined({ targetRoleArn: targetArn, policy: use(association?.policy), externalId }),
              },
            ]
          : [],
      roles: Object.fromEntries(
        roles
          .filter((one) => one.trustPolicy !== '' && !hidden.some(({ object }) => object === one.arn))
          .map((one) => [one.arn, one]),
      ),
      oidcProviders: providersOf(deployment, issuer, accountId),
      instanceProfiles: {},
      ...(bucketName !== undefined && bucket && { buckets: { [bucketName]: bucket.bucket } }),
    },
  };
}

/** Returns what all files deploy, in the account that they name or that the service account's annotation names. */
function deploymentOf(files: PolicyFiles, asker: Asker): Deployment {
  const { deployment: path, format = 'terraform', values, accountId, region } = files;
  const manifests = files.manifests.map(readManifest);
  const parts = [...manifests, EMPTY];
  const account = accountIn(
    parts.map((one) => accountOfAsker(one, asker)?.annotations[ROLE_ANNOTATION] ?? '').map((arn) => knownOf(arn) ?? ''),
  );
  const read = (id: string | undefined): Deployment =>
    path === undefined ? EMPTY : readDeployment(path, format, { accountId: id, region, values });
  const id = accountId ?? read(format === 'template' ? (account ?? EXAMPLE_ACCOUNT) : undefined).accountId ?? account;
  const all = [read(id ?? (format === 'template' ? EXAMPLE_ACCOUNT : undefined)), ...parts];
  const joined = <Key extends keyof typeof EMPTY>(key: Key): Deployment[Key] =>
    all.flatMap((one) => one[key] as readonly unknown[]) as unknown as Deployment[Key];
  return {
    accountId: id,
    region: region ?? all[0]?.region,
    roles: joined('roles'),
    associations: joined('associations'),
    clusters: joined('clusters'),
    oidcProviders: joined('oidcProviders'),
    serviceAccounts: joined('serviceAccounts'),
    pods: joined('pods'),
    buckets: joined('buckets'),
  };
}

function chosenRole({ roles }: Deployment, { role, deployment }: PolicyFiles): DeployedRole {
  const found = role === undefined && roles.length === 1 ? roles[0] : roles.find(({ address }) => address === role);
  if (found) return found;
  const names = roles.map(({ address }) => address);
  throw new HarnessError(
    'BAD_FILE',
    role === undefined
      ? `Policy file ${deployment} has ${names.length === 0 ? 'no role' : 'several roles'}. Use --role with one of ${names.join(', ')}.`
      : `Policy file ${deployment} has no role "${role}": ${suggestion(role, names)}`,
  );
}

/** The template's sentences for suites name `values`. */
const forFlags = (message: string): string => message.replace(/Add "values" \{"(.+?)": …\}/, 'Use --value $1=VALUE');

const clusterOf = (
  { clusterName }: PolicyFiles,
  { clusters }: Deployment,
  association: DeployedAssociation | undefined,
): string | undefined =>
  clusterName ?? knownOf(association?.cluster) ?? (clusters.length === 1 ? knownOf(clusters[0]?.name) : undefined);

const knownAnnotations = (account: DeployedServiceAccount | undefined): Record<string, string> =>
  Object.fromEntries(
    Object.entries(account?.annotations ?? {}).flatMap(([key, value]) =>
      value instanceof Unknown ? [] : [[key, value]],
    ),
  );

/** Returns the issuer of the cluster: as the files say, otherwise the one that the role trusts. */
function issuerOf(
  { clusters, oidcProviders }: Deployment,
  clusterName: string,
  trusted: readonly (string | undefined)[],
): string | undefined {
  const cluster = clusters.find(({ name, issuer }) => knownOf(name) === clusterName && issuer !== undefined);
  const provider =
    oidcProviders.find(({ url }) => trusted.includes(url)) ??
    (oidcProviders.length === 1 ? oidcProviders[0] : undefined);
  return cluster?.issuer?.replace(/^https:\/\//, '') ?? provider?.url ?? trusted[0];
}

/** Returns the providers of the files, or that of the issuer if they have none. */
function providersOf({ oidcProviders }: Deployment, issuer: string | undefined, accountId: string): OidcProvider[] {
  const assumed = issuer === undefined ? [] : [{ url: issuer, clientIds: ['sts.amazonaws.com'] }];
  return (oidcProviders.length > 0 ? oidcProviders : assumed).map(({ url, clientIds }) => ({
    ...{ url, clientIds, arn: `arn:aws:iam::${accountId}:oidc-provider/${url}` },
  }));
}

/** Returns why the name of a role may decide, if it is only known after deployment. */
function unnamed(role: DeployedRole | undefined, texts: readonly (string | null | undefined)[]): readonly string[] {
  if (role === undefined || role.isNamed) return [];
  const all = [...texts, ...role.policies.map(({ text }) => knownOf(text))].join('\n').replaceAll(role.arn, '');
  return /:role\/|:assumed-role\/|aws:PrincipalArn|aws:userid/i.test(all)
    ? [`the name of ${role.address} is known only after deployment, and policies name roles`]
    : [];
}

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

function roleOfFiles(files: PolicyFiles, accountId: string): Role {
  const { trust, permissions, boundary, role: name = 'role' } = files;
  if (trust === undefined) throw new HarnessError('BAD_FILE', 'Give the trust policy of the role with --trust.');
  return {
    arn: `arn:aws:iam::${accountId}:role/${name}`,
    name,
    tags: {},
    trustPolicy: wholeFile(trust, 'trust'),
    policies: Object.fromEntries(permissions.map((path) => [path, wholeFile(path, 'identity')])),
    ...(boundary !== undefined && { permissionsBoundary: wholeFile(boundary, 'boundary') }),
  };
}

type Use = (value: Known<string> | undefined) => string | undefined;

/** Returns a role of the files. Its trust policy is empty if it is not known. `isExtended`: whether it has the policies of --permissions. */
function snapshotRole(role: DeployedRole, files: PolicyFiles, use: Use, isExtended: boolean): Role {
  const { arn, name, tags, trust, policies } = role;
  const given = isExtended ? files.permissions.map((file) => [file, wholeFile(file, 'identity')] as const) : [];
  const limits = policies.filter(({ kind }) => kind === 'boundary');
  const own = policies.filter(({ kind }) => kind !== 'boundary').map((one) => [one, use(one.text)] as const);
  const unreadOf = (list: readonly DeployedPolicy[], label?: string) =>
    list.flatMap(({ address, text }) =>
      text instanceof Unknown ? [{ policy: label ?? address, reason: text.reason }] : [],
    );
  const elsewhere = policies.filter((one) => one.isElsewhere === true && one.kind !== 'boundary');
  const unread = [
    // Each file of --permissions stands for a policy that the deployment lacks.
    ...unreadOf(elsewhere).slice(given.length),
    ...unreadOf(own.map(([one]) => one).filter((one) => one.isElsewhere !== true)),
    ...unreadOf(limits, BOUNDARY),
  ];
  const limit =
    files.boundary === undefined || !isExtended ? use(limits[0]?.text) : wholeFile(files.boundary, 'boundary');
  return {
    ...{ arn, name, tags, trustPolicy: use(trust) ?? '' },
    policies: Object.fromEntries([
      ...own.flatMap(([one, text]) => (text === undefined ? [] : [[one.policy ?? one.address, text] as const])),
      ...given,
    ]),
    ...(limit !== undefined && { permissionsBoundary: limit }),
    ...(unread.length > 0 && { unread }),
  };
}

/** Returns the bucket of --bucket or of the files, and the gap if they do not have its policy. */
function bucketOfFiles(
  { bucket: given, deployment: path, values }: PolicyFiles,
  { buckets }: Deployment,
  name: string,
  accountId: string,
): { readonly bucket: Bucket; readonly gaps: readonly Gap[] } {
  const own = { name, accountId, key: null };
  if (given === 'none') return { bucket: { ...own, policy: null }, gaps: [] };
  if (given !== undefined) {
    const isFile = path === undefined || existsSync(given);
    const policy = isFile ? wholeFile(given, 'resource') : policyText(path, { resource: given, values });
    return { bucket: { ...own, policy }, gaps: [] };
  }
  const policy = buckets.find((one) => one.name === name)?.policy;
  if (policy instanceof Unknown)
    return { bucket: own, gaps: [{ right: '--bucket FILE', reason: policy.reason, object: name }] };
  return policy === undefined ? { bucket: own, gaps: [notGiven(name)] } : { bucket: { ...own, policy }, gaps: [] };
}
