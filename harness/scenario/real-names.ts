import { namePrefix } from '../../foundation/aws/tags.ts';
import { declaredId } from '../../foundation/node/validate.ts';
import { bucketsOf } from './parts.ts';
import type { ScenarioSpec } from './spec.ts';

/** The parts that make names unique: the run, the scenario, and the attempt (from 1). */
export interface Owner {
  readonly run: string;
  readonly id: string;
  readonly attempt: number;
  /** Number of its client, from 0. Default: the first. */
  readonly client?: number | undefined;
  readonly exactNames?: boolean | undefined;
}

/** Maximum number of attempts per client. Names of further attempts would not be unique. */
export const MOST_ATTEMPTS = 99;

/** Later attempts and clients get other names, because namespaces are deleted slowly. Suffixes have equal length. */
function slugOf({ id, attempt, client = 0 }: Owner): string {
  const slug = declaredId(id).toLowerCase();
  const number = client * (MOST_ATTEMPTS + 1) + attempt;
  return number === 1 ? slug : `${slug}-${String(number).padStart(4, '0')}`;
}

export const namespaceName = (owner: Owner, alias: string): string =>
  owner.exactNames === true ? alias : `${slugOf(owner)}-${alias}-${owner.run}`;

export const bucketName = (owner: Owner, alias: string): string =>
  owner.exactNames === true ? alias : roleName(owner, alias);

export const roleName = (owner: Owner, alias: string): string => `${namePrefix(owner.run)}-${slugOf(owner)}-${alias}`;

/** An owner with the longest names: run ids have seven characters, suffixes of attempts five. */
const LONGEST_OWNER = { run: 'c000000', attempt: 9 } as const;

const KINDS = {
  // Kubernetes documentation, "Object Names and IDs", RFC 1123 label names.
  namespace: { nameOf: namespaceName, longest: 63, form: /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/ },
  // Amazon S3 User Guide, "General purpose bucket naming rules".
  bucket: { nameOf: bucketName, longest: 63, form: /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/ },
  // IAM API Reference, CreateRole; `<role:app>` allows no other characters.
  role: { nameOf: roleName, longest: 64, form: /^[A-Za-z0-9_.-]+$/ },
  // KMS chooses the ids of keys, so only `<key:data>` limits the name.
  key: { nameOf: () => '', longest: 0, form: /^[A-Za-z0-9_.-]+$/ },
} as const;

/** Returns a clause about the first unusable name of a scenario, or undefined. */
export function unusableName(id: string, spec: ScenarioSpec): string | undefined {
  const { roles = {}, keys = {}, workloads = {}, users = {}, exactNames } = spec;
  const used: readonly (readonly [keyof typeof KINDS, string])[] = [
    ...Object.keys(roles).map((alias) => ['role', alias] as const),
    ...Object.keys(keys).map((alias) => ['key', alias] as const),
    ...[...Object.values(workloads), ...Object.values(users)].flatMap(({ namespace }) =>
      namespace === undefined ? [] : [['namespace', namespace] as const],
    ),
    ...bucketsOf(spec).map((alias) => ['bucket', alias] as const),
  ];
  for (const [kind, alias] of used) {
    const { nameOf, longest, form } = KINDS[kind];
    if (!form.test(alias))
      return `${kind} "${alias}" is not a valid name: use ${kind === 'role' || kind === 'key' ? 'letters, digits, dots, dashes and underscores' : 'lower-case letters and digits, and dashes between them'}`;
    const over = nameOf({ ...LONGEST_OWNER, id, exactNames }, alias).length - longest;
    if (over > 0)
      return `the name of ${kind} "${alias}" is too long with the prefixes and suffixes of the run (at most ${longest} characters): shorten it by ${over}`;
  }
  return undefined;
}
