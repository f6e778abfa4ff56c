import type { ChosenClient } from '../../components/clients/client.ts';
import type { ExpectedResult } from '../../foundation/protocols/probe-protocol.ts';
import type { AccountAlias, ClusterAlias, PermissionStatement, RawPolicy, RoleSpec } from './policy.ts';

/** Capabilities of a cluster or an AWS; a scenario that needs a missing one is skipped with that reason. */
export const CAPABILITIES = {
  kubernetes: 'a cluster with a reachable API server',
  s3: 'S3',
  associations: 'the EKS API for Pod Identity associations',
  'agent-addon': 'the agent as an EKS add-on',
  'own-cluster': 'a cluster that the run created',
  'pod-identity': 'the Pod Identity agent and EKS Auth',
  irsa: 'an OIDC provider per cluster',
  'two-clusters': 'two clusters',
  'two-accounts': 'a second AWS account',
  'virtual-clock': 'an AWS clock that can be moved',
  'aws-disturbances': 'simulated delays and failures of AWS',
  'call-record': 'a record of AWS calls',
  imds: 'instance metadata that pods can reach',
  'agent-restart': "a restart of the cluster's agent",
  'agent-stop': "a temporary stop of the cluster's agent",
  'agent-ipv6': 'an agent that also listens on its IPv6 address',
  'agent-probe-port': "access to the agent's probe port on the node's loopback",
  'agent-token-cache': 'an agent that caches by token (0.1)',
  'agent-pod-cache': 'an agent that caches by pod (0.2: --agent-chart 0.2)',
  'agent-token-validation':
    'an agent that validates tokens itself (0.2, on Kubernetes 1.34 or later, with key ids as on EKS)',
  'webhook-endpoint': "access to the webhook's endpoint",
  'webhook-config-map': 'a webhook that also reads roles from a config map in kube-system (--watch-config-map)',
  'cluster-clock': 'a kubelet and an agent that follow a moved AWS clock',
  'sdk-chain': 'a client with the credential chain of an AWS SDK',
  'lasting-client': 'a client process that performs several operations',
  'configurable-sts': 'a client that reads the STS endpoint from its environment',
  'client-network': 'a separate network for a client, with the addresses of a pod',
  'network-policy': 'a network plugin that enforces network policies',
  'node-role': 'a role of the nodes that may be changed',
  'own-boundary': 'roles with their own permissions boundary',
  'sts-of-aws': "AWS's own STS at its regular endpoint",
  'kubelet-stats': 'CPU and memory usage of pods, from the kubelet',
} as const;
export type Capability = keyof typeof CAPABILITIES;

/** A Pod Identity association of a workload's service account. Roles by their names in the scenario. */
export interface AssociationSpec {
  readonly role: string;
  readonly targetRole?: string;
  readonly disableSessionTags?: boolean;
  /** Session policy; needs `disableSessionTags`. */
  readonly policy?: readonly PermissionStatement[];
}

/** A pod that runs the probe program, with its service account. */
export interface WorkloadSpec {
  readonly cluster?: ClusterAlias;
  /** Short name; each scenario has its own namespaces. Default `app`. */
  readonly namespace?: string;
  /** Default `app`. */
  readonly serviceAccount?: string;
  /** Role by Pod Identity: an association of the service account. */
  readonly role?: string | AssociationSpec;
  /** Role by IRSA: the annotation `eks.amazonaws.com/role-arn` (a role of the scenario, or any text in `{ text }`). */
  readonly irsa?: string | { readonly text: string };
  /** Further annotations of the service account, without the prefix `eks.amazonaws.com/`. */
  readonly serviceAccountAnnotations?: Readonly<Record<string, string>>;
  readonly podAnnotations?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Whether instance metadata can be reached. Default `blocked`, as AWS advises. */
  readonly imds?: 'blocked' | 'reachable';
  /** User of all containers. Default: the image's. */
  readonly runAsUser?: number;
  /** User of the main container, if an `init` or `sidecar` container runs the probes. */
  readonly mainRunAsUser?: number;
  /** Group that owns the pod's volumes. */
  readonly fsGroup?: number;
  /** Uses the node's network. */
  readonly hostNetwork?: boolean;
  /** The container that runs the probes. `init` and native `sidecar` add a main container. Default `main`. */
  readonly container?: 'main' | 'init' | 'sidecar';
  /** Destinations that a network policy allows: the agent (169.254.170.23, TCP port 80), and AWS. Default: no policy. */
  readonly egress?: readonly ('agent' | 'aws')[];
  readonly automountServiceAccountToken?: boolean;
  /** Further volumes of the pod by mount path, as in Kubernetes, with the `subPath` of the mount. */
  readonly volumes?: Readonly<Record<string, { readonly subPath?: string; readonly [source: string]: unknown }>>;
  /** `later`: a step starts it. Default `start`. */
  readonly starts?: 'start' | 'later';
  /** Creates the association before namespace and service account. Default: any order. */
  readonly associationFirst?: boolean;
}

export interface BucketSpec {
  readonly account?: AccountAlias;
  readonly policy?: readonly PermissionStatement[] | RawPolicy;
}

