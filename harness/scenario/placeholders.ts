/** In any text of a scenario `<kind:name>` stands for a real name (docs/scenarios.md, "Names in angle brackets"). */
interface Placeholder {
  readonly kind: string;
  readonly name: string;
}

const PLACEHOLDER = /<([a-z-]+):([A-Za-z0-9_.-]+)>/g;
/** Kinds about a cluster, followed by the cluster's alias. */
const CLUSTER_KINDS: ReadonlySet<string> = new Set(['cluster', 'cluster-arn', 'region', 'issuer', 'provider-arn']);
/** Kinds whose values are unknown before clusters and pods exist, or change (`time`). */
const KNOWN_LATE: ReadonlySet<string> = new Set([
  'issuer',
  'provider-arn',
  'pod',
  'pod-uid',
  'association-id',
  'association-arn',
  'external-id',
  'time',
]);

export const PLACEHOLDER_KINDS = [
  'namespace',
  'bucket',
  'key',
  'role',
  'role-name',
  'account',
  ...CLUSTER_KINDS,
  ...[...KNOWN_LATE].slice(2),
];

/** Stands for `<key:…>` where only the form of an ARN matters. */
export const EXAMPLE_KEY = 'arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

export const isOfCluster = ({ kind }: Placeholder): boolean => CLUSTER_KINDS.has(kind);
export const isKnownLate = ({ kind }: Placeholder): boolean => KNOWN_LATE.has(kind);

/** Returns all placeholders in the strings of a JSON value, including keys. */
export function placeholdersIn(value: unknown): readonly Placeholder[] {
  const occurrences: Placeholder[] = [];
  collect(value, occurrences);
  return occurrences;
}

const ofSpecs = new WeakMap<object, readonly Placeholder[]>();

/** Returns all placeholders of a scenario's declaration. Caches them, because a declaration never changes. */
export function placeholdersOf(spec: object): readonly Placeholder[] {
  const cachedPlaceholders = ofSpecs.get(spec) ?? placeholdersIn(spec);
  ofSpecs.set(spec, cachedPlaceholders);
  return cachedPlaceholders;
}

function collect(value: unknown, placeholders: Placeholder[]): void {
  // A shortcut, because most strings have none.
  if (typeof value === 'string' && value.includes('<'))
    for (const [, kind = '', name = ''] of value.matchAll(PLACEHOLDER)) placeholders.push({ kind, name });
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) for (const item of value) collect(item, placeholders);
  else
    for (const [key, item] of Object.entries(value)) {
      collect(key, placeholders);
      collect(item, placeholders);
    }
}

export const replacePlaceholders = (text: string, replacement: (placeholder: Placeholder) => string): string =>
  text.replace(PLACEHOLDER, (_whole, kind: string, name: string) => replacement({ kind, name }));
