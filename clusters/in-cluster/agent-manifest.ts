import type { AgentVersion } from '../../components/agent/index.ts';
import { AGENT_ADDON, additionalFlags, agentManifest, flagArguments, type AgentManifest } from '../agent-addon.ts';
import type { KubernetesObject } from './objects.ts';
import type { InClusterOptions } from './options.ts';
import { EXPIRES_ANNOTATION, RUN_LABEL } from '../../foundation/protocols/labels.ts';

export interface AgentSpec
  extends Pick<InClusterOptions, 'run' | 'region'>, Pick<AgentManifest, 'clusterName' | 'image'> {
  /** When the sweep may delete it (ISO 8601), where the cluster does not end with the run. */
  readonly expires?: string;
  /** Default 0.1. */
  readonly chart?: AgentVersion;
  /** URL of EKS Auth as nodes reach it. Without it, the agent knows the region's. */
  readonly endpoint?: string;
  /** Further arguments of `server`, after all others. */
  readonly args: readonly string[];
  /** Further variables of the agent's container. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Name of a Secret of its namespace whose keys are variables too. */
  readonly environmentSecret?: string;
  /** Version of the EKS add-on, such as `v1.3.10-eksbuild.3`. */
  readonly addonVersion?: string;
  /** Configuration values of the EKS add-on, JSON or YAML; of them `agent.additionalArgs` is read. */
  readonly configurationValues?: string;
  /** Addresses that the agent listens on, for nodes that lack one of its two; a flag of the user's own is stronger. */
  readonly bindHosts?: readonly string[];
}

/** The chart's default for both containers. */
const VERBOSITY = { '-v': 'trace' };

/**
 * The agent's DaemonSet as its public Helm charts render it, for one image that lies on the nodes. Only the reading of
 * readiness is quicker: from the start and each second instead of after one and each ten; a ready pod is still given up
 * after the chart's five minutes.
 *
 * Throws an Error when the configuration values are neither JSON nor YAML.
 */
export function agentDaemonSet(spec: AgentSpec): KubernetesObject {
  const { run, expires, region, image, environment = {}, environmentSecret, addonVersion, clusterName } = spec;
  const { chart = '0.1' } = spec;
  const imagePullPolicy = 'IfNotPresent';
  const probe = (path: string): Record<string, unknown> => ({
    httpGet: { host: 'localhost', path, port: 'probes-port', scheme: 'HTTP' },
    timeoutSeconds: 10,
  });
  const { metadata, ...manifest } = agentManifest({
    chart,
    clusterName,
    region,
    image,
    labels: {
      app: AGENT_ADDON,
      'app.kubernetes.io/managed-by': 'EKS',
      ...(addonVersion !== undefined && { 'app.kubernetes.io/version': addonVersion }),
      [RUN_LABEL]: run,
    },
    args: serverArguments(spec),
    env: [...Object.entries(environment).map(([name, value]) => ({ name, value }))],
    annotations: { 'prometheus.io/port': '2705', 'prometheus.io/scrape': 'true' },
    pod: {
      affinity: AFFINITY,
      initContainers: [
        {
          name: `${AGENT_ADDON}-init`,
          image,
          imagePullPolicy,
          command: ['/go-runner', '/eks-pod-identity-agent', 'initialize'],
          args: flagArguments(VERBOSITY),
          securityContext: { privileged: true },
        },
      ],
    },
    container: {
      imagePullPolicy,
      ...(environmentSecret !== undefined && { envFrom: [{ secretRef: { name: environmentSecret } }] }),
      securityContext: { capabilities: { add: ['CAP_NET_BIND_SERVICE'] } },
      livenessProbe: { ...probe('/healthz'), failureThreshold: 3, initialDelaySeconds: 30 },
      readinessProbe: { ...probe('/readyz'), failureThreshold: 300, periodSeconds: 1 },
    },
  });
  const annotations = expires === undefined ? undefined : { [EXPIRES_ANNOTATION]: expires };
  return { ...manifest, metadata: { ...metadata, ...(annotations && { annotations }) } };
}

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

/** The chart's own, the add-on's in the order of their names as the chart takes them, and what this cluster needs. */
function serverArguments(spec: AgentSpec): string[] {
  const { endpoint, args, configurationValues, bindHosts = [] } = spec;
  const flags = Object.entries({ ...VERBOSITY, ...additionalFlags(configurationValues) });
  const configured = [...flagArguments(Object.fromEntries(flags.sort(([a], [b]) => (a < b ? -1 : 1)))), ...args];
  return [
    // The flag adds up, and an address can be bound once.
    ...(configured.some((word) => /^(-b|--bind-hosts)/.test(word))
      ? []
      : bindHosts.flatMap((host) => ['--bind-hosts', host])),
    ...(endpoint === undefined ? [] : ['--endpoint', endpoint]),
    ...configured,
  ];
}
