import type { V1Pod } from '@kubernetes/client-node';
import type { Layer, ProbeResult } from '../../foundation/probe-protocol.ts';
import { KubernetesError } from '../../foundation/kubernetes/connection.ts';
import type { RawAnswer } from '../kubernetes-client/client.ts';
import type { Expectation, HarnessOperation } from '../scenario/spec.ts';
import { admissionFacts, admitInDryRun, type Facts } from './admission.ts';
import { agentPod } from './agent-control.ts';
import { controlPlaneProbe } from './control-plane-probe.ts';
import { userName } from '../world/fixtures/users.ts';
import { postToWebhook } from './webhook-client.ts';
import { clusterOf, workload, type ScenarioWorld } from '../world/world.ts';

/**
 * Makes a probe that is the harness' own: at Kubernetes' API, the webhook, the agent's ports or the EKS control plane. Throws
 * what is no answer to it: an API server or a service that fails, or credentials of the harness that are not accepted.
 */
export async function harnessProbe(
  world: ScenarioWorld,
  raw: HarnessOperation,
  expectation: Pick<Expectation, 'status'>,
): Promise<ProbeResult> {
  const operation = raw.do === 'AdmitPod' ? raw : world.names.expandAll(raw);
  const result = await ask(world, operation);
  if (result.status !== expectation.status && isOfApiServer(operation, result))
    throw new KubernetesError(
      result.status ?? 0,
      result.code ?? 'Unknown',
      `the API server answered ${result.status} to ${operation.do}: ${result.message}`,
    );
  return result;
}

/** What a webhook or the agent failed at, in an API server's words: these are what is judged. */
const OF_OTHERS = /failed calling webhook|error trying to reach/;

/** Whether the API server failed, had too much to do or did not accept the harness' credentials. */
function isOfApiServer(
  operation: HarnessOperation,
  { outcome, layer, status = 0, message, facts }: ProbeResult,
): boolean {
  if (outcome !== 'refused' || OF_OTHERS.test(message ?? '')) return false;
  const isItsAnswer =
    layer === 'kubernetes' || (layer === 'agent' && /"kind": ?"Status"/.test(String(facts?.['body'])));
  // A GET is made with credentials of the scenario, or with none.
  const unknown = status === 401 && operation.do !== 'KubernetesGet';
  return isItsAnswer && (status >= 500 || status === 429 || unknown);
}

async function ask(world: ScenarioWorld, operation: HarnessOperation): Promise<ProbeResult> {
  switch (operation.do) {
    case 'AdmitPod':
      return admitPod(world, operation);
    case 'MutateRequest':
      return mutateRequest(world, operation);
    case 'CreateToken':
      return createToken(world, operation);
    case 'ReviewToken': {
      const review = await clusterOf(world, operation.cluster).kubernetes.reviewToken(
        world.tokens.get(operation.token) ?? '',
      );
      const facts: Facts = {
        authenticated: review.authenticated,
        ...(review.username !== undefined && { username: review.username }),
      };
      if (review.authenticated) return { outcome: 'granted', facts };
      return {
        outcome: 'refused',
        layer: 'kubernetes',
        code: 'Unauthenticated',
        message: review.error ?? 'not authenticated',
        facts,
      };
    }
    case 'KubernetesGet': {
      const as = operation.as === 'anonymous' ? operation.as : { token: world.tokens.get(operation.as.token) ?? '' };
      return httpResult(
        'kubernetes',
        await clusterOf(world, operation.cluster).kubernetes.raw({ path: operation.path, as }),
      );
    }
    case 'AgentGet':
      return agentGet(world, operation);
    default:
      return controlPlaneProbe(world, operation);
  }
}

function httpResult(layer: Layer, answer: RawAnswer): ProbeResult {
  const facts: Facts = {
    status: answer.status,
    body: answer.body.slice(0, 20_000),
    ...(answer.contentType !== undefined && { contentType: answer.contentType }),
  };
  if (answer.status >= 200 && answer.status < 300) return { outcome: 'granted', status: answer.status, facts };
  return {
    outcome: 'refused',
    layer,
    code: statusReason(answer),
    status: answer.status,
    message: statusMessage(answer),
    facts,
  };
}

function parsed(answer: RawAnswer): { reason?: string; message?: string } {
  try {
    return JSON.parse(answer.body) as { reason?: string; message?: string };
  } catch {
    return {};
  }
}

const statusReason = (answer: RawAnswer): string => parsed(answer).reason ?? String(answer.status);
const statusMessage = (answer: RawAnswer): string => parsed(answer).message ?? answer.body.slice(0, 500).trim();

