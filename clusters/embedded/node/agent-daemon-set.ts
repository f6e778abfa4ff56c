import type { V1PodStatus } from '@kubernetes/client-node';
import type { AgentVersion } from '../../../components/agent/index.ts';
import type { ClusterSpec } from '../../../emulator/index.ts';
import { AGENT_ADDON, additionalFlags, agentManifest, flagArguments } from '../../common/agent-addon.ts';
import { isReady, REVISION_LABEL, selectedNodes, templateHash } from '../../kubernetes/index.ts';
import type { KubeObject, ObjectStore, PodTemplate, Stored } from '../../kubernetes/index.ts';
import { agentImageOf } from './agent-image.ts';

const NAME = AGENT_ADDON;
const NAMESPACE = 'kube-system';

export class AgentDaemonSet {
  readonly #store: ObjectStore;
  readonly #spec: Pick<ClusterSpec, 'name' | 'region'>;
  readonly #chart: AgentVersion;

  constructor(store: ObjectStore, spec: Pick<ClusterSpec, 'name' | 'region'>, chart: AgentVersion) {
    this.#store = store;
    this.#spec = spec;
    this.#chart = chart;
  }

  /** Creates or updates the DaemonSet. Throws for an invalid configuration. */
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

  /** Returns the message of a failed pod with the current configuration, if any. */
  failure(): string | undefined {
    const { current } = this.#pods();
    return current.map(failureOf).find((failure) => failure !== undefined);
  }

  /** Returns whether the selected nodes, and no others, have a ready pod with the current configuration. */
  isSettled(): boolean {
    const { all, current, set } = this.#pods();
    const wanted = set === undefined ? 0 : selectedNodes(set, this.#store.list('nodes')).length;
    return all.length === wanted && current.length === wanted && current.every(isReady);
  }

  #pods(): { readonly set: KubeObject | undefined; readonly all: KubeObject[]; readonly current: KubeObject[] } {
    const set = this.#store.get('daemonsets', NAMESPACE, NAME);
    const all = this.#store
      .list('pods', NAMESPACE)
      .filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/name'] === NAME);
    const revision = set === undefined ? '' : templateHash((set['spec'] as { template: PodTemplate }).template);
    const current = all.filter(
      ({ metadata }) => metadata.deletionTimestamp === undefined && metadata.labels?.[REVISION_LABEL] === revision,
    );
    return { set, all, current };
  }

  #manifest(args: readonly string[], version: string): KubeObject {
    const { name: clusterName, region } = this.#spec;
    return agentManifest({
      chart: this.#chart,
      clusterName,
      region,
      args,
      image: agentImageOf(this.#chart),
      labels: { 'app.kubernetes.io/version': version },
      pod: {
        serviceAccountName: 'default',
        restartPolicy: 'Always',
        dnsPolicy: 'ClusterFirst',
      },
      container: {
        imagePullPolicy: 'Always',
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'FallbackToLogsOnError',
      },
    });
  }
}

function failureOf(pod: KubeObject): string | undefined {
  const status = pod['status'] as Stored<V1PodStatus> | undefined;
  const terminated = status?.containerStatuses?.[0]?.state?.terminated;
  // The last line of the log gives the reason.
  return terminated?.message?.trim().split('\n').at(-1) ?? terminated?.reason;
}
