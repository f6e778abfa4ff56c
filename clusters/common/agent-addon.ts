import { parse } from 'yaml';
import type { AgentVersion } from '../../components/agent/options.ts';

/** Name of the add-on, its DaemonSet and its container. */
export const AGENT_ADDON = 'eks-pod-identity-agent';
export const AGENT_SELECTOR = `app.kubernetes.io/name=${AGENT_ADDON}`;

/** Where the 0.2 chart stores the keys that verify tokens. */
const KEY_FOLDER = '/var/lib/eks-pod-identity-agent';

/** Differences between the charts: 0.2 fetches keys from the API server and stores them. */
const CHARTS: Readonly<Record<AgentVersion, { readonly pod: object; readonly container: object }>> = {
  '0.1': { pod: { automountServiceAccountToken: false }, container: {} },
  '0.2': {
    pod: { automountServiceAccountToken: true, volumes: [{ name: 'jwk-cache', emptyDir: {} }] },
    container: { volumeMounts: [{ name: 'jwk-cache', mountPath: KEY_FOLDER }] },
  },
};

export const AGENT_LABELS = { 'app.kubernetes.io/name': AGENT_ADDON, 'app.kubernetes.io/instance': AGENT_ADDON };

export interface AgentManifest {
  readonly chart: AgentVersion;
  readonly clusterName: string;
  readonly region: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Additional arguments of `server`. */
  readonly args: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly annotations?: Readonly<Record<string, string>>;
  /** Additional fields of the pod spec and of the container. */
  readonly pod: object;
  readonly container: object;
}

/** In `values.yaml` of the chart. */
const AFFINITY = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [
        {
          matchExpressions: [
            { key: 'kubernetes.io/os', operator: 'In', values: ['linux'] },
            { key: 'kubernetes.io/arch', operator: 'In', values: ['amd64', 'arm64'] },
            { key: 'eks.amazonaws.com/compute-type', operator: 'NotIn', values: ['fargate', 'hybrid', 'auto'] },
          ],
        },
      ],
    },
  },
};

/** Returns the agent's DaemonSet (eks-pod-identity-agent, `charts/eks-pod-identity-agent`). */
export function agentManifest(manifest: AgentManifest) {
  const { chart, clusterName, region, image, labels, args, env = [], annotations, pod, container } = manifest;
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet' as const,
    metadata: { name: AGENT_ADDON, namespace: 'kube-system', labels: { ...AGENT_LABELS, ...labels } },
    spec: {
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%' } },
      selector: { matchLabels: AGENT_LABELS },
      template: {
        metadata: { labels: AGENT_LABELS, ...(annotations && { annotations }) },
        spec: {
          ...CHARTS[chart].pod,
          affinity: AFFINITY,
          priorityClassName: 'system-node-critical',
          hostNetwork: true,
          terminationGracePeriodSeconds: 30,
          tolerations: [{ operator: 'Exists' }],
          ...pod,
          containers: [
            {
              name: AGENT_ADDON,
              image,
              command: ['/go-runner', '/eks-pod-identity-agent', 'server'],
              args: ['--port', '80', '--cluster-name', clusterName, '--probe-port', '2703', ...args],
              ports: [
                { containerPort: 80, protocol: 'TCP', name: 'proxy' },
                { containerPort: 2703, protocol: 'TCP', name: 'probes-port' },
              ],
              env: [{ name: 'AWS_REGION', value: region }, ...env],
              ...CHARTS[chart].container,
              ...container,
            },
          ],
        },
      },
    },
  };
}

export const chartOf = (container: {
  readonly volumeMounts?: readonly { readonly mountPath?: string }[];
}): AgentVersion => (container.volumeMounts?.some(({ mountPath }) => mountPath === KEY_FOLDER) ? '0.2' : '0.1');

/** Values by flag, such as `-b`; a flag without a value has an empty one. */
type AgentFlags = Readonly<Record<string, string>>;

/**
 * Reads the map of flags in `agent.additionalArgs` from configuration values in JSON or YAML (EKS User Guide, "Disable IPv6
 * in the EKS Pod Identity Agent"). Throws an Error for invalid text.
 */
export function additionalFlags(configurationValues: string | undefined): AgentFlags {
  const values: unknown = configurationValues === undefined ? undefined : parse(configurationValues);
  const agent = asRecord(asRecord(values)['agent']);
  return Object.fromEntries(
    Object.entries(asRecord(agent['additionalArgs'])).map(([flag, value]) => [
      flag,
      Array.isArray(value) ? value.join() : String(value),
    ]),
  );
}

export function flagArguments(flags: AgentFlags): string[] {
  return Object.entries(flags).flatMap(([flag, value]) => (value === '' ? [flag] : [flag, value]));
}

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
