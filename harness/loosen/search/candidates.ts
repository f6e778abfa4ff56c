import type { ClusterAlias } from '../../../foundation/protocols/aliases.ts';
import { associationOf, bucketsOf, placeOf } from '../../scenario/parts.ts';
import type { ScenarioSpec, WorkloadSpec } from '../../scenario/spec.ts';
import { clientIds, type Assumption, type Attempt, type Call } from '../../predict/attempt.ts';
import { INTRUDER, type Owner } from './extra-roles.ts';
import { isThroughEndpoint, REQUEST_CONTEXT_KEYS, type RequestContext } from '../../../identity/policy/global-keys.ts';
import { grantOf, hasSameRole, isSameSubject, roleOf, subjectOf } from '../../predict/grant.ts';
import { instances, nearMisses, withNearMisses, type NamedValues } from './named-values.ts';
import { RUN, type Scene } from '../../predict/scene.ts';

/** An attempt that pods can make, and how far it is from what the scenario does. */
export interface Candidate extends Attempt {
  /** The workload of the scenario that it is, or that it was made of. */
  readonly like: string | undefined;
  /** Sources that differ from that workload. */
  readonly changed: readonly string[];
}

/** Names that a source is tried with, and workloads of which variants are tried, at most. */
const MOST_NAMES = 12;
const MOST_VARIED = 8;

/** Yields the space of the search, nearest attempts first. `limited` receives the bounds that it reaches. */
export const candidatesOf = (...space: ConstructorParameters<typeof Space>): Iterable<Candidate> =>
  new Space(...space).candidates();

interface Base extends Pick<Attempt, 'workload' | 'through'> {
  readonly like: string | undefined;
}

class Space {
  readonly #scene: Scene;
  readonly #spec: ScenarioSpec;
  readonly #owner: Owner;
  readonly #named: NamedValues;
  readonly #isExact: boolean;
  readonly #limited: (bound: string) => unknown;
  readonly #subjects: readonly ReturnType<typeof subjectOf>[];

  constructor(scene: Scene, owner: Owner, named: NamedValues, limited: (bound: string) => unknown) {
    this.#limited = limited;
    this.#scene = scene;
    this.#spec = scene.scenario.spec;
    this.#owner = owner;
    this.#named = named;
    this.#isExact = this.#spec.exactNames === true;
    this.#subjects = Object.values(this.#spec.workloads ?? {}).map(subjectOf);
  }

  *candidates(): Generator<Candidate> {
    const s3 = this.#s3Calls();
    const bases = this.#bases();
    if (bases.length > MOST_VARIED) this.#limited(`at most ${MOST_VARIED} workloads are varied`);
    const pods = bases.flatMap((base, index) => {
      const calls = this.#callsOf(base, s3);
      return calls.length === 0
        ? []
        : this.#variants(base, index < MOST_VARIED).map((variant) => ({ pod: { ...base, ...variant }, calls }));
    });
    pods.sort((one, other) => one.pod.changed.length - other.pod.changed.length);
    for (const { pod, calls } of pods)
      for (const [call, objectTags] of calls) yield { ...pod, call, ...(objectTags && { objectTags }) };
  }

