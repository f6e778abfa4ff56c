/** Builders of probes, expectations and steps: the words in which scenarios are written. */
import type {
  AgentRequest,
  AssumeRoleStep,
  ProjectedToken,
  TokenChange,
  TokenSource,
} from '../../foundation/probe-protocol.ts';
import { isControlPlaneOperation, type ControlPlaneOperation } from './control-plane.ts';
import type { ClusterAlias, PermissionStatement, RoleSpec } from '../scenario/policy.ts';
import type {
  ActionStep,
  AssociationSpec,
  Expectation,
  FactMatcher,
  HarnessOperation,
  Operation,
  PodFields,
  ProbeStep,
  WorkloadOperation,
} from '../scenario/spec.ts';

type Through = { readonly through?: AssumeRoleStep };

/* Operations of a workload. Places are `<bucket>/<key>` with the scenario's short bucket name. */
export const whoAmI = (): WorkloadOperation => ({ do: 'GetCallerIdentity' });
export const getObject = (at: string, options: Through = {}): WorkloadOperation => ({
  do: 'GetObject',
  at,
  ...options,
});
export const headObject = (at: string, options: Through = {}): WorkloadOperation => ({
  do: 'HeadObject',
  at,
  ...options,
});
export const deleteObject = (at: string, options: Through = {}): WorkloadOperation => ({
  do: 'DeleteObject',
  at,
  ...options,
});
export const getObjectTagging = (at: string, options: Through = {}): WorkloadOperation => ({
  do: 'GetObjectTagging',
  at,
  ...options,
});
export const putObject = (
  at: string,
  options: Through & { readonly tags?: Readonly<Record<string, string>> } = {},
): WorkloadOperation => ({ do: 'PutObject', at, ...options });
export const listObjects = (
  bucket: string,
  options: Through & { readonly prefix?: string } = {},
): WorkloadOperation => ({ do: 'ListObjectsV2', bucket, ...options });
export const headBucket = (bucket: string, options: Through = {}): WorkloadOperation => ({
  do: 'HeadBucket',
  bucket,
  ...options,
});
/** AssumeRole from the workload's own session; `role` is a role of the scenario. */
export const assumeRole = (role: string, options: Omit<AssumeRoleStep, 'roleArn'> = {}): WorkloadOperation => ({
  do: 'AssumeRole',
  role: chain(role, options),
});
/** Says that an operation goes through another role, assumed from the workload's session: `getObject(…, { through: chain('target') })`. */
export const chain = (role: string, options: Omit<AssumeRoleStep, 'roleArn'> = {}): AssumeRoleStep => ({
  roleArn: `<role:${role}>`,
  ...options,
});

/** A request for credentials sent to the agent from inside the pod. */
export const fetchCredentials = (options: Partial<Omit<AgentRequest, 'do'>> = {}): WorkloadOperation => ({
  do: 'FetchCredentials',
  token: { from: 'pod-identity' },
  ...options,
});
/** AssumeRoleWithWebIdentity sent by hand from inside the pod; `role` is a role of the scenario. */
export const assumeWithWebIdentity = (
  role: string,
  options: { readonly token?: TokenSource; readonly change?: TokenChange; readonly durationSeconds?: number } = {},
): WorkloadOperation => ({
  do: 'AssumeRoleWithWebIdentity',
  roleArn: `<role:${role}>`,
  token: { from: 'irsa' },
  ...options,
});

/** Whether a file can be read in the container, and whose it is. Its content stays in the pod. */
export const readFile = (path: string): WorkloadOperation => ({ do: 'ReadFile', path });

/**
 * A TCP connection to the agent's address or to where AWS is; with `until`, tried again for up to 20 s until connections
 * are `open` or `closed`, since a network plugin takes a moment to put a policy in force.
 */
export const connect = (
  to: 'agent' | 'aws',
  options: { readonly until?: 'open' | 'closed' } = {},
): WorkloadOperation => ({ do: 'Connect', to, ...options });

/** Waits for up to `seconds` until the kubelet has put a new token in the place of the one at the pod's start. */
export const tokenRotation = (token: ProjectedToken, seconds: number): WorkloadOperation => ({
  do: 'AwaitTokenRotation',
  token,
  seconds,
});

export const noToken: TokenSource = { from: 'none' };
export const text = (token: string): TokenSource => ({ from: 'text', text: token });
export const minted = (name: string): TokenSource => ({ from: 'minted', name });
export const podIdentityToken: TokenSource = { from: 'pod-identity' };
export const irsaToken: TokenSource = { from: 'irsa' };
export const kubernetesApiToken: TokenSource = { from: 'kubernetes-api' };

