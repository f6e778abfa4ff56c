import { createHash } from 'node:crypto';
import { badScenario } from '../../foundation/node/errors.ts';
import type { AccountAlias, ClusterAlias } from './policy.ts';
import { longResource, policyDocument, type DeclaredPolicy } from './policy-document.ts';
import { replacePlaceholders } from './placeholders.ts';
import { bucketName, namespaceName, roleName, type Owner } from './real-names.ts';
import type { Scenario } from './spec.ts';

interface NameSources {
  /** The run's id, which is part of all names. */
  readonly run: string;
  accountId(alias: AccountAlias): string;
  /** Issuer and provider are known once the cluster exists. */
  cluster(
    alias: ClusterAlias,
  ):
    | { readonly name: string; readonly arn: string; readonly issuer?: string; readonly providerArn?: string }
    | undefined;
}

/**
 * Real names of a scenario's resources, so that scenarios can run concurrently. In any text, `<kind:name>` stands for
 * one: `<namespace:red>`, `<bucket:data>`, `<key:data>` (ARN), `<role:app>` (ARN), `<role-name:app>`, `<cluster:c1>` (name),
 * `<cluster-arn:c1>`, `<region:c1>`, `<issuer:c1>`, `<provider-arn:c1>`, `<account:main>`, `<time:now>`. Known later:
 * `<pod:…>`, `<pod-uid:…>`, `<association-id:…>`, `<association-arn:…>`, `<external-id:…>`.
 */
export class Names {
  readonly scenario: Scenario;
  readonly #sources: NameSources;
  readonly #owner: Owner;
  readonly #later = new Map<string, string>();

  /** @param attempt 1 for the first. */
  constructor(scenario: Scenario, sources: NameSources, attempt = 1) {
    this.scenario = scenario;
    this.#sources = sources;
    this.#owner = {
      run: sources.run,
      id: scenario.id,
      attempt,
      client: scenario.client?.ordinal,
      exactNames: scenario.spec.exactNames,
    };
  }

  namespace(alias: string): string {
    return namespaceName(this.#owner, alias);
  }

  bucket(alias: string): string {
    return bucketName(this.#owner, alias);
  }

  roleName(alias: string): string {
    return roleName(this.#owner, alias);
  }

  roleArn(alias: string): string {
    const { account = 'main', path = '/' } = this.scenario.spec.roles?.[alias] ?? {};
    return `arn:aws:iam::${this.#sources.accountId(account)}:role${path}${this.roleName(alias)}`;
  }

  /** Returns the ARN of a KMS key in the region of the clusters. */
  keyArn(alias: string): string {
    const { account = 'main' } = this.scenario.spec.keys?.[alias] ?? {};
    const digits = createHash('sha256').update(this.roleName(alias)).digest('hex');
    const id = digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
    return `arn:aws:kms:${this.expand('<region:c1>')}:${this.#sources.accountId(account)}:key/${id}`;
  }

  /** Records a name that is known once the resource exists, such as `external-id:app`. */
  learn(kindAndName: string, value: string): void {
    this.#later.set(kindAndName, value);
  }

  expand(text: string): string {
    return replacePlaceholders(text, ({ kind, name }) => this.#resolve(kind, name));
  }

  /** Replaces names in every string of a JSON value, including keys. */
  expandAll<T>(value: T): T {
    if (typeof value === 'string') return this.expand(value) as T;
    if (Array.isArray(value)) return value.map((item: unknown) => this.expandAll(item)) as T;
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [this.expand(key), this.expandAll(item as unknown)]),
      ) as T;
    }
    return value;
  }

  #resolve(kind: string, name: string): string {
    const cluster = (): ReturnType<NameSources['cluster']> => this.#sources.cluster(name as ClusterAlias);
    const laterValue = this.#later.get(`${kind}:${name}`);
    if (laterValue !== undefined) return laterValue;
    const resolvers: Readonly<Record<string, () => string | undefined>> = {
      namespace: () => this.namespace(name),
      bucket: () => this.bucket(name),
      key: () => this.keyArn(name),
      role: () => this.roleArn(name),
      'role-name': () => this.roleName(name),
      cluster: () => cluster()?.name,
      'cluster-arn': () => cluster()?.arn,
      region: () => cluster()?.arn.split(':')[3],
      issuer: () => cluster()?.issuer,
      'provider-arn': () => cluster()?.providerArn,
      account: () => this.#sources.accountId(name as AccountAlias),
      time: () => (name === 'now' ? new Date().toISOString() : undefined),
    };
    const value = Object.hasOwn(resolvers, kind) ? resolvers[kind]?.() : undefined;
    if (value === undefined)
      throw badScenario(
        `${this.scenario.id}: <${kind}:${name}> is unknown at this point. See the names in docs/scenarios.md.`,
      );
    return value;
  }

  /** Converts `data/red/*` to the ARN of objects in bucket `data`, and `data` to the bucket's ARN. Keeps ARNs and `*`. */
  resourceArn(resource: string): string {
    return this.expand(longResource(resource));
  }

  /** Returns the real bucket and key of a scenario's `<bucket>/<key>`. */
  place(at: string): { readonly bucket: string; readonly key: string } {
    const slash = at.indexOf('/');
    return { bucket: this.bucket(at.slice(0, slash)), key: this.expand(at.slice(slash + 1)) };
  }

  /** Returns the JSON of a permissions, bucket or trust policy. */
  policyText(policy: DeclaredPolicy): string {
    return JSON.stringify(this.expandAll(policyDocument(policy)));
  }
}
