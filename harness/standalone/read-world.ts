import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { HarnessError, unreadable } from '../../foundation/node/errors.ts';
import { validated } from '../../foundation/node/validate.ts';
import {
  knownOf,
  Unknown,
  type DeployedPolicy,
  type Deployment,
  type Known,
} from '../../identity/deployment/deployment.ts';
import { readDeployment, textOfFile } from '../../identity/deployment/read.ts';
import { documentOf, type Policy } from '../../identity/policy-file/schema.ts';
import { worldSchema } from './world-schema.ts';
import type { World } from './world.ts';

/** The ARN of a managed policy, or an inline policy. */
export type AttachedPolicy = string | { readonly name: string; readonly document: string | object };
type Part<Key extends 'roles' | 'associations' | 'buckets' | 'users'> = NonNullable<World[Key]>[number];
type Resolved<Of> = Omit<Of, 'policies' | 'boundary'> & {
  policies?: AttachedPolicy[];
  boundary?: AttachedPolicy;
};

/** A world without references to files. Its JSON is a world too. */
export interface ResolvedWorld {
  readonly cluster?: string | undefined;
  readonly roles: readonly Resolved<Part<'roles'>>[];
  readonly associations: readonly Part<'associations'>[];
  readonly buckets: readonly Part<'buckets'>[];
  readonly users: readonly Resolved<Part<'users'>>[];
  readonly issuers: readonly string[];
}

interface Reading {
  readonly accountId: string;
  /** Receives a sentence about each part of a deployment that is not created. */
  readonly warn: (sentence: string) => void;
}

/** Reads a world from a YAML or JSON file. Throws `HarnessError` BAD_FILE. */
export function readWorld(path: string, reading: Reading): ResolvedWorld {
  const text = textOfFile(path, 'World file');
  try {
    return resolveWorld(parse(text), path, reading);
  } catch (error) {
    if (error instanceof HarnessError) throw error;
    throw new HarnessError('BAD_FILE', `World file ${path} is not YAML: ${(error as Error).message.split('\n')[0]}`);
  }
}

/** Checks a world and reads its files, relative to the folder of `file`. Throws `HarnessError` BAD_FILE. */
export function resolveWorld(content: unknown, file: string, { accountId, warn }: Reading): ResolvedWorld {
  const world = validated(worldSchema, content ?? {}, (problem) => `${file}: ${problem}`);
  const folder = dirname(file);
  const document = (policy: Policy, place: string) => documentOf(policy, `${file}: ${place}`, folder);
  const attached = (policy: Policy | { name: string; document: Policy }, place: string, index = 0): AttachedPolicy => {
    if (typeof policy === 'string' && policy.startsWith('arn:')) return policy;
    const isNamed = typeof policy === 'object' && 'document' in policy;
    const read = document((isNamed ? policy.document : policy) as Policy, place);
    const name = isNamed ? String(policy.name) : basename(read.name ?? `policy-${index + 1}`);
    return { name: allowedName(name), document: read.document };
  };
  const resolved = <Owner extends Part<'users'>>({ policies = [], ...owner }: Owner) => ({
    ...owner,
    policies: policies.map((policy, index) => attached(policy, `policies of ${owner.name}`, index)),
  });
  const withText = <Owner extends object>(owner: Owner, member: 'trust' | 'policy', place: string): Owner => {
    const policy = (owner as { readonly [Key in typeof member]?: Policy })[member];
    return policy === undefined ? owner : { ...owner, [member]: document(policy, `${member} of ${place}`).document };
  };
  const deployed = (world.deployments ?? []).map(({ terraform, template, values }) => {
    const path = resolve(folder, terraform ?? template ?? '');
    const format = terraform === undefined ? 'template' : 'terraform';
    const parts = partsOf(path, readDeployment(path, format, { accountId, values }), world);
    for (const reason of parts.unread) warn(`${path}: ${reason}.`);
    return parts;
  });
  return {
    cluster: world.cluster ?? deployed.find((one) => one.cluster !== undefined)?.cluster,
    roles: [
      ...deployed.flatMap(({ roles }) => roles),
      ...(world.roles ?? []).map(({ boundary, ...role }) => ({
        ...withText(resolved(role), 'trust', role.name),
        ...(boundary !== undefined && { boundary: attached(boundary, `boundary of ${role.name}`) }),
      })),
    ],
    associations: [
      ...deployed.flatMap(({ associations }) => associations),
      ...(world.associations ?? []).map((one) => withText(one, 'policy', `${one.namespace}/${one.serviceAccount}`)),
    ],
    buckets: [
      ...deployed.flatMap(({ buckets }) => buckets),
      ...(world.buckets ?? []).map(({ objects = {}, ...bucket }) => ({
        ...withText(bucket, 'policy', bucket.name),
        objects: Object.fromEntries(
          Object.entries(objects).map(([key, object]) =>
            typeof object === 'object' && 'file' in object
              ? [key, { base64: bytesOf(resolve(folder, object.file), `${file}: object ${key}`) }]
              : [key, object],
          ),
        ),
      })),
    ],
    users: (world.users ?? []).map(resolved),
    issuers: [...(world.issuers ?? []), ...deployed.flatMap(({ issuers }) => issuers)],
  };
}