/* Operations of the harness itself; those of the EKS control plane are in control-plane.ts. */

/**
 * Creates a pod in dry run, with the namespace and service account of workload `like`, and looks at what admission made
 * of it; as a user of the scenario (default: the administrator), once or several times.
 */
export const admitPod = (
  like: string,
  pod: PodFields = {},
  options: { readonly as?: string; readonly repeat?: number } = {},
): HarnessOperation => ({ do: 'AdmitPod', like, pod, ...options });
/** A raw POST to the webhook. */
export const postToWebhook = (contentType: string, body: string, cluster: ClusterAlias = 'c1'): HarnessOperation => ({
  do: 'MutateRequest',
  cluster,
  contentType,
  body,
});
/** TokenRequest for `<namespace>/<service account>`, as a user of the scenario (default: the administrator). */
export const createToken = (
  serviceAccount: string,
  options: {
    readonly as?: string;
    readonly audience?: string;
    readonly expirationSeconds?: number;
    readonly boundTo?: string;
    readonly cluster?: ClusterAlias;
  } = {},
): HarnessOperation => ({
  do: 'CreateToken',
  serviceAccount,
  cluster: options.cluster ?? 'c1',
  audience: options.audience ?? 'sts.amazonaws.com',
  ...omit(options, 'cluster', 'audience'),
});
/** TokenReview of a token of the scenario. */
export const reviewToken = (token: string, cluster: ClusterAlias = 'c1'): HarnessOperation => ({
  do: 'ReviewToken',
  cluster,
  token,
});
export const kubernetesGet = (
  path: string,
  as: 'anonymous' | { readonly token: string },
  cluster: ClusterAlias = 'c1',
): HarnessOperation => ({ do: 'KubernetesGet', cluster, path, as });
/**
 * GET on a port of the agent's pod, through the API server's pod proxy: 2705 is for metrics and probes; 2703, for probes,
 * listens on the node's loopback alone, where the proxy of a real cluster does not reach it.
 */
export const agentGet = (port: number, path: string, cluster: ClusterAlias = 'c1'): HarnessOperation => ({
  do: 'AgentGet',
  cluster,
  port,
  path,
});

/* Probes: an operation, who tries it, and the outcome it must have. */

type Details = Omit<Expectation, 'outcome'>;

const HARNESS_OPERATIONS: ReadonlySet<string> = new Set<Exclude<HarnessOperation, ControlPlaneOperation>['do']>([
  'AdmitPod',
  'MutateRequest',
  'CreateToken',
  'ReviewToken',
  'KubernetesGet',
  'AgentGet',
]);

/** Whether the harness itself makes this operation, rather than a workload. */
export function isHarnessOperation(operation: Operation): operation is HarnessOperation {
  return isControlPlaneOperation(operation) || HARNESS_OPERATIONS.has(operation.do);
}

function probe(
  outcome: Expectation['outcome'],
  workload: string | undefined,
  operation: Operation,
  details: Details,
  control = false,
): ProbeStep {
  return { kind: 'probe', workload, operation, expectation: { outcome, ...details }, control };
}

/** The operation succeeds, under the workload's own role (or under `as`). */
export const granted = (workload: string, operation: WorkloadOperation, details: Details = {}): ProbeStep =>
  probe('granted', workload, operation, details);
/** As `granted`, but only there to give a denial its meaning: when it fails, the scenario is inconclusive. */
export const control = (workload: string, operation: WorkloadOperation, details: Details = {}): ProbeStep =>
  probe('granted', workload, operation, details, true);
/** The workload gets no credentials: `by` says which layer refuses, `code` how. */
export const refused = (
  workload: string,
  operation: WorkloadOperation,
  details: Details & { readonly by: NonNullable<Expectation['by']> },
): ProbeStep => probe('refused', workload, operation, details);
/** The workload has credentials, and the service answers 403. */
export const denied = (
  workload: string,
  operation: WorkloadOperation,
  details: Details & { readonly by: NonNullable<Expectation['by']> },
): ProbeStep => probe('denied', workload, operation, details);
/** S3 authorizes the call and says that the object is not there (404). */
export const absent = (workload: string, operation: WorkloadOperation, details: Details = {}): ProbeStep =>
  probe('absent', workload, operation, details);

/** An operation of the harness succeeds, with these facts. */
export const succeeds = (operation: HarnessOperation, facts: Readonly<Record<string, FactMatcher>> = {}): ProbeStep =>
  probe('granted', undefined, operation, { facts });
