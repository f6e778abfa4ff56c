import { LAYERS } from '../../foundation/protocols/probe-protocol.ts';
import { REQUEST_CONTEXT_KEYS, type RequestContext } from '../../identity/policy/global-keys.ts';
import type { ChosenClient } from '../../components/clients/client.ts';
import { GREATEST_ID, LONGEST_SECONDS } from './checks.ts';
import {
  account,
  byKind,
  choice,
  cluster,
  factMatcher,
  flag,
  list,
  literal,
  number,
  object,
  oneOrMore,
  openObject,
  opt,
  orUndefined,
  osId,
  record,
  text,
  textMap,
  texts,
  union,
  whole,
  type Infer,
  type Schema,
} from './form.ts';
import { organization } from './organization.ts';
import { permissionPolicy, role } from './policy.ts';

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
  'request-context': 'requests with given condition keys of network and organization',
  organization: 'an organization whose policies the run may set',
  'kms-keys': 'KMS keys whose policies the run may set',
  'policy-decisions': 'decisions about requests to services that are not emulated',
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
  'client-clock': 'a client whose clock the run can move (JavaScript)',
  'configurable-sts': 'a client that reads the STS endpoint from its environment',
  'client-network': 'a separate network for a client, with the addresses of a pod',
  'network-policy': 'a network plugin that enforces network policies',
  'node-role': 'a role of the nodes that may be changed',
  'own-boundary': 'roles with their own permissions boundary',
  'sts-of-aws': "AWS's own STS at its regular endpoint",
  'kubelet-stats': 'CPU and memory usage of pods, from the kubelet',
} as const;
export type Capability = keyof typeof CAPABILITIES;

const association = object({
  role: text,
  targetRole: opt(text),
  disableSessionTags: opt(flag),
  /** Session policy; needs `disableSessionTags`. */
  policy: opt(permissionPolicy),
});
/** A Pod Identity association of a workload's service account. Roles by their names in the scenario. */
export type AssociationSpec = Infer<typeof association>;
export const associationOrRole = union([text, association]);

/** Condition keys of requests that come from the network or the organization, such as `aws:SourceVpce`. */
const requestContext: Schema<RequestContext> = object(
  Object.fromEntries(REQUEST_CONTEXT_KEYS.map((key) => [key, opt(oneOrMore)])),
);

const workload = object({
  cluster: opt(cluster),
  /** Short name; each scenario has its own namespaces. Default `app`. */
  namespace: opt(text),
  /** Default `app`. */
  serviceAccount: opt(text),
  /** Role by Pod Identity: an association of the service account. */
  role: opt(associationOrRole),
  /** Role by IRSA: the annotation `eks.amazonaws.com/role-arn` (a role of the scenario, or any text in `{ text }`). */
  irsa: opt(union([text, object({ text: text })])),
  /** Further annotations of the service account, without the prefix `eks.amazonaws.com/`. */
  serviceAccountAnnotations: opt(textMap),
  podAnnotations: opt(textMap),
  env: opt(textMap),
  /** Condition keys of the requests of its pods, from the network or the organization. Default: none. */
  context: opt(requestContext),
  /** Whether instance metadata can be reached. Default `blocked`, as AWS advises. */
  imds: opt(choice('blocked', 'reachable')),
  /** User of all containers. Default: the image's. */
  runAsUser: opt(osId),
  /** User of the main container, if an `init` or `sidecar` container runs the probes. */
  mainRunAsUser: opt(osId),
  /** Group that owns the pod's volumes. */
  fsGroup: opt(osId),
  /** Uses the node's network. */
  hostNetwork: opt(flag),
  /** The container that runs the probes. `init` and native `sidecar` add a main container. Default `main`. */
  container: opt(choice('main', 'init', 'sidecar')),
  /** Destinations that a network policy allows: the agent (169.254.170.23, TCP port 80), and AWS. Default: no policy. */
  egress: opt(list(choice('agent', 'aws'), 'a list of "agent" and "aws" (empty to allow nothing)')),
  automountServiceAccountToken: opt(flag),
  /** Further volumes of the pod by mount path, as in Kubernetes, with the `subPath` of the mount. */
  volumes: opt(record(openObject({ subPath: opt(text) }))),
  /** `later`: a step starts it. Default `start`. */
  starts: opt(choice('start', 'later')),
  /** Creates the association before namespace and service account. Default: any order. */
  associationFirst: opt(flag),
});
/** A pod that runs the probe program, with its service account. */
export type WorkloadSpec = Infer<typeof workload>;

const bucket = object({ account: opt(account), policy: opt(permissionPolicy) });

/** A symmetric KMS key. Default policy: that of CreateKey, which leaves access to the account's identity policies. */
const kmsKey = object({ account: opt(account), policy: opt(permissionPolicy) });

const storedObject = union([text, object({ at: text, tags: opt(textMap), kmsKey: opt(text) })]);
/** `<bucket>/<key>`, optionally with tags and with a key of the scenario that encrypts it. */
export type ObjectSpec = Infer<typeof storedObject>;

