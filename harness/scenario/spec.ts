import type { ChosenClient } from '../../components/clients/client.ts';
import type { ExpectedResult } from '../../foundation/protocols/probe-protocol.ts';
import type { AccountAlias, ClusterAlias, PermissionStatement, RawPolicy, RoleSpec } from './policy.ts';

/** What a cluster or an AWS can do; a scenario that needs one that is missing is skipped with that reason. */
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
  weather: 'delays and failures of AWS that can be turned on',
  'call-record': 'a record of the calls that AWS received',
  'local-issuer': 'an STS that reads the keys of OIDC issuers on this machine',
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
  /** Short name; the run makes a namespace of its own for each scenario. Default `app`. */
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
  /** User of the main container beside an `init` or a `sidecar` that makes the probes, where it is another. */
  readonly mainRunAsUser?: number;
  /** Group that owns the pod's volumes. */
  readonly fsGroup?: number;
  /** On the node's own network. */
  readonly hostNetwork?: boolean;
  /** Which kind of container makes the probes: `init` or a native `sidecar` then stands beside a main one. Default `main`. */
  readonly container?: 'main' | 'init' | 'sidecar';
  /**
   * A network policy lets the pod open connections to these alone: the agent (169.254.170.23, TCP port 80), and where AWS
   * is. Default: no policy.
   */
  readonly egress?: readonly ('agent' | 'aws')[];
  readonly automountServiceAccountToken?: boolean;
  /** Further volumes of the pod: where each is mounted, and what it is, as in Kubernetes, with the `subPath` of its mount. */
  readonly volumes?: Readonly<Record<string, { readonly subPath?: string; readonly [source: string]: unknown }>>;
  /** `later`: a step starts it. Default `start`. */
  readonly starts?: 'start' | 'later';
  /** The association is made before namespace and service account. Default: the namespace may be there first. */
  readonly associationFirst?: boolean;
}

export interface BucketSpec {
  readonly account?: AccountAlias;
  readonly policy?: readonly PermissionStatement[] | RawPolicy;
}

/** `<bucket>/<key>`, or with tags. */
export type ObjectSpec = string | { readonly at: string; readonly tags: Readonly<Record<string, string>> };

/** A token minted by TokenRequest and handed to a workload as a file; a probe names it with `minted(name)`. */
export interface TokenSpec {
  readonly cluster?: ClusterAlias;
  /** `<namespace>/<service account>`. */
  readonly serviceAccount: string;
  /** Default: the API server's own. */
  readonly audience?: string;
  /** Workload whose pod the token is bound to; a token without is bound to no pod. */
  readonly boundTo?: string;
  /** It is bound to a secret in the place of a pod, which is made for it. */
  readonly boundToSecret?: boolean;
  /** Seconds. Default 3600. */
  readonly expirationSeconds?: number;
}

/** A Kubernetes user (impersonated by the administrator) with these rights in a namespace. */
export interface UserSpec {
  readonly cluster?: ClusterAlias;
  readonly namespace: string;
  /** Of a Role of the namespace. */
  readonly rules?: readonly {
    readonly apiGroups?: readonly string[];
    readonly resources: readonly string[];
    readonly resourceNames?: readonly string[];
    readonly verbs: readonly string[];
  }[];
  /** A ClusterRole of every cluster, such as `view`, that a RoleBinding of the namespace refers to, in place of `rules`. */
  readonly clusterRole?: string;
  /** The rights are those of this service account, `<namespace>/<name>`, in place of a user's. */
  readonly serviceAccount?: string;
}

/** What a probe tries: `do` names it, and its descriptor in `harness/operations` says all else of it. */
export interface Operation {
  readonly do: string;
}

/** An operation that pods perform. `performedBy` is there for the compiler alone. */
export interface WorkloadOperation extends Operation {
  readonly performedBy?: 'workload';
}

/** An operation that the harness performs, at Kubernetes' API or the AWS control plane. */
export interface HarnessOperation extends Operation {
  readonly performedBy?: 'harness';
}

/** What a probe must meet. */
export interface Expectation extends ExpectedResult {
  /** Role (by its name in the scenario) or `node` or `static` that the identity must be. Default: the workload's role. */
  readonly as?: string;
}

export interface ProbeStep {
  readonly kind: 'probe';
  /** Workload that makes the probe; undefined when the harness makes it. */
  readonly workload: string | undefined;
  readonly operation: Operation;
  readonly expectation: Expectation;
  /** A control's failure makes the scenario inconclusive; any other probe's makes it failed. */
  readonly control: boolean;
  /** Why the client of the run meets that, and not what the suite says: in a sentence without an end. */
  readonly differs?: string;
}

/** A change of the world between probes; as an operation has, each has a descriptor in `harness/operations`. */
export interface ActionStep {
  readonly kind: 'action';
  readonly do: string;
}

export type Step = ProbeStep | ActionStep;

/** A world, probes and the outcome each must have. */
export interface ScenarioSpec {
  /** Where the expectation comes from: a section of AWS's or Kubernetes' documentation, or of a component's source. */
  readonly source?: string;
  /** Words that `--grep` also searches, where neither the title nor the probes have them. */
  readonly keywords?: readonly string[];
  /** Said in the report even when the scenario passes: conforming behaviour that is a risk all the same. */
  readonly finding?: string;
  readonly needs?: readonly Capability[];
  /**
   * `core`: also in `--profile core`. `soak`: waits for minutes, and so only in `--profile soak` and `pre-release`. `load`: makes many
   * pods, and so only in `--profile load`, or where its suite or id is named.
   */
  readonly profile?: 'core' | 'soak' | 'load';
  /** Longest time it may take in seconds, where that is more than `--timeout` allows. */
  readonly allowSeconds?: number;
  /** Runs alone, after all others: it changes something that they share (clock, agent, failures of AWS). */
  readonly exclusive?: boolean;
  /** Namespaces and buckets keep the names written, since policies of the user's own name them. */
  readonly exactNames?: boolean;
  readonly roles?: Readonly<Record<string, RoleSpec>>;
  readonly workloads?: Readonly<Record<string, WorkloadSpec>>;
  readonly buckets?: Readonly<Record<string, BucketSpec>>;
  readonly objects?: readonly ObjectSpec[];
  readonly tokens?: Readonly<Record<string, TokenSpec>>;
  readonly users?: Readonly<Record<string, UserSpec>>;
  /** Further OIDC providers; those of both clusters in the main account, with `sts.amazonaws.com`, are there anyway. */
  readonly providers?: readonly {
    readonly cluster: ClusterAlias;
    readonly account: AccountAlias;
    readonly clientIds: readonly string[];
  }[];
  /** Probes in order, with changes of the world between them. */
  readonly probes: readonly Step[];
}

export interface Scenario {
  /** Such as `AB-01`: unique in a run, and a selector on the command line. With several clients such as `AB-01.python`. */
  readonly id: string;
  readonly suite: string;
  /** Scope of the suite; undefined for suites of the user's own. */
  readonly scope?: string;
  readonly title: string;
  /** File that declares it. */
  readonly file: string;
  readonly spec: ScenarioSpec;
  /** Whose program does the operations of an SDK. Default: the probe program. */
  readonly client?: ChosenClient;
}
