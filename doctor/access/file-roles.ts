import { existsSync } from 'node:fs';
import { HarnessError } from '../../foundation/node/errors.ts';
import { suggestion } from '../../foundation/node/nearest.ts';
import {
  knownOf,
  Unknown,
  type DeployedRole,
  type Deployment,
  type Known,
} from '../../identity/deployment/deployment.ts';
import type { PolicyPlace } from '../../identity/policy-file/place.ts';
import { readPolicyFile } from '../../identity/policy-file/read.ts';
import { compilePolicy, type PolicyKind } from '../../identity/policy/index.ts';
import { KIND_NAMES } from '../../identity/policy/label.ts';
import { BOUNDARY, type Bucket, type Role } from '../snapshot/aws.ts';
import type { Gap } from '../snapshot/snapshot.ts';

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

/** Returns the role of --trust. */
export function roleOfFiles(files: PolicyFiles, accountId: string): Role {
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

/** Returns a known value. Throws `HarnessError` BAD_FILE for one that the user must give. */
export function used(files: PolicyFiles, value: Known<string> | null | undefined): string | undefined {
  if (!(value instanceof Unknown)) return value ?? undefined;
  if (!value.isRequired) return undefined;
  throw new HarnessError('BAD_FILE', `Policy file ${files.deployment} ${value.reason}`);
}

/** Returns a role of the files. Its trust policy is empty if it is not known. `isFirst`: whether flags add to its policies. */
export function roleOf(role: DeployedRole, files: PolicyFiles, isFirst: boolean): Role {
  const given = isFirst ? files.permissions.map((file) => [file, wholeFile(file, 'identity')] as const) : [];
  const declared = role.policies.map((one) => ({
    ...one,
    name: one.policy ?? one.address,
    content: used(files, one.text),
  }));
  const unread = declared
    .filter((one) => one.content === undefined)
    // Each file of --permissions stands for a policy that the deployment lacks.
    .toSorted((a, b) => Number(b.isElsewhere === true) - Number(a.isElsewhere === true))
    .slice(
      Math.min(given.length, declared.filter(({ isElsewhere, kind }) => isElsewhere && kind !== 'boundary').length),
    )
    .map(({ kind, name, text }) => ({
      policy: kind === 'boundary' ? BOUNDARY : name,
      reason: (text as Unknown).reason,
    }));
  const limit =
    isFirst && files.boundary !== undefined
      ? wholeFile(files.boundary, 'boundary')
      : declared.find(({ kind }) => kind === 'boundary')?.content;
  const policies = declared.flatMap(({ kind, name, content }) =>
    kind === 'boundary' || content === undefined ? [] : [[name, content] as const],
  );
  return {
    ...{ arn: role.arn, name: role.name, tags: role.tags, trustPolicy: used(files, role.trust) ?? '' },
    policies: Object.fromEntries([...policies, ...given]),
    ...(limit !== undefined && { permissionsBoundary: limit }),
    ...(unread.length > 0 && { unread }),
  };
}

/** Returns the role of --role, or the only one. Throws `HarnessError` BAD_FILE. */
export function chosenRole({ roles }: Deployment, { role, deployment }: PolicyFiles): DeployedRole {
  const chosen = role === undefined && roles.length === 1 ? roles[0] : roles.find(({ address }) => address === role);
  if (chosen) return chosen;
  const names = roles.map(({ address }) => address);
  throw new HarnessError(
    'BAD_FILE',
    role === undefined
      ? `Policy file ${deployment} has ${names.length === 0 ? 'no role' : 'several roles'}. Use --role with one of ${names.join(', ')}.`
      : `Policy file ${deployment} has no role "${role}": ${suggestion(role, names)}`,
  );
}

/** Returns why the name or the tags of a role may decide, if they are only known after deployment. */
export function unnamed(
  role: DeployedRole | undefined,
  texts: readonly (string | null | undefined)[],
): readonly string[] {
  if (role === undefined) return [];
  const all = [...texts, knownOf(role.trust), ...role.policies.map(({ text }) => knownOf(text))]
    .join('\n')
    .replaceAll(role.arn, '');
  const isTagged = (role.unknownTags ?? []).length > 0 && /:(?:Principal|Resource)Tag\//i.test(all);
  return [
    ...(!role.isNamed && /:role\/|:assumed-role\/|aws:PrincipalArn|aws:userid/i.test(all)
      ? [`the name of ${role.address} is known only after deployment, and policies name roles`]
      : []),
    ...(isTagged ? [`${role.unknownTags?.join(' and ')} are not known, and policies depend on tags`] : []),
  ];
}

/** Returns the bucket of --bucket or of the files, and the gap if they do not have its policy. */
export function bucketOf(
  files: PolicyFiles,
  { buckets }: Deployment,
  name: string,
  accountId: string,
): { readonly bucket: Bucket; readonly gaps: readonly Gap[] } {
  const { bucket: given, deployment: path, values } = files;
  const isFile = path === undefined || (given !== undefined && existsSync(given));
  const source =
    given === undefined
      ? buckets.find((one) => one.name === name)?.policy
      : given === 'none'
        ? null
        : isFile
          ? wholeFile(given, 'resource')
          : policyText(path, { resource: given, values });
  const policy = source === null ? null : used(files, source);
  const reason = source instanceof Unknown ? source.reason : 'give the policy, or --bucket none';
  const gaps = policy === undefined ? [{ right: '--bucket FILE', reason, object: name }] : [];
  const hasKey = buckets.some((one) => one.name === name && one.hasKey === true);
  return { bucket: { name, accountId, ...(!hasKey && { key: null }), ...(policy !== undefined && { policy }) }, gaps };
}