/** Creates the pod in dry run and looks at what admission made of it. */
async function admitPod(
  world: ScenarioWorld,
  operation: Extract<HarnessOperation, { do: 'AdmitPod' }>,
): Promise<ProbeResult> {
  const like = workload(world, operation.like);
  const user = operation.as === undefined ? undefined : userName(world, operation.as);
  const answers = await Promise.all(
    Array.from({ length: operation.repeat ?? 1 }, () => admitInDryRun(world, like, operation.pod, user)),
  );
  const bad = answers.find((answer) => answer.status !== 201);
  if (bad) return httpResult('kubernetes', bad);
  const pods = answers.map((answer) => admissionFacts(JSON.parse(answer.body) as V1Pod));
  return { outcome: 'granted', status: 201, facts: { ...pods[0], ...(pods.length > 1 && factsOfAll(pods)) } };
}

/** What pods created alike have in common and what not: `pods`, and of their tokens' lifetimes the range and variety. */
function factsOfAll(pods: readonly Facts[]): Facts {
  const lifetimes = pods
    .map((pod) => pod['podIdentityVolume.expirationSeconds'] ?? pod['irsaVolume.expirationSeconds'])
    .filter((seconds) => typeof seconds === 'number');
  return {
    pods: pods.length,
    ...(lifetimes.length === pods.length && {
      'expirationSeconds.least': Math.min(...lifetimes),
      'expirationSeconds.greatest': Math.max(...lifetimes),
      'expirationSeconds.distinct': new Set(lifetimes).size,
    }),
  };
}

/** Posts to where the cluster's webhook configuration says that the webhook is. */
async function mutateRequest(
  world: ScenarioWorld,
  operation: Extract<HarnessOperation, { do: 'MutateRequest' }>,
): Promise<ProbeResult> {
  const answer = await postToWebhook(clusterOf(world, operation.cluster), operation.contentType, operation.body);
  const review = parsedReview(answer.body);
  const facts: Facts = { status: answer.status, body: answer.body.slice(0, 2000), ...review };
  if (answer.status === 200 && review['allowed'] === true) return { outcome: 'granted', status: 200, facts };
  return {
    outcome: 'refused',
    layer: 'webhook',
    code: answer.status === 200 ? 'NotAllowed' : String(answer.status),
    status: answer.status,
    message: typeof review['message'] === 'string' ? review['message'] : answer.body.trim(),
    facts,
  };
}

function parsedReview(body: string): Facts {
  try {
    const review = JSON.parse(body) as {
      apiVersion?: string;
      response?: { allowed?: boolean; uid?: string; patch?: string; status?: { message?: string } };
    };
    return {
      ...(review.apiVersion !== undefined && { apiVersion: review.apiVersion }),
      ...(review.response?.allowed !== undefined && { allowed: review.response.allowed }),
      ...(review.response?.uid !== undefined && { uid: review.response.uid }),
      ...(review.response?.status?.message !== undefined && { message: review.response.status.message }),
      patched: review.response?.patch !== undefined,
      ...(review.response?.patch !== undefined && { patchPaths: pathsOf(review.response.patch) }),
    };
  } catch {
    return {};
  }
}

/** Paths that a JSON Patch in Base64 changes, in its order. */
function pathsOf(patch: string): string {
  const operations = JSON.parse(Buffer.from(patch, 'base64').toString('utf8')) as readonly { readonly path: string }[];
  return operations.map(({ path }) => path).join();
}

async function createToken(
  world: ScenarioWorld,
  operation: Extract<HarnessOperation, { do: 'CreateToken' }>,
): Promise<ProbeResult> {
  const here = clusterOf(world, operation.cluster);
  const [namespace = '', name = ''] = operation.serviceAccount.split('/');
  const bound =
    operation.boundTo === undefined
      ? undefined
      : { apiVersion: 'v1', kind: 'Pod', name: world.names.expand(`<pod:${operation.boundTo}>`) };
  const answer = await here.kubernetes.raw({
    method: 'POST',
    path: `/api/v1/namespaces/${world.names.namespace(namespace)}/serviceaccounts/${name}/token`,
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        audiences: [operation.audience],
        ...(operation.expirationSeconds !== undefined && { expirationSeconds: operation.expirationSeconds }),
        ...(bound && { boundObjectRef: bound }),
      },
    },
    headers: operation.as === undefined ? {} : { 'Impersonate-User': userName(world, operation.as) },
  });
  // The answer of a success holds the token: it stays out of the facts.
  if (answer.status === 201) return { outcome: 'granted', status: 201 };
  return {
    outcome: 'refused',
    layer: 'kubernetes',
    code: statusReason(answer),
    status: answer.status,
    message: statusMessage(answer),
  };
}

/** A port of the agent, through the API server's proxy to the agent's pod. */
async function agentGet(
  world: ScenarioWorld,
  operation: Extract<HarnessOperation, { do: 'AgentGet' }>,
): Promise<ProbeResult> {
  const here = clusterOf(world, operation.cluster);
  const pod = await agentPod(world, operation.cluster);
  const answer = await here.kubernetes.raw({
    path: `/api/v1/namespaces/kube-system/pods/${pod}:${operation.port}/proxy${operation.path}`,
  });
  const result = httpResult('agent', answer);
  return result.outcome === 'refused' ? { ...result, code: String(answer.status) } : result;
}
