import type { Association, Instance, OidcProvider, Role } from '../snapshot/aws.ts';
import type { DaemonSet, Node, Pod, ServiceAccount } from '../snapshot/kubernetes.ts';
import type { ClusterSnapshot } from '../snapshot/snapshot.ts';

const AGENT = 'eks-pod-identity-agent';

/** Where a node comes from, as far as it matters to Pod Identity (EKS User Guide, "Learn how EKS Pod Identity works": considerations). */
export type Compute = 'ec2' | 'auto' | 'fargate' | 'hybrid' | 'windows';

const keyOf = (namespace = '', name = ''): string => `${namespace}/${name}`;

/** A snapshot with the joins between its objects. Missing lists count as empty; `rights` of checks say which must be there. */
export class ClusterFacts {
  readonly snapshot: ClusterSnapshot;
  /** Pods that run or will run. Those that are being deleted are excluded. */
  readonly pods: readonly Pod[];
  readonly nodes: readonly Node[];
  readonly associations: readonly Association[];
  /** The agent's DaemonSets, in every namespace. */
  readonly agents: readonly DaemonSet[];
  readonly #serviceAccounts: ReadonlyMap<string, ServiceAccount>;
  readonly #associations: ReadonlyMap<string, Association>;
  readonly #nodes: ReadonlyMap<string, Node>;
  readonly #agentPods: ReadonlyMap<string, Pod>;
  readonly #podsByAccount = new Map<string, Pod[]>();

  constructor(snapshot: ClusterSnapshot) {
    const { kubernetes, aws } = snapshot;
    this.snapshot = snapshot;
    this.pods = (kubernetes.pods ?? []).filter(
      ({ phase, metadata }) => phase !== 'Succeeded' && phase !== 'Failed' && metadata.deletionTimestamp === undefined,
    );
    this.nodes = kubernetes.nodes ?? [];
    this.associations = aws?.associations ?? [];
    this.agents = (kubernetes.daemonSets ?? []).filter(
      ({ metadata, images }) =>
        metadata.labels?.['app.kubernetes.io/name'] === AGENT ||
        metadata.name.startsWith(AGENT) ||
        images.some((image) => image.includes(`/${AGENT}`)),
    );
    this.#nodes = new Map(this.nodes.map((node) => [node.metadata.name, node]));
    this.#serviceAccounts = new Map(
      (kubernetes.serviceAccounts ?? []).map((one) => [keyOf(one.metadata.namespace, one.metadata.name), one]),
    );
    this.#associations = new Map(this.associations.map((one) => [keyOf(one.namespace, one.serviceAccount), one]));
    const agents = new Set(this.agents.map(({ metadata }) => keyOf(metadata.namespace, metadata.name)));
    this.#agentPods = new Map(
      this.pods.flatMap((pod) => {
        const { namespace, owner } = pod.metadata;
        const isAgent = owner?.kind === 'DaemonSet' && agents.has(keyOf(namespace, owner.name));
        const on = pod.nodeName ?? pod.targetNode;
        return isAgent && on !== undefined ? [[on, pod] as const] : [];
      }),
    );
    for (const pod of this.pods) {
      const key = keyOf(pod.metadata.namespace, pod.serviceAccountName);
      const pods = this.#podsByAccount.get(key);
      if (pods) pods.push(pod);
      else this.#podsByAccount.set(key, [pod]);
    }
  }

  /** Whether AWS runs the cluster's control plane and its webhook. */
  get isEks(): boolean {
    return this.snapshot.aws?.cluster !== undefined;
  }

  /** The cluster's name on EKS, otherwise the context of the kubeconfig. */
  get name(): string {
    return this.snapshot.aws?.cluster?.name ?? this.snapshot.context;
  }

  get isAutoMode(): boolean {
    return this.snapshot.aws?.cluster?.autoMode === true || this.nodes.some((node) => this.computeOf(node) === 'auto');
  }

  /** `aws`, `aws-cn` and so on. */
  get partition(): string {
    return this.snapshot.aws?.cluster?.arn.split(':')[1] ?? 'aws';
  }

  /** The issuer without `https://`. */
  get issuer(): string | undefined {
    const { aws, kubernetes } = this.snapshot;
    return (aws?.cluster?.issuer ?? kubernetes.issuer)?.replace(/^https:\/\//, '');
  }

  /** The IAM OIDC provider of the cluster's issuer. */
  get provider(): OidcProvider | undefined {
    return this.snapshot.aws?.oidcProviders?.find(({ url }) => url === this.issuer);
  }

  association(namespace: string | undefined, serviceAccount: string): Association | undefined {
    return this.#associations.get(keyOf(namespace, serviceAccount));
  }

  associationOf(pod: Pod): Association | undefined {
    return this.association(pod.metadata.namespace, pod.serviceAccountName);
  }

  serviceAccount(namespace: string | undefined, name: string): ServiceAccount | undefined {
    return this.#serviceAccounts.get(keyOf(namespace, name));
  }

  serviceAccountOf(pod: Pod): ServiceAccount | undefined {
    return this.serviceAccount(pod.metadata.namespace, pod.serviceAccountName);
  }

  podsOf(namespace: string | undefined, serviceAccount: string): readonly Pod[] {
    return this.#podsByAccount.get(keyOf(namespace, serviceAccount)) ?? [];
  }

  node(name: string | undefined): Node | undefined {
    return name === undefined ? undefined : this.#nodes.get(name);
  }

  agentPodOn(node: string): Pod | undefined {
    return this.#agentPods.get(node);
  }

  computeOf(node: Node): Compute {
    const labels = node.metadata.labels ?? {};
    const type = labels['eks.amazonaws.com/compute-type'];
    if (type === 'fargate' || type === 'hybrid' || type === 'auto') return type;
    // Empty until the kubelet reports.
    const system = node.operatingSystem || labels['kubernetes.io/os'];
    return system === 'windows' ? 'windows' : 'ec2';
  }

  /** Returns the node's EC2 instance, by the last part of its provider id. */
  instanceOf({ providerID }: Node): Instance | undefined {
    const id = providerID?.split('/').at(-1);
    return this.snapshot.aws?.instances?.find(({ instanceId }) => instanceId === id);
  }

  /** Returns a role; null if it does not exist, undefined if it could not be read. */
  role(arn: string): Role | null | undefined {
    return this.snapshot.aws?.roles[arn];
  }
}