/** Returns what a deployment adds to a world. Throws `HarnessError` BAD_FILE for a value that the file lacks. */
function partsOf(path: string, deployment: Deployment, given: World) {
  const { clusters, associations, oidcProviders, unread } = deployment;
  // The world file replaces roles and buckets by name.
  const replaced = new Set([...(given.roles ?? []), ...(given.buckets ?? [])].map(({ name }) => name));
  const roles = deployment.roles.filter(({ name }) => !replaced.has(name));
  const buckets = deployment.buckets.filter(({ name }) => !replaced.has(name));
  const known = <T>(value: Known<T>, what: string): T => {
    if (!(value instanceof Unknown)) return value;
    throw new HarnessError('BAD_FILE', `${path}: ${what} is unknown: ${value.reason}. Write it in the world file.`);
  };
  const cluster = given.cluster ?? knownOf(clusters[0]?.name) ?? knownOf(associations[0]?.cluster);
  const others = associations.filter((one) => (knownOf(one.cluster) ?? cluster) !== cluster);
  const attached = ({ address, policy, text, isElsewhere }: DeployedPolicy): AttachedPolicy =>
    isElsewhere === true
      ? address
      : { name: allowedName(policy ?? address), document: known(text, `policy ${address}`) };
  return {
    cluster,
    roles: roles.map(({ address, arn, tags, trust, policies }) => {
      const [, rolePath = '/', name = ''] = /:role(\/(?:.*\/)?)([^/]+)$/.exec(arn) ?? [];
      const boundary = policies.find(({ kind }) => kind === 'boundary');
      return {
        ...{ name, path: rolePath, tags: { ...tags }, trust: known(trust, `the trust policy of ${address}`) },
        policies: policies.filter((one) => one !== boundary).map(attached),
        ...(boundary && { boundary: attached(boundary) }),
      };
    }),
    associations: associations
      .filter((one) => !others.includes(one))
      .map(({ address, targetRoleArn, policy, ...one }) => ({
        namespace: known(one.namespace, `the namespace of ${address}`),
        serviceAccount: known(one.serviceAccount, `the service account of ${address}`),
        role: known(one.roleArn, `the role of ${address}`),
        ...(targetRoleArn !== undefined && { targetRole: known(targetRoleArn, `the target role of ${address}`) }),
        ...(policy !== undefined && { policy: known(policy, `the session policy of ${address}`) }),
        disableSessionTags: one.disableSessionTags,
      })),
    buckets: buckets.map(({ name, policy, address }) => ({
      name,
      ...(policy !== null && { policy: known(policy, `the policy of ${address}`) }),
    })),
    issuers: [
      ...oidcProviders.map(({ url }) => url),
      ...clusters.flatMap(({ issuer }) => issuer?.replace('https://', '') ?? []),
    ],
    unread: [
      ...unread.map(({ reason }) => reason),
      ...associations.flatMap(({ unsure = [] }) => unsure),
      ...others.map((one) => `${one.address} is left out, because its cluster is not ${cluster}`),
      ...roles.flatMap(({ unknownTags = [], address }) =>
        unknownTags.map((tag) => `${address} is created without tag ${tag}`),
      ),
      ...buckets.flatMap(({ address, hasKey }) => (hasKey === true ? `the KMS key of ${address} is not emulated` : [])),
    ],
  };
}

/** Replaces characters that IAM does not allow in names of policies. */
const allowedName = (name: string): string => name.replaceAll(/[^\w+=,.@-]+/g, '-').slice(0, 128);

function bytesOf(path: string, place: string): string {
  try {
    return readFileSync(path, 'base64');
  } catch (error) {
    throw new HarnessError('BAD_FILE', `${place}: ${path} cannot be read (${unreadable(error)}). Check the path.`);
  }
}
