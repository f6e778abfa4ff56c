import type { ChosenClient } from '../../components/clients/client.ts';
import type { ExpectedResult } from '../../foundation/protocols/probe-protocol.ts';
import type { AccountAlias, ClusterAlias, PermissionStatement, RawPolicy, RoleSpec } from './policy.ts';

/** Capabilities of a cluster or an AWS; a scenario that needs a missing one is skipped with that reason. */
export const CAPABILITIES = {
  kubernetes: 'a cluster whose API can be reached',
  s3: 'S3',
  associations: "EKS' API for Pod Identity associations",
  'agent-addon': 'the agent as an add-on of EKS',
  'own-cluster': 'a cluster that the run made',
  'pod-identity': 'the Pod Identity agent and EKS Auth',
  irsa: 'an OIDC provider per cluster',
  'two-clusters': 'two clusters side by side',
  'two-accounts': 'a second AWS account',
  'virtual-clock': "moving AWS' clock",
  'aws-disturbances': 'delays and failures of AWS that can be turned on',
  'call-record': 'a record of the calls that AWS received',
  imds: 'instance metadata that pods can reach',
  'agent-restart': "restarting the cluster's agent",
  'agent-stop': "taking the cluster's agent away for a while",
  'agent-ipv6': 'an agent that listens at its IPv6 address too',
  'agent-probe-port': "the agent's probe port, which listens on the node's loopback alone",
  'agent-token-cache': 'an agent that caches by token (0.1)',
  'agent-pod-cache': 'an agent that caches by pod (0.2: --agent-chart 0.2)',
  'agent-token-validation':
    'an agent that checks tokens itself (0.2, on Kubernetes 1.34 or later, by keys with ids as EKS gives them)',
  'webhook-endpoint': "the webhook's own address",
  'webhook-config-map': 'a webhook that takes roles from a config map in kube-system too (--watch-config-map)',
  'cluster-clock': "a kubelet and an agent that follow AWS' clock when it is moved",
  'sdk-chain': 'a client with the credential chain of an AWS SDK',
  'lasting-client': 'a client that goes on from one operation to the next',
  'configurable-sts': 'a client that takes the address of STS from its environment',
  'client-network': 'a network of its own for a client, with the addresses of a pod',
  'network-policy': 'a network plugin that puts network policies in force',
  'node-role': 'a role of the nodes that may be changed',
  'own-boundary': 'roles with a permissions boundary of their own',
  'sts-of-aws': "AWS' own STS, at its own address",
  'kubelet-stats': 'figures of what pods use of processor and memory, from their kubelet',
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
  /** Short name; each scenario has namespaces of its own. Default `app`. */
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
  /** User of the main container, if an `init` or `sidecar` container makes the probes. */
  readonly mainRunAsUser?: number;
  /** Group that owns the pod's volumes. */
  readonly fsGroup?: number;
  /** On the node's own network. */
  readonly hostNetwork?: boolean;
  /** The container that makes the probes: `init` and native `sidecar` have a main one in addition. Default `main`. */
  readonly container?: 'main' | 'init' | 'sidecar';
  /** A network policy allows only these: the agent (169.254.170.23, TCP port 80), and AWS. Default: no policy. */
  readonly egress?: readonly ('agent' | 'aws')[];
  readonly automountServiceAccountToken?: boolean;
  /** Further volumes of the pod by mount path, as in Kubernetes, with the `subPath` of the mount. */
  readonly volumes?: Readonly<Record<string, { readonly subPath?: string; readonly [source: string]: unknown }>>;
  /** `later`: a step starts it. Default `start`. */
  readonly starts?: 'start' | 'later';
  /** Makes the association before namespace and service account. Default: any order. */
  readonly associationFirst?: boolean;
}

export interface BucketSpec {
  readonly account?: AccountAlias;
  readonly policy?: readonly PermissionStatement[] | RawPolicy;
}

/** `<bucket>/<key>`, or with tags. */
export type ObjectSpec = string | { readonly at: string; readonly tags: Readonly<Record<string, string>> };

/** A token minted by TokenRequest and given to a workload as a file; a probe names it with `minted(name)`. */
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

/** The operation of a probe: `do` names it, and `harness/operations` describes it. */
export interface Operation {
  readonly do: string;
}

/** An operation that pods perform. `performedBy` exists only for the compiler. */
export interface WorkloadOperation extends Operation {
  readonly performedBy?: 'workload';
}

/** An operation that the harness performs, at Kubernetes's API or the AWS control plane. */
export interface HarnessOperation extends Operation {
  readonly performedBy?: 'harness';
}

/** The expected result of a probe. */
export interface Expectation extends ExpectedResult {
  /** Role (by its name in the scenario), `node` or `static` of the identity. Default: the workload's role. */
  readonly as?: string;
}

export interface ProbeStep {
  readonly kind: 'probe';
  /** Workload that makes the probe; undefined for the harness. */
  readonly workload: string | undefined;
  readonly operation: Operation;
  readonly expectation: Expectation;
  /** A control's failure makes the scenario inconclusive; any other probe's makes it failed. */
  readonly control: boolean;
  /** Why the client's expectation differs from the suite's, as a clause. */
  readonly differs?: string;
}

/** A change of the world between probes, described in `harness/operations`. */
export interface ActionStep {
  readonly kind: 'action';
  readonly do: string;
}

export type Step = ProbeStep | ActionStep;

/** A world, probes and their expected outcomes. */
export interface ScenarioSpec {
  /** Source of the expectation: a section of AWS's or Kubernetes's documentation, or of a component's source. */
  readonly source?: string;
  /** Words that `--grep` also searches, if neither title nor probes have them. */
  readonly keywords?: readonly string[];
  /** Reported even when the scenario passes: conforming behaviour that is a risk. */
  readonly finding?: string;
  readonly needs?: readonly Capability[];
  /**
   * `core`: also in `--profile core`. `soak`: waits for minutes, only in `--profile soak` and `pre-release`. `load`:
   * makes many pods, only in `--profile load`, or if its suite or id is named.
   */
  readonly profile?: 'core' | 'soak' | 'load';
  /** Timeout in seconds, if `--timeout` is not enough. */
  readonly allowSeconds?: number;
  /**
   * It changes what others share (clock, agent, failures of AWS), and so runs alone in its environment: one of its own
   * where that is quickly made, else the shared one, after all others. `machine`: it also needs all of this machine, and
   * nothing else runs meanwhile.
   */
  readonly exclusive?: boolean | 'machine';
  /** Keeps the names of namespaces and buckets, since the user's policies have them. */
  readonly exactNames?: boolean;
  readonly roles?: Readonly<Record<string, RoleSpec>>;
  readonly workloads?: Readonly<Record<string, WorkloadSpec>>;
  readonly buckets?: Readonly<Record<string, BucketSpec>>;
  readonly objects?: readonly ObjectSpec[];
  readonly tokens?: Readonly<Record<string, TokenSpec>>;
  readonly users?: Readonly<Record<string, UserSpec>>;
  /** Further OIDC providers; those of both clusters in the main account, with `sts.amazonaws.com`, exist anyway. */
  readonly providers?: readonly {
    readonly cluster: ClusterAlias;
    readonly account: AccountAlias;
    readonly clientIds: readonly string[];
  }[];
  /** Probes in order, with changes of the world between them. */
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
  /** The program for operations of an SDK. Default: the probe program. */
  readonly client?: ChosenClient;
}
