import type { AgentVersion } from '../../components/agent/index.ts';
import {
  AGENT_ADDON,
  additionalFlags,
  agentManifest,
  flagArguments,
  type AgentManifest,
} from '../common/agent-addon.ts';
import type { KubernetesObject } from './objects.ts';
import type { InClusterOptions } from './options.ts';
import { EXPIRES_ANNOTATION, RUN_LABEL } from '../../foundation/protocols/labels.ts';

export interface AgentSpec
  extends Pick<InClusterOptions, 'run' | 'region'>, Pick<AgentManifest, 'clusterName' | 'image'> {
  /** ISO 8601 time after which a sweep may delete it. */
  readonly expires?: string;
  /** Default: 0.1. */
  readonly chart?: AgentVersion;
  /** URL of EKS Auth that nodes can reach. Default: the region's. */
  readonly endpoint?: string;
  /** Arguments to append to `server`. */
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** EKS's version of the add-on, such as `v1.3.10-eksbuild.3`. */
  readonly addonVersion?: string;
  /** JSON or YAML, of which only `agent.additionalArgs` is used. */
  readonly configurationValues?: string;
  /** Addresses of the agent, for nodes without one of the two. A flag in `args` takes precedence. */
  readonly bindHosts?: readonly string[];
}

/** The chart's default for both containers. */
const VERBOSITY = { '-v': 'trace' };

/**
 * Returns the DaemonSet of the public Helm charts, with a readiness probe every second, which fails after five minutes as
 * in the chart. Throws an Error for invalid configuration values.
 */
export function agentDaemonSet(spec: AgentSpec): KubernetesObject {
  const { run, expires, region, image, environment = {}, addonVersion, clusterName } = spec;
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
      securityContext: { capabilities: { add: ['CAP_NET_BIND_SERVICE'] } },
      livenessProbe: { ...probe('/healthz'), failureThreshold: 3, initialDelaySeconds: 30 },
      readinessProbe: { ...probe('/readyz'), failureThreshold: 300, periodSeconds: 1 },
    },
  });
  const annotations = expires === undefined ? undefined : { [EXPIRES_ANNOTATION]: expires };
  return { ...manifest, metadata: { ...metadata, ...(annotations && { annotations }) } };
}

/** Returns this cluster's arguments, then those of chart and add-on (sorted by name like the chart), then the user's. */
function serverArguments(spec: AgentSpec): string[] {
  const { endpoint, args, configurationValues, bindHosts = [] } = spec;
  const flags = Object.entries({ ...VERBOSITY, ...additionalFlags(configurationValues) });
  const configured = [...flagArguments(Object.fromEntries(flags.sort(([a], [b]) => (a < b ? -1 : 1)))), ...args];
  return [
    // The flag is additive, but an address can be bound only once.
    ...(configured.some((word) => /^(-b|--bind-hosts)/.test(word))
      ? []
      : bindHosts.flatMap((host) => ['--bind-hosts', host])),
    ...(endpoint === undefined ? [] : ['--endpoint', endpoint]),
    ...configured,
  ];
}