  /** Pods of other roles, pods that use the other mechanism, those of the scenario, and their chains; the owner's first. */
  #bases(): readonly Base[] {
    const { workloads = {} } = this.#spec;
    const { part, owner } = this.#owner;
    const all = Object.entries(workloads).flatMap(([like, spec]): Base[] => {
      const workload = grantOf(spec);
      return workload === undefined || spec.starts === 'later' ? [] : [{ like, workload }];
    });
    const isOwn = ({ workload }: Base): boolean => roleOf(workload) === owner;
    const own = [...all.filter(isOwn), ...all.filter((base) => !isOwn(base))];
    const chains = this.#chains().flatMap(([like, through]) =>
      own.filter((base) => base.like === like).map((base) => ({ ...base, through })),
    );
    const made: WorkloadSpec[] = [];
    // EKS accepts no association of a role that does not trust it.
    if (part === 'trust' && this.#named.mentions(/pods\.eks\.amazonaws\.com/)) made.push({ role: owner });
    if (part === 'trust') made.push({ irsa: owner });
    if (part === 'trust' || part === 'bucket') made.push({ role: INTRUDER });
    const place = subjectOf(own[0]?.workload ?? {});
    return [...made.map((grant) => ({ like: undefined, workload: { ...place, ...grant } })), ...chains, ...own];
  }

  /** How workloads assume further roles, according to the probes. */
  #chains(): readonly (readonly [workload: string, step: Assumption])[] {
    const chains = this.#spec.probes.flatMap((step) => {
      if (step.kind !== 'probe' || step.workload === undefined) return [];
      const { through, role } = step.operation as { readonly through?: ChainLike; readonly role?: ChainLike };
      const { roleArn, externalId, tags } = through ?? (typeof role === 'object' ? role : {});
      const [, alias] = /^<role:(.+)>$/.exec(roleArn ?? '') ?? [];
      if (alias === undefined) return [];
      const assumption = { role: alias, ...(externalId && { externalId }), ...(tags && { tags }) };
      return [[step.workload, assumption] as const];
    });
    return unique(chains);
  }

  #callsOf(base: Base, s3: readonly S3Call[]): readonly (readonly [Call, S3Call[1]?])[] {
    const { part, owner } = this.#owner;
    const association = associationOf(base.workload);
    const role = base.through?.role ?? roleOf(base.workload);
    if (part === 'trust') {
      if (base.through !== undefined) return [];
      const isOwn = [association?.role, association?.targetRole, base.workload.irsa].includes(owner);
      return isOwn ? [[{ do: 'credentials' }]] : this.#assumptions().map((step) => [{ do: 'assumeRole', step }]);
    }
    if (part === 'bucket') return s3;
    if (part === 'session') return base.like === owner && base.through === undefined ? s3 : [];
    if (association?.targetRole !== undefined && association.role === owner) return [[{ do: 'credentials' }]];
    if (role !== owner) return [];
    const targets = Object.keys(this.#spec.roles ?? {}).filter((name) => name !== owner);
    const known = new Map(this.#chains().map(([, step]) => [step.role, step]));
    const assumes = this.#named.mentions(/"sts:|"\*"/)
      ? targets.map((name) => [{ do: 'assumeRole', step: known.get(name) ?? { role: name } }] as const)
      : [];
    return [...s3, ...assumes];
  }

  /** AssumeRole of the owner with the external ids and session tags that the policy names, near misses, and without. */
  #assumptions(): readonly Assumption[] {
    const { owner } = this.#owner;
    const known = this.#chains().flatMap(([, step]) => (step.role === owner ? [step] : []));
    const ids = this.#named.of(/^sts:ExternalId$/i).flatMap(([value]) => instances(value));
    const tags = this.#named.of(/^aws:RequestTag\/(?!eks-|kubernetes-)(.+)$/i);
    const steps: Assumption[] = [...known, { role: owner }];
    for (const step of [...steps]) {
      const { externalId: _id, tags: _tags, ...bare } = step;
      steps.push(bare, { ...bare, ...(step.tags && { tags: step.tags }) });
      for (const externalId of withNearMisses(ids)) steps.push({ ...step, externalId });
      for (const [value, key] of tags)
        for (const text of withNearMisses(instances(value)))
          steps.push({ ...step, tags: { ...step.tags, [key]: text } });
    }
    return unique(steps);
  }

  /** The pod as it is, and pods of other namespaces, service accounts, clusters and audiences, or without tags. */
  #variants(base: Base, isVaried: boolean): readonly Pick<Candidate, 'workload' | 'changed'>[] {
    const { workload } = base;
    const { cluster, namespace, serviceAccount } = subjectOf(workload);
    const association = associationOf(workload);
    const isTrust = this.#owner.part === 'trust';
    const varies = (mention: RegExp): boolean => isVaried && (isTrust || this.#named.mentions(mention));
    const clusters: readonly ClusterAlias[] = varies(/eks-cluster|:oidc-provider/) ? ['c1', 'c2'] : [cluster];
    const variants: Pick<Candidate, 'workload' | 'changed'>[] = [];
    const namespaces = varies(/kubernetes-namespace|:sub"/) ? this.#namespaces() : [];
    const isSwitch = association !== undefined && association.policy === undefined && varies(/PrincipalTag/);
    const isUntagged = association?.disableSessionTags === true;
    // A service account with another association needs another name.
    const isOther = isSwitch || base.like === undefined;
    const another = isOther ? [`${serviceAccount}-2`] : [];
    const accounts = varies(/kubernetes-service-account|:sub"/) ? this.#serviceAccounts() : another;
    const contexts = isVaried ? this.#contexts(workload) : [];
    const audiences = workload.irsa === undefined ? [undefined] : this.#audiences(base, clusters);
    for (const at of clusters)
      for (const ns of new Set([namespace, ...namespaces]))
        for (const account of new Set([serviceAccount, ...accounts]))
          for (const switched of isSwitch ? [false, true] : [false])
            for (const audience of audiences)
              for (const context of [workload.context, ...contexts]) {
                const sources = {
                  ...{ mechanism: base.like === undefined, cluster: at !== cluster, namespace: ns !== namespace },
                  ...{ serviceAccount: account !== serviceAccount, tags: switched, audience: audience !== undefined },
                  context: context !== workload.context,
                };
                const variant = {
                  ...workload,
                  ...(sources.cluster && { cluster: at }),
                  ...(sources.namespace && { namespace: ns }),
                  ...(sources.serviceAccount && { serviceAccount: account }),
                  ...(switched && association && { role: { ...association, disableSessionTags: !isUntagged } }),
                  ...(audience !== undefined && { serviceAccountAnnotations: { audience } }),
                  ...(sources.context && context && { context }),
                };
                const changed = Object.entries(sources).flatMap(([source, isChanged]) => (isChanged ? [source] : []));
                if (this.#isFree(variant, changed)) variants.push({ workload: variant, changed });
              }
    return variants;
  }

  /** A service account has one association and one annotation. */
  #isFree(workload: WorkloadSpec, changed: readonly string[]): boolean {
    const others = Object.values(this.#spec.workloads ?? {}).filter((other) => isSameSubject(other, workload));
    return changed.length === 0 || others.every((other) => hasSameRole(other, workload));
  }

  #namespaces(): readonly string[] {
    const own = this.#subjects.map(({ namespace }) => namespace);
    const named = [...this.#named.of(/kubernetes-namespace$/i), ...this.#namedSubjects(0)];
    const exact = this.#isExact ? named.flatMap(([value]) => instances(value)) : [];
    return this.#atMost([...withNearMisses([...new Set(exact)]), ...withNearMisses([...new Set(own)])]);
  }

  #serviceAccounts(): readonly string[] {
    const own = this.#subjects.map(({ serviceAccount }) => serviceAccount);
    const named = [...this.#named.of(/kubernetes-service-account$/i), ...this.#namedSubjects(1)];
    const all = [...withNearMisses([...new Set(named.flatMap(([value]) => instances(value)))]), ...withNearMisses(own)];
    return [...this.#atMost(all), 'other'];
  }

  #atMost(names: readonly string[]): readonly string[] {
    const valid = [...new Set(names)].filter((name) => LABEL.test(name) && !name.includes(RUN));
    if (valid.length > MOST_NAMES) this.#limited(`at most ${MOST_NAMES} names of a kind are tried`);
    return valid.slice(0, MOST_NAMES);
  }

  /** Namespaces or service accounts in subjects of web identities and in external ids. */
  #namedSubjects(part: 0 | 1): readonly (readonly [string, string])[] {
    return [
      ...this.#named.of(/:sub$/i).map(([value]) => value.split(':').slice(2)),
      ...this.#named.of(/^sts:ExternalId$/i).map(([value]) => value.split('/').slice(3)),
    ].flatMap((parts) => (parts[part] === undefined ? [] : [[parts[part], ''] as const]));
  }

  /** Contexts in which a key that the policy names is absent, or has a named value or a near miss. */
  #contexts({ context = {} }: WorkloadSpec): readonly RequestContext[] {
    const contexts = REQUEST_CONTEXT_KEYS.flatMap((key): RequestContext[] => {
      const isAddress = /SourceIp$/i.test(key);
      const values = this.#named.of(new RegExp(`^${key}$`, 'i')).map(([value]) => value);
      if (values.length === 0) return [];
      const tried = isAddress
        ? [...values.map((value) => value.replace(/\/.*/, '')), OTHER_ADDRESS]
        : withNearMisses(values.flatMap(instances));
      const { [key]: given, ...others } = context;
      const changed = tried.filter((value) => value !== given).map((value) => ({ ...others, [key]: value }));
      return given === undefined ? changed : [others, ...changed];
    });
    return contexts.filter((one) => !isThroughEndpoint(one) || one['aws:SourceIp'] === undefined);
  }

  #audiences({ workload }: Base, clusters: readonly string[]): readonly (string | undefined)[] {
    const account = this.#scene.roles.get(roleOf(workload) ?? '')?.account ?? 'main';
    return [undefined, ...new Set(clusters.flatMap((cluster) => clientIds(this.#scene, cluster, account)))].filter(
      (audience) => audience !== 'sts.amazonaws.com',
    );
  }

  #s3Calls(): readonly S3Call[] {
    const { part, owner } = this.#owner;
    if (part === 'trust') return [];
    const own = part === 'bucket' ? [owner] : bucketsOf(this.#spec);
    const buckets = part === 'bucket' ? own : [...own, ...own.map((bucket) => `${bucket}-2`)];
    const requestTags = this.#named.of(/^s3:RequestObjectTag\/(.+)$/i);
    return buckets.flatMap((bucket): S3Call[] => [
      ...this.#keys(bucket).flatMap(([at, tags]): S3Call[] => [
        [{ do: 'getObject', at }, tags],
        [{ do: 'putObject', at }],
        [{ do: 'putObject', at, tags: { team: 'red' } }],
        [{ do: 'deleteObject', at }],
        [{ do: 'getObjectTagging', at }, tags],
        ...requestTags.flatMap(([value, key]) =>
          withNearMisses(instances(value)).map((text): S3Call => [{ do: 'putObject', at, tags: { [key]: text } }]),
        ),
      ]),
      ...this.#prefixes().map((prefix): S3Call => [
        { do: 'listObjects', bucket, ...(prefix !== undefined && { prefix }) },
      ]),
    ]);
  }

  /** Objects of the scenario, those that the policy names, and objects of near and other folders. */
  #keys(bucket: string): readonly (readonly [at: string, tags?: Attempt['objectTags']])[] {
    const { objects = [] } = this.#spec;
    const own = objects.map(placeOf).filter((at) => at.startsWith(`${bucket}/`));
    const real = `arn:aws:s3:::${this.#scene.names.bucket(bucket)}/`;
    const named = this.#named.resources
      .filter((resource) => resource.startsWith(real))
      .flatMap((resource) => this.#filled(resource.slice(real.length)))
      .map((key) => `${bucket}/${this.#withAliases(key)}`);
    const folders = [...own, ...named].map((at) => at.slice(bucket.length + 1).split('/'));
    const near = folders.flatMap(([folder = '', ...rest]) =>
      (folder.includes('<') ? ['<namespace:other>'] : nearMisses(folder)).map((name) => [name, ...rest].join('/')),
    );
    const plain = [
      ...new Set([...own, ...named, ...near.map((key) => `${bucket}/${key}`), `${bucket}/x`, `${bucket}/other/x`]),
    ].filter((at) => !at.endsWith('/') && !at.includes('//'));
    const tagged = this.#named
      .of(/^s3:ExistingObjectTag\/(.+)$/i)
      .flatMap(([value, key]) =>
        withNearMisses(instances(value)).flatMap((text) =>
          plain.slice(0, own.length + named.length).map((at) => [`${at}-${text || 'empty'}`, { [key]: text }] as const),
        ),
      );
    return [...plain.map((at) => [at] as const), ...tagged];
  }

  /** Replaces variables by namespaces and service accounts, and wildcards by a text. */
  #filled(key: string): readonly string[] {
    const namespaces = new Set([...this.#subjects.map(({ namespace }) => namespace), 'other']);
    const values = /kubernetes-service-account/.test(key)
      ? this.#serviceAccounts()
      : [...namespaces].map((name) => (this.#isExact ? name : `<namespace:${name}>`));
    const filled = key.includes('${') ? values.map((value) => key.replace(/\$\{[^}]*\}/g, value)) : [key];
    return filled.map((text) => text.replaceAll('*', 'x').replaceAll('?', 'x'));
  }

  #withAliases(text: string): string {
    if (this.#isExact) return text;
    return this.#subjects.reduce(
      (changed, { namespace }) =>
        changed.replaceAll(this.#scene.names.namespace(namespace), `<namespace:${namespace}>`),
      text,
    );
  }

  #prefixes(): readonly (string | undefined)[] {
    const values = this.#named
      .of(/^s3:prefix$/i)
      .flatMap(([value]) => instances(value).toReversed())
      .flatMap((text) => this.#filled(text));
    const near = values.flatMap((value) => nearMisses(value.replace(/\/.*$/, '')).map((name) => `${name}/`));
    return [undefined, ...new Set([...values, ...near, '', 'other/'])];
  }
}

/** An address reserved for documentation (RFC 5737). */
const OTHER_ADDRESS = '203.0.113.200';

type S3Call = readonly [call: Call, objectTags?: Attempt['objectTags']];
type ChainLike = {
  readonly roleArn?: string;
  readonly externalId?: string;
  readonly tags?: Readonly<Record<string, string>>;
};

const LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
const unique = <T>(items: readonly T[]): T[] => [
  ...new Map(items.map((item) => [JSON.stringify(item), item])).values(),
];