const token = object({
  cluster: opt(cluster),
  /** `<namespace>/<service account>`. */
  serviceAccount: text,
  /** Default: the API server's own. */
  audience: opt(text),
  /** Workload whose pod the token is bound to. Default: unbound. */
  boundTo: opt(text),
  /** Binds the token to a new secret instead of a pod. */
  boundToSecret: opt(flag),
  /** Seconds. Default 3600. */
  expirationSeconds: opt(whole(1, GREATEST_ID)),
});
/** A token from TokenRequest that workloads get as a file. Probes refer to it by `minted(name)`. */
export type TokenSpec = Infer<typeof token>;

const user = object({
  cluster: opt(cluster),
  namespace: text,
  /** Rules of a Role of the namespace. */
  rules: opt(
    list(
      object({ apiGroups: opt(texts), resources: texts, resourceNames: opt(texts), verbs: texts }),
      'a list of rules',
    ),
  ),
  /** A ClusterRole, such as `view`, that a RoleBinding of the namespace refers to, instead of `rules`. */
  clusterRole: opt(text),
  /** Gives the rights to this service account, `<namespace>/<name>`, instead of a user. */
  serviceAccount: opt(text),
});
/** A Kubernetes user (impersonated by the administrator) with these rights in a namespace. */
export type UserSpec = Infer<typeof user>;

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

const layer = choice(...LAYERS);
const expectation = object({
  outcome: choice('granted', 'refused', 'denied', 'absent'),
  /** The layer that answers, or alternatives. */
  by: opt(union([layer, list(layer)])),
  /** Error code, or alternatives if AWS does not document it. */
  code: opt(oneOrMore),
  status: opt(whole(100, 599)),
  /** Kind of the denying policy, if the layer reports it. */
  policy: opt(choice('identity', 'resource', 'session', 'boundary', 'scp', 'rcp')),
  /** True for an explicit Deny, false for a missing Allow. */
  explicit: opt(flag),
  message: opt(text),
  facts: opt(record(factMatcher)),
  /** Expected identity: a role (by its name in the scenario), `node` or `static`. Default: the workload's role. */
  as: opt(text),
});
/** The expected result of a probe. */
export type Expectation = Infer<typeof expectation>;

const operation = openObject({ do: text }, 'an operation, such as getObject("data/key")');
const probe = object({
  kind: literal('probe'),
  /** Workload that runs the probe; undefined for the harness. */
  workload: orUndefined(text),
  operation,
  expectation,
  /** If a control fails, the scenario is inconclusive; if another probe fails, the scenario fails. */
  control: flag,
  /** Why the client's expectation differs from the suite's, as a clause. */
  differs: opt(text),
});
export interface ProbeStep extends Omit<Infer<typeof probe>, 'operation'> {
  readonly operation: Operation;
}

/** A change between probes, defined in `harness/operations`. */
export interface ActionStep {
  readonly kind: 'action';
  readonly do: string;
}

export type Step = ProbeStep | ActionStep;

const step = byKind(
  [probe, openObject({ kind: literal('action'), do: text })],
  'a probe such as granted("app", getObject("data/key")), or a step such as wait(1)',
);

/** The form of a scenario, from which the types of its parts come. */
export const scenarioSchema = object({
  /** Source of the expectation: a section of AWS's or Kubernetes's documentation, or of a component's source. */
  source: opt(text),
  /** Additional words for `--grep`, which also searches title and probes. */
  keywords: opt(texts),
  /** Reported even when the scenario passes: conforming behaviour that is a risk. */
  finding: opt(text),
  needs: opt(list(choice(...(Object.keys(CAPABILITIES) as Capability[])), 'a list of capabilities')),
  /**
   * `core`: also in `--profile core`. `soak`: waits for minutes, only in `--profile soak` and `pre-release`. `load`:
   * creates many pods, only in `--profile load`, or if its suite or id is selected.
   */
  profile: opt(choice('core', 'soak', 'load')),
  /** Timeout in seconds, if `--timeout` is not enough. */
  allowSeconds: opt(number(1, LONGEST_SECONDS)),
  /**
   * The scenario changes shared state (clock, agent, failures of AWS), so it runs alone in its environment. This is a
   * separate one if that is quick to create, otherwise the shared one, after all others. `cluster`: it only changes its
   * cluster, so it may run while others use another one. `machine`: nothing else may run on this machine at the same time.
   */
  exclusive: opt(union([flag, literal('cluster'), literal('machine')], 'true, false, "cluster" or "machine"')),
  /** Uses the exact names of namespaces and buckets, because the user's policies contain them. */
  exactNames: opt(flag),
  roles: opt(record(role, 'roles by name, not a list')),
  workloads: opt(record(workload, 'workloads by name, not a list')),
  buckets: opt(record(bucket, 'buckets by name, not a list')),
  keys: opt(record(kmsKey, 'keys by name, not a list')),
  objects: opt(list(storedObject, 'a list')),
  /** The organization of the scenario's accounts. It applies once the resources exist, before pods start. Default: none. */
  organization: opt(organization),
  tokens: opt(record(token, 'tokens by name, not a list')),
  users: opt(record(user, 'users by name, not a list')),
  /** Additional OIDC providers. Those of both clusters in the main account, with `sts.amazonaws.com`, always exist. */
  providers: opt(list(object({ cluster, account, clientIds: texts }), 'a list')),
  /** Probes in order, with steps between them. */
  probes: list(step, 'a list'),
});
/** The resources of a scenario, its probes and their expected outcomes. */
export interface ScenarioSpec extends Omit<Infer<typeof scenarioSchema>, 'probes'> {
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
