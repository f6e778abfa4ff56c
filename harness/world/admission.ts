import type { V1Container, V1Pod } from '@kubernetes/client-node';
import { poll } from '../../foundation/node/poll.ts';
import {
  DRY_RUN_SAMPLES,
  isAccountMissing,
  OWN_CONNECTION,
  podDryRunPath,
} from '../../foundation/protocols/pod-dry-run.ts';
import type { RawAnswer } from '../kubernetes-client/client.ts';
import { kubernetesPollMilliseconds } from './iam.ts';
import { clusterOf, type ScenarioContext, type Workload } from '../scenario/scenario-context.ts';

/** Fields of a pod for an admission probe, in Kubernetes's form, merged into a pod with one container `app`. */
export interface PodFields {
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly spec?: Readonly<Record<string, unknown>>;
}

export type Facts = Record<string, string | number | boolean>;

/** Creates a pod with the workload's service account in a dry run: admission changes it, but nothing is stored. */
export async function admitInDryRun(
  context: ScenarioContext,
  like: Workload,
  pod: PodFields = {},
  user?: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawAnswer> {
  const { workloadImage } = clusterOf(context, like.cluster);
  const { metadata = {}, spec = {} } = pod;
  const body = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'admitted', ...metadata },
    spec: { serviceAccountName: like.serviceAccount, containers: [{ name: 'app', image: workloadImage }], ...spec },
  };
  return postInDryRun(context, like, body, user === undefined ? headers : { ...headers, 'Impersonate-User': user });
}

async function postInDryRun(
  context: ScenarioContext,
  like: Workload,
  body: object,
  headers: Readonly<Record<string, string>>,
): Promise<RawAnswer> {
  const { kubernetes } = clusterOf(context, like.cluster);
  const path = podDryRunPath(like.namespace);
  return poll(
    async () => {
      const answer = await kubernetes.raw({ method: 'POST', path, body, headers });
      return isAccountMissing(answer.status, answer.body) ? undefined : answer;
    },
    {
      every: kubernetesPollMilliseconds(context.environment.aws),
      signal: context.signal,
      what: `service account ${like.serviceAccount}`,
    },
  );
}

const PROPAGATION_MILLISECONDS = 5000;

/** Creates several pods at once in a dry run, to reach all API servers. Returns the admitted ones. */
export async function admitEverywhere(
  context: ScenarioContext,
  like: Workload,
  body: object,
): Promise<readonly V1Pod[]> {
  const answers = await Promise.all(
    Array.from({ length: DRY_RUN_SAMPLES }, () => postInDryRun(context, like, body, OWN_CONNECTION)),
  );
  return answers.filter(({ status }) => status === 201).map((answer) => JSON.parse(answer.body) as V1Pod);
}

export const isInjected = (facts: Facts): boolean => /^(pod-identity|both)$/.test(String(facts['injected']));

/**
 * Waits until `satisfies` accepts an admitted pod, because API server, webhook and EKS see changes late. On AWS, all API
 * servers must agree. Returns false after the timeout; later probes show the effect.
 */
export async function awaitAdmission(
  context: ScenarioContext,
  like: Workload,
  satisfies: (facts: Facts) => boolean,
  { signal = context.signal, milliseconds = PROPAGATION_MILLISECONDS } = {},
): Promise<boolean> {
  const { aws } = context.environment;
  const isAsWanted = ({ status, body }: RawAnswer): boolean =>
    status === 201 && satisfies(admissionFacts(JSON.parse(body) as V1Pod));
  const look = (): Promise<RawAnswer> =>
    admitInDryRun(context, like, {}, undefined, aws.name === 'aws' ? OWN_CONNECTION : {});
  return poll(
    async () => {
      if (signal.aborted) return false;
      if (!isAsWanted(await look())) return undefined;
      const others = await Promise.all(Array.from({ length: aws.name === 'aws' ? DRY_RUN_SAMPLES - 1 : 0 }, look));
      return others.every(isAsWanted) || undefined;
    },
    {
      every: kubernetesPollMilliseconds(aws),
      within: milliseconds,
      late: () => false,
    },
  );
}

const ROLE_ARN = 'eks.amazonaws.com/role-arn';
const TOKEN_EXPIRATION = 'eks.amazonaws.com/token-expiration';
/** Minimum that the webhook requests, in seconds. */
const LEAST_EXPIRATION = 600;
/** Default in seconds (amazon-eks-pod-identity-webhook, README, `--token-expiration`). */
const DEFAULT_EXPIRATION = 86_400;

