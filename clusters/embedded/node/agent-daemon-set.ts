import type { V1PodStatus } from '@kubernetes/client-node';
import type { AgentVersion } from '../../../components/agent/index.ts';
import type { ClusterSpec } from '../../../emulator/index.ts';
import { AGENT_ADDON, additionalFlags, agentManifest, flagArguments } from '../../common/agent-addon.ts';
import { isReady, REVISION_LABEL, selectedNodes, templateHash } from '../../kubernetes/index.ts';
import type { KubeObject, ObjectStore, PodTemplate, Stored } from '../../kubernetes/index.ts';
import { agentImageOf } from './agent-image.ts';

const NAME = AGENT_ADDON;
const NAMESPACE = 'kube-system';

export function agentDaemonSet(
  store: ObjectStore,
  { name: clusterName, region }: Pick<ClusterSpec, 'name' | 'region'>,
  chart: AgentVersion,
) {
  const stored = (): KubeObject | undefined => store.get('daemonsets', NAMESPACE, NAME);

  function pods(): {
    readonly set: KubeObject | undefined;
    readonly all: KubeObject[];
    readonly current: KubeObject[];
  } {
    const set = stored();
    const all = store
      .list('pods', NAMESPACE)
      .filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/name'] === NAME);
    const revision = set === undefined ? '' : templateHash((set['spec'] as { template: PodTemplate }).template);
    const current = all.filter(
      ({ metadata }) => metadata.deletionTimestamp === undefined && metadata.labels?.[REVISION_LABEL] === revision,
    );
    return { set, all, current };
  }

  return {
    /** Creates or updates the DaemonSet. Throws for an invalid configuration. */
    install: (configurationValues: string | undefined, version: string): void => {
      const manifest: KubeObject = agentManifest({
        ...{ chart, clusterName, region, image: agentImageOf(chart) },
        args: flagArguments(additionalFlags(configurationValues)),
        labels: { 'app.kubernetes.io/version': version },
        pod: { serviceAccountName: 'default', restartPolicy: 'Always', dnsPolicy: 'ClusterFirst' },
        container: {
          imagePullPolicy: 'Always',
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'FallbackToLogsOnError',
        },
      });
      const metadata = stored()?.metadata;
      if (metadata === undefined) store.create('daemonsets', manifest);
      else
        store.update('daemonsets', {
          ...manifest,
          metadata: { ...metadata, labels: manifest.metadata.labels ?? {} },
        });
    },
    uninstall: (): void => void store.remove('daemonsets', NAMESPACE, NAME),
    /** Returns the message of a failed pod with the current configuration, if any. */
    failure: (): string | undefined =>
      pods()
        .current.map(failureOf)
        .find((failure) => failure !== undefined),
    /** Returns whether the selected nodes, and no others, have a ready pod with the current configuration. */
    isSettled: (): boolean => {
      const { all, current, set } = pods();
      const wanted = set === undefined ? 0 : selectedNodes(set, store.list('nodes')).length;
      return all.length === wanted && current.length === wanted && current.every(isReady);
    },
  };
}

function failureOf(pod: KubeObject): string | undefined {
  const status = pod['status'] as Stored<V1PodStatus> | undefined;
  const terminated = status?.containerStatuses?.[0]?.state?.terminated;
  // The last line of the log gives the reason.
  return terminated?.message?.trim().split('\n').at(-1) ?? terminated?.reason;
}
