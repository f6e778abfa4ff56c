import type { V1PodStatus } from '@kubernetes/client-node';
import type { AgentVersion } from '../../../components/agent/index.ts';
import type { ClusterSpec } from '../../../emulator/index.ts';
import { AGENT_ADDON, additionalFlags, CHARTS, flagArguments } from '../../agent-addon.ts';
import { isReady, REVISION_LABEL, selectedNodes, templateHash } from '../../../kubernetes/index.ts';
import type { KubeObject, ObjectStore, PodTemplate, Stored } from '../../../kubernetes/index.ts';
import { agentImageOf } from './agent-image.ts';

const NAME = AGENT_ADDON;
const NAMESPACE = 'kube-system';
const LABELS = { 'app.kubernetes.io/name': NAME, 'app.kubernetes.io/instance': NAME };

/** The agent's DaemonSet, as the add-on installs it. */
export class AgentDaemonSet {
  readonly #store: ObjectStore;
  readonly #spec: Pick<ClusterSpec, 'name' | 'region'>;
  readonly #chart: AgentVersion;

  constructor(store: ObjectStore, spec: Pick<ClusterSpec, 'name' | 'region'>, chart: AgentVersion) {
    this.#store = store;
    this.#spec = spec;
    this.#chart = chart;
  }

  /** Installs the add-on or changes its configuration. Throws for a bad configuration text. */
  install(configurationValues: string | undefined, version: string): void {
    const args = flagArguments(additionalFlags(configurationValues));
    const previous = this.#store.get('daemonsets', NAMESPACE, NAME);
    const { metadata, ...manifest } = this.#manifest(args, version);
    if (previous === undefined) this.#store.create('daemonsets', { metadata, ...manifest });
    else
      this.#store.update('daemonsets', {
        ...manifest,
        metadata: { ...previous.metadata, labels: metadata.labels ?? {} },
      });
  }

  uninstall(): void {
    this.#store.remove('daemonsets', NAMESPACE, NAME);
  }

  /** Why a pod of the present configuration does not start, in its own words; undefined when none has failed. */
  failure(): string | undefined {
    const { current } = this.#pods();
    return current.map(failureOf).find((failure) => failure !== undefined);
  }

  /** Whether each node that should have a pod of the present configuration has it, ready, and there are no others. */
  isSettled(): boolean {
    const { all, current, set } = this.#pods();
    const wanted = set === undefined ? 0 : selectedNodes(set, this.#store.list('nodes')).length;
    return all.length === wanted && current.length === wanted && current.every(isReady);
  }

  #pods(): { readonly set: KubeObject | undefined; readonly all: KubeObject[]; readonly current: KubeObject[] } {
    const set = this.#store.get('daemonsets', NAMESPACE, NAME);
    const all = this.#store.list('pods', NAMESPACE).filter(isAgentPod);
    const revision = set === undefined ? '' : templateHash((set['spec'] as { template: PodTemplate }).template);
    const current = all.filter(
      ({ metadata }) => metadata.deletionTimestamp === undefined && metadata.labels?.[REVISION_LABEL] === revision,
    );
    return { set, all, current };
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

  #podSpec(args: readonly string[]): Record<string, unknown> {
    const { pod, container } = CHARTS[this.#chart];
    return {
      serviceAccountName: 'default',
      ...pod,
      hostNetwork: true,
      priorityClassName: 'system-node-critical',
      restartPolicy: 'Always',
      dnsPolicy: 'ClusterFirst',
      terminationGracePeriodSeconds: 30,
      tolerations: [{ operator: 'Exists' }],
      containers: [
        {
          name: NAME,
          image: agentImageOf(this.#chart),
          imagePullPolicy: 'Always',
          command: ['/go-runner', '/eks-pod-identity-agent', 'server'],
          args: ['--port', '80', '--cluster-name', this.#spec.name, '--probe-port', '2703', ...args],
          ports: [
            { containerPort: 80, protocol: 'TCP', name: 'proxy' },
            { containerPort: 2703, protocol: 'TCP', name: 'probes-port' },
          ],
          env: [{ name: 'AWS_REGION', value: this.#spec.region }],
          ...container,
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'FallbackToLogsOnError',
        },
      ],
    };
  }
}

function isAgentPod({ metadata }: KubeObject): boolean {
  return metadata.namespace === NAMESPACE && metadata.labels?.['app.kubernetes.io/name'] === NAME;
}

function failureOf(pod: KubeObject): string | undefined {
  const status = pod['status'] as Stored<V1PodStatus> | undefined;
  const terminated = status?.containerStatuses?.[0]?.state?.terminated;
  return (terminated?.message ?? terminated?.reason)?.trim();
}