/** `<bucket>/<key>`, optionally with tags. */
export type ObjectSpec = string | { readonly at: string; readonly tags: Readonly<Record<string, string>> };

/** A token from TokenRequest that workloads get as a file. Probes refer to it by `minted(name)`. */
export interface TokenSpec {
  readonly cluster?: ClusterAlias;
  /** `<namespace>/<service account>`. */
  readonly serviceAccount: string;
  /** Default: the API server's own. */
  readonly audience?: string;
  /** Workload whose pod the token is bound to. Default: unbound. */
  readonly boundTo?: string;
  /** Binds the token to a new secret instead of a pod. */
  readonly boundToSecret?: boolean;
  /** Seconds. Default 3600. */
  readonly expirationSeconds?: number;
}

/** A Kubernetes user (impersonated by the administrator) with these rights in a namespace. */
export interface UserSpec {
  readonly cluster?: ClusterAlias;
  readonly namespace: string;
  /** Rules of a Role of the namespace. */
  readonly rules?: readonly {
    readonly apiGroups?: readonly string[];
    readonly resources: readonly string[];
    readonly resourceNames?: readonly string[];
    readonly verbs: readonly string[];
  }[];
  /** A ClusterRole, such as `view`, that a RoleBinding of the namespace refers to, instead of `rules`. */
  readonly clusterRole?: string;
  /** Gives the rights to this service account, `<namespace>/<name>`, instead of a user. */
  readonly serviceAccount?: string;
}

/** The operation of a probe, defined under the name `do` in `harness/operations`. */
export interface Operation {
  readonly do: string;
}

/** An operation that pods perform. `performedBy` exists only for the compiler. */
export interface WorkloadOperation extends Operation {
  readonly performedBy?: 'workload';
}

/** An operation that the harness performs, on the Kubernetes API or the AWS control plane. */
export interface HarnessOperation extends Operation {
  readonly performedBy?: 'harness';
}

/** The expected result of a probe. */
export interface Expectation extends ExpectedResult {
  /** Expected identity: a role (by its name in the scenario), `node` or `static`. Default: the workload's role. */
  readonly as?: string;
}

export interface ProbeStep {
  readonly kind: 'probe';
  /** Workload that runs the probe; undefined for the harness. */
  readonly workload: string | undefined;
  readonly operation: Operation;
  readonly expectation: Expectation;
  /** If a control fails, the scenario is inconclusive; if another probe fails, the scenario fails. */
  readonly control: boolean;
  /** Why the client's expectation differs from the suite's, as a clause. */
  readonly differs?: string;
}

/** A change between probes, defined in `harness/operations`. */
export interface ActionStep {
  readonly kind: 'action';
  readonly do: string;
}

export type Step = ProbeStep | ActionStep;

/** The resources of a scenario, its probes and their expected outcomes. */
export interface ScenarioSpec {
  /** Source of the expectation: a section of AWS's or Kubernetes's documentation, or of a component's source. */
  readonly source?: string;
  /** Additional words for `--grep`, which also searches title and probes. */
  readonly keywords?: readonly string[];
  /** Reported even when the scenario passes: conforming behaviour that is a risk. */
  readonly finding?: string;
  readonly needs?: readonly Capability[];
  /**
   * `core`: also in `--profile core`. `soak`: waits for minutes, only in `--profile soak` and `pre-release`. `load`:
   * creates many pods, only in `--profile load`, or if its suite or id is selected.
   */
  readonly profile?: 'core' | 'soak' | 'load';
  /** Timeout in seconds, if `--timeout` is not enough. */
  readonly allowSeconds?: number;
  /**
   * The scenario changes shared state (clock, agent, failures of AWS), so it runs alone in its environment. This is a
   * separate one if that is quick to create, otherwise the shared one, after all others. `machine`: nothing else may run
   * on this machine at the same time.
   */
  readonly exclusive?: boolean | 'machine';
  /** Uses the exact names of namespaces and buckets, because the user's policies contain them. */
  readonly exactNames?: boolean;
  readonly roles?: Readonly<Record<string, RoleSpec>>;
  readonly workloads?: Readonly<Record<string, WorkloadSpec>>;
  readonly buckets?: Readonly<Record<string, BucketSpec>>;
  readonly objects?: readonly ObjectSpec[];
  readonly tokens?: Readonly<Record<string, TokenSpec>>;
  readonly users?: Readonly<Record<string, UserSpec>>;
  /** Additional OIDC providers. Those of both clusters in the main account, with `sts.amazonaws.com`, always exist. */
  readonly providers?: readonly {
    readonly cluster: ClusterAlias;
    readonly account: AccountAlias;
    readonly clientIds: readonly string[];
  }[];
  /** Probes in order, with steps between them. */
  readonly probes: readonly Step[];
}

export interface Scenario {
  readonly id: string;
  readonly suite: string;
  /** Scope of the suite; undefined for users' suites. */
  readonly scope?: string;
  readonly title: string;
  readonly file: string;
  readonly spec: ScenarioSpec;
  /** The client for SDK operations. Default: the probe program. */
  readonly client?: ChosenClient;
}