const STS_ENDPOINT = {
  annotation: 'eks.amazonaws.com/sts-regional-endpoints',
  fact: 'app.env.AWS_STS_REGIONAL_ENDPOINTS',
};
const TRIAL_MILLISECONDS = 2000;

/** Waits until the webhook has seen these annotations of a service account, if this is observable. */
export async function waitForServiceAccountInWebhook(
  context: ScenarioContext,
  item: Workload,
  annotations: Readonly<Record<string, string | null>>,
): Promise<void> {
  const here = clusterOf(context, item.cluster);
  const arn = annotations[ROLE_ARN];
  const associated = context.associations.has(item.name);
  const requestedSeconds = annotations[TOKEN_EXPIRATION];
  const seconds = requestedSeconds === null ? DEFAULT_EXPIRATION : Number(requestedSeconds ?? NaN);
  const showsRole = arn !== undefined && !associated;
  const sets = here.setsStsEndpoint;
  const showsEndpoint = associated && sets !== false && annotations[STS_ENDPOINT.annotation] === undefined;
  if (!showsRole && !showsEndpoint && Number.isNaN(seconds)) return;
  const seen = await awaitAdmission(
    context,
    item,
    (facts) => {
      if (showsEndpoint && facts[STS_ENDPOINT.fact] === undefined) return false;
      if (showsRole && (facts['app.env.AWS_ROLE_ARN'] ?? null) !== arn) return false;
      const expiration = facts['podIdentityVolume.expirationSeconds'] ?? facts['irsaVolume.expirationSeconds'];
      return Number.isNaN(seconds) || expiration === undefined || expiration === Math.max(seconds, LEAST_EXPIRATION);
    },
    { milliseconds: showsEndpoint && sets === undefined ? TRIAL_MILLISECONDS : PROPAGATION_MILLISECONDS },
  );
  if (showsEndpoint && sets === undefined && here.setsStsEndpoint !== true) here.setsStsEndpoint = seen;
}

const POD_IDENTITY_VOLUME = 'eks-pod-identity-token';
const IRSA_VOLUME = 'aws-iam-token';

/**
 * Facts of an admitted pod: `injected` (`pod-identity`, `irsa`, `both`, `none`), `label`, per volume
 * `expirationSeconds` and `audience`, per container `<container>.env.<NAME>`, `.envNames` and `.mount` (the token's
 * path).
 */
export function admissionFacts(pod: V1Pod): Facts {
  const facts: Facts = {};
  const volumes = new Map((pod.spec?.volumes ?? []).map((volume) => [volume.name, volume]));
  const containers: V1Container[] = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  const names = containers.flatMap((container) => (container.env ?? []).map((variable) => variable.name));
  const podIdentity = names.includes('AWS_CONTAINER_CREDENTIALS_FULL_URI');
  const irsa = names.includes('AWS_ROLE_ARN');
  facts['injected'] = podIdentity && irsa ? 'both' : podIdentity ? 'pod-identity' : irsa ? 'irsa' : 'none';
  const label = pod.metadata?.labels?.['eks.amazonaws.com/pod-identity'];
  if (label !== undefined) facts['label'] = label;
  for (const [name, key] of [
    [POD_IDENTITY_VOLUME, 'podIdentityVolume'],
    [IRSA_VOLUME, 'irsaVolume'],
  ] as const) {
    const volume = volumes.get(name);
    const token = volume?.projected?.sources?.find((source) => source.serviceAccountToken)?.serviceAccountToken;
    facts[`${key}.present`] = volume !== undefined;
    if (token?.expirationSeconds !== undefined) facts[`${key}.expirationSeconds`] = token.expirationSeconds;
    if (token?.audience !== undefined) facts[`${key}.audience`] = token.audience;
    if (token) facts[`${key}.path`] = token.path;
  }
  for (const container of containers) {
    const env = container.env ?? [];
    facts[`${container.name}.envNames`] = env.map((variable) => variable.name).join(',');
    for (const variable of env)
      if (variable.value !== undefined) facts[`${container.name}.env.${variable.name}`] = variable.value;
    for (const mount of container.volumeMounts ?? []) {
      if (mount.name === POD_IDENTITY_VOLUME || mount.name === IRSA_VOLUME)
        facts[`${container.name}.mount`] = `${mount.mountPath}${mount.readOnly ? ' (read only)' : ''}`;
    }
  }
  for (const [key, value] of Object.entries(pod.metadata?.labels ?? {})) facts[`labels.${key}`] = value;
  return facts;
}