/** An operation of the harness is refused. */
export const fails = (
  operation: HarnessOperation,
  details: Details & { readonly by: NonNullable<Expectation['by']> },
): ProbeStep => probe('refused', undefined, operation, details);
/** As `succeeds`, but a control. */
export const controlSucceeds = (
  operation: HarnessOperation,
  facts: Readonly<Record<string, FactMatcher>> = {},
): ProbeStep => probe('granted', undefined, operation, { facts }, true);

/* Matchers of facts. */
export const isAbsent: FactMatcher = { absent: true };
export const between = (low: number, high: number): FactMatcher => ({ between: [low, high] });
export const matching = (pattern: RegExp): FactMatcher => ({ matches: pattern.source });

/* Changes of the world between probes. */
export const startPod = (workload: string): ActionStep => ({ kind: 'action', do: 'StartPod', workload });
export const restartPod = (workload: string): ActionStep => ({ kind: 'action', do: 'RestartPod', workload });
export const deletePod = (workload: string): ActionStep => ({ kind: 'action', do: 'DeletePod', workload });
export const createAssociation = (workload: string, association: string | AssociationSpec): ActionStep => ({
  kind: 'action',
  do: 'CreateAssociation',
  workload,
  association,
});
export const updateAssociation = (workload: string, role: string): ActionStep => ({
  kind: 'action',
  do: 'UpdateAssociation',
  workload,
  role,
});
export const deleteAssociation = (workload: string): ActionStep => ({
  kind: 'action',
  do: 'DeleteAssociation',
  workload,
});
export const annotateServiceAccount = (
  workload: string,
  annotations: Readonly<Record<string, string | null>>,
): ActionStep => ({ kind: 'action', do: 'AnnotateServiceAccount', workload, annotations });
export const putRolePolicy = (role: string, ...permissions: readonly PermissionStatement[]): ActionStep => ({
  kind: 'action',
  do: 'PutRolePolicy',
  role,
  permissions,
});
export const updateTrust = (role: string, trust: RoleSpec['trust']): ActionStep => ({
  kind: 'action',
  do: 'UpdateTrust',
  role,
  trust,
});
export const deleteRole = (role: string): ActionStep => ({ kind: 'action', do: 'DeleteRole', role });

/** Makes a role that was deleted again, as the scenario declares it. */
export const recreateRole = (role: string): ActionStep => ({ kind: 'action', do: 'RecreateRole', role });

/** Deletes the workload's service account and makes it again under the same name. */
export const recreateServiceAccount = (workload: string): ActionStep => ({
  kind: 'action',
  do: 'RecreateServiceAccount',
  workload,
});
/** Takes actions from the role of the cluster's nodes, until the scenario is over. */
export const denyNode = (actions: string | readonly string[], cluster: ClusterAlias = 'c1'): ActionStep => ({
  kind: 'action',
  do: 'DenyNode',
  cluster,
  actions: typeof actions === 'string' ? [actions] : actions,
});
export const restartAgent = (cluster: ClusterAlias = 'c1'): ActionStep => ({
  kind: 'action',
  do: 'RestartAgent',
  cluster,
});
/** Takes the agent from all nodes of the cluster, until `startAgent` or the end of the scenario. */
export const stopAgent = (cluster: ClusterAlias = 'c1'): ActionStep => ({ kind: 'action', do: 'StopAgent', cluster });

export const startAgent = (cluster: ClusterAlias = 'c1'): ActionStep => ({ kind: 'action', do: 'StartAgent', cluster });

/** Leads the API server's calls of the webhook to a port where nobody answers, until the scenario is over. */
export const cutWebhook = (cluster: ClusterAlias = 'c1'): ActionStep => ({ kind: 'action', do: 'CutWebhook', cluster });
/** Lets time pass, for what AWS dates in whole seconds, and for what a cluster sees a moment later. */
export const wait = (seconds: number): ActionStep => ({ kind: 'action', do: 'Wait', seconds });

export const advanceClock = (seconds: number): ActionStep => ({ kind: 'action', do: 'AdvanceClock', seconds });
export const weather = (options: Omit<Extract<ActionStep, { do: 'Weather' }>, 'kind' | 'do'>): ActionStep => ({
  kind: 'action',
  do: 'Weather',
  ...options,
});
export const clearWeather = (): ActionStep => ({ kind: 'action', do: 'ClearWeather' });

function omit<T extends object, K extends keyof T>(value: T, ...keys: readonly K[]): Omit<T, K> {
  return Object.fromEntries(
    Object.entries(value).filter(([key]) => !(keys as readonly string[]).includes(key)),
  ) as Omit<T, K>;
}
