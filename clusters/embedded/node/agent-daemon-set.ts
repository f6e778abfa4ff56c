import { randomBytes } from 'node:crypto';
import { AGENT_ADDON, additionalFlags, flagArguments } from '../../agent-addon.ts';
import type { KubeObject, ObjectStore } from '../../../kubernetes/index.ts';
import { AGENT_IMAGE } from './agent-image.ts';

const NAME = AGENT_ADDON;
const NAMESPACE = 'kube-system';
const LABELS = { 'app.kubernetes.io/name': NAME, 'app.kubernetes.io/instance': NAME };

/** Keeps one pod of the agent on every node, and makes a new one for each that is deleted. */
export class AgentDaemonSet {
  readonly #store: ObjectStore;
  readonly #clusterName: string;
  readonly #region: string;
  readonly #nodes = new Set<string>();
  #installed: { readonly args: readonly string[]; readonly revision: string; readonly uid: string } | undefined;
  readonly #unsubscribe: () => void;

  constructor(store: ObjectStore, clusterName: string, region: string) {
    this.#store = store;
    this.#clusterName = clusterName;
    this.#region = region;
    const unwatch = [
      store.watch('pods', ({ type, object }) => {
        // After the other listeners, so that all see the deletion before the new pod.
        if (type === 'DELETED' && isAgentPod(object)) queueMicrotask(() => this.#placePods());
      }),
      store.watch('daemonsets', ({ type, object }) => {
        if (type === 'MODIFIED' && isAgent(object)) queueMicrotask(() => this.#selectionChanged());
      }),
    ];
    this.#unsubscribe = () => unwatch.forEach((stop) => stop());
  }

  /** Installs the add-on or changes its configuration, which replaces the pods. Throws for a bad configuration text. */
  install(configurationValues: string | undefined, version: string): void {
    const args = flagArguments(additionalFlags(configurationValues));
    const revision = randomBytes(5).toString('hex');
    const previous = this.#store.get('daemonsets', NAMESPACE, NAME);
    const manifest = this.#manifest(args, version);
    const stored =
      previous === undefined
        ? this.#store.create('daemonsets', manifest)
        : this.#store.update('daemonsets', {
            ...manifest,
            metadata: { ...previous.metadata, labels: manifest.metadata.labels ?? {} },
          });
    this.#installed = { args, revision, uid: stored.metadata.uid ?? '' };
    for (const pod of this.pods()) this.#deletePod(pod);
    this.#placePods();
  }

  uninstall(): void {
    this.#installed = undefined;
    this.#store.remove('daemonsets', NAMESPACE, NAME);
    for (const pod of this.pods()) this.#deletePod(pod);
  }

  addNode(name: string): void {
    this.#nodes.add(name);
    this.#placePods();
  }

  removeNode(name: string): void {
    this.#nodes.delete(name);
  }

  pods(): KubeObject[] {
    return this.#store.list('pods', NAMESPACE).filter(isAgentPod);
  }

  /** Whether every node that should have a pod has one. */
  arePlaced(): boolean {
    return this.#installed === undefined || this.pods().length === this.#selected().length;
  }

  close(): void {
    this.#installed = undefined;
    this.#unsubscribe();
  }

  /** As the API server does on DELETE: the kubelet ends the pod and removes the object. */
  #deletePod(pod: KubeObject): void {
    if (pod.metadata.deletionTimestamp !== undefined) return;
    const grace = 30;
    const metadata = {
      ...pod.metadata,
      deletionTimestamp: new Date().toISOString(),
      deletionGracePeriodSeconds: grace,
    };
    this.#store.update('pods', { ...pod, metadata });
  }

  #placePods(): void {
    if (this.#installed === undefined) return;
    const taken = new Set(this.pods().map(nodeOf));
    for (const node of this.#selected())
      if (!taken.has(node)) this.#store.create('pods', this.#pod(node, this.#installed));
  }

  /** The nodes that the daemon set's node selector takes: all when it has none (Kubernetes, "DaemonSet"). */
  #selected(): string[] {
    const stored = this.#store.get('daemonsets', NAMESPACE, NAME) as DaemonSet | undefined;
    const selector = Object.entries(stored?.spec?.template?.spec?.nodeSelector ?? {});
    return [...this.#nodes].filter((name) => {
      const labels = this.#store.get('nodes', undefined, name)?.metadata.labels ?? {};
      return selector.every(([key, value]) => labels[key] === value);
    });
  }

  #selectionChanged(): void {
    const selected = new Set(this.#selected());
    for (const pod of this.pods()) if (!selected.has(nodeOf(pod))) this.#deletePod(pod);
    this.#placePods();
  }

  #pod(
    nodeName: string,
    installed: { readonly args: readonly string[]; readonly revision: string; readonly uid: string },
  ): KubeObject {
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `${NAME}-${randomBytes(4).toString('hex').slice(0, 5)}`,
        generateName: `${NAME}-`,
        namespace: NAMESPACE,
        labels: { ...LABELS, 'controller-revision-hash': installed.revision, 'pod-template-generation': '1' },
        ownerReferences: [
          {
            apiVersion: 'apps/v1',
            kind: 'DaemonSet',
            name: NAME,
            uid: installed.uid,
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      spec: { ...this.#podSpec(installed.args), nodeName },
      status: { phase: 'Pending' },
    };
  }

  #podSpec(args: readonly string[]): Record<string, unknown> {
    return {
      serviceAccountName: 'default',
      automountServiceAccountToken: false,
      hostNetwork: true,
      priorityClassName: 'system-node-critical',
      restartPolicy: 'Always',
      dnsPolicy: 'ClusterFirst',
      terminationGracePeriodSeconds: 30,
      tolerations: [{ operator: 'Exists' }],
      containers: [
        {
          name: NAME,
          image: AGENT_IMAGE,
          imagePullPolicy: 'Always',
          command: ['/go-runner', '/eks-pod-identity-agent', 'server'],
          args: ['--port', '80', '--cluster-name', this.#clusterName, '--probe-port', '2703', ...args],
          ports: [
            { containerPort: 80, protocol: 'TCP', name: 'proxy' },
            { containerPort: 2703, protocol: 'TCP', name: 'probes-port' },
          ],
          env: [{ name: 'AWS_REGION', value: this.#region }],
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'FallbackToLogsOnError',
        },
      ],
    };
  }

  #manifest(args: readonly string[], version: string): KubeObject {
    return {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: NAME, namespace: NAMESPACE, labels: { ...LABELS, 'app.kubernetes.io/version': version } },
      spec: {
        selector: { matchLabels: LABELS },
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%' } },
        template: { metadata: { labels: LABELS }, spec: this.#podSpec(args) },
      },
    };
  }
}

interface DaemonSet extends KubeObject {
  readonly spec?: {
    readonly template?: { readonly spec?: { readonly nodeSelector?: Readonly<Record<string, string>> } };
  };
}

const nodeOf = (pod: KubeObject): string => (pod['spec'] as { nodeName?: string }).nodeName ?? '';

const isAgent = ({ metadata }: KubeObject): boolean => metadata.namespace === NAMESPACE && metadata.name === NAME;

function isAgentPod({ metadata }: KubeObject): boolean {
  return metadata.namespace === NAMESPACE && metadata.labels?.['app.kubernetes.io/name'] === NAME;
}
