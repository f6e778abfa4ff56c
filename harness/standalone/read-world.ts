import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { HarnessError, unreadable } from '../../foundation/node/errors.ts';
import { validated } from '../../foundation/node/validate.ts';
import { textOfFile } from '../../identity/deployment/read.ts';
import { documentOf, type Policy, type PolicyInFile } from '../../identity/policy-file/schema.ts';
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

/** Reads a world from a YAML or JSON file. Throws `HarnessError` BAD_FILE. */
export function readWorld(path: string): ResolvedWorld {
  const text = textOfFile(path, 'World file');
  try {
    return resolveWorld(parse(text), path);
  } catch (error) {
    if (error instanceof HarnessError) throw error;
    throw new HarnessError('BAD_FILE', `World file ${path} is not YAML: ${(error as Error).message.split('\n')[0]}`);
  }
}

/** Checks a world and reads its files, relative to the folder of `file`. Throws `HarnessError` BAD_FILE. */
export function resolveWorld(content: unknown, file: string): ResolvedWorld {
  const world = validated(worldSchema, content ?? {}, (problem) => `${file}: ${problem}`);
  const folder = dirname(file);
  const document = (policy: Policy, place: string) => documentOf(policy, `${file}: ${place}`, folder);
  const attached = (policy: Policy | { name: string; document: Policy }, place: string, index = 0): AttachedPolicy => {
    if (typeof policy === 'string' && policy.startsWith('arn:')) return policy;
    if (typeof policy === 'object' && 'document' in policy)
      return { name: String(policy.name), document: document(policy.document as Policy, place).document };
    const source = typeof policy === 'object' && 'file' in policy ? (policy as PolicyInFile) : undefined;
    const name = source?.policy ?? source?.resource ?? (source && basename(source.file)) ?? `policy-${index + 1}`;
    return { name: allowedName(name), document: document(policy, place).document };
  };
  const resolved = <Owner extends Part<'users'>>({ policies = [], ...owner }: Owner) => {
    const place = `policies of ${owner.name}`;
    const all = policies.map((policy, index) => attached(policy, place, index));
    const names = all.map((policy) => (typeof policy === 'string' ? policy : policy.name));
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice === undefined) return { ...owner, policies: all };
    throw new HarnessError('BAD_FILE', `${file}: ${place}: two are "${twice}". Name one: {"name": …, "document": …}.`);
  };
  const withText = <Owner extends object>(owner: Owner, member: 'trust' | 'policy', place: string): Owner => {
    const policy = (owner as { readonly [Key in typeof member]?: Policy })[member];
    return policy === undefined ? owner : { ...owner, [member]: document(policy, `${member} of ${place}`).document };
  };
  return {
    cluster: world.cluster,
    roles: (world.roles ?? []).map(({ boundary, ...role }) => ({
      ...withText(resolved(role), 'trust', role.name),
      ...(boundary !== undefined && { boundary: attached(boundary, `boundary of ${role.name}`) }),
    })),
    associations: (world.associations ?? []).map((one) =>
      withText(one, 'policy', `${one.namespace}/${one.serviceAccount}`),
    ),
    buckets: (world.buckets ?? []).map(({ objects = {}, ...bucket }) => ({
      ...withText(bucket, 'policy', bucket.name),
      objects: Object.fromEntries(
        Object.entries(objects).map(([key, object]) =>
          typeof object === 'object' && 'file' in object
            ? [key, { base64: bytesOf(resolve(folder, object.file), `${file}: object ${key}`) }]
            : [key, object],
        ),
      ),
    })),
    users: (world.users ?? []).map(resolved),
    issuers: world.issuers ?? [],
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
