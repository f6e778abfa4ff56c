import type { V1Pod } from '@kubernetes/client-node';
import { poll } from '../../foundation/node/poll.ts';
import type { KubernetesClient } from '../kubernetes-client/client.ts';
import type { TokenSpec } from '../scenario/spec.ts';
import { TOKENS_SECRET } from './pod-manifest.ts';
import type { RunningPods } from './running-pods.ts';
import { labelsOf, clusterOf, workloads, type ScenarioContext } from '../scenario/scenario-context.ts';

/** Mints the tokens that are not bound to a pod, and stores them for the scenario's workloads. */
export async function mintFreeTokens(context: ScenarioContext): Promise<void> {
  const free = Object.entries(context.scenario.spec.tokens ?? {}).filter(([, token]) => token.boundTo === undefined);
  const bound = Object.values(context.scenario.spec.tokens ?? {}).some((token) => token.boundTo !== undefined);
  await Promise.all(free.map(([name, token]) => mint(context, name, token)));
  // With bound tokens, `mintBoundTokens` writes the secrets.
  if (free.length > 0 && !bound) await writeSecrets(context);
}

export async function mintBoundTokens(context: ScenarioContext, running: RunningPods): Promise<void> {
  const bound = Object.entries(context.scenario.spec.tokens ?? {}).filter(([, token]) => token.boundTo !== undefined);
  if (bound.length === 0) return;
  await Promise.all(
    bound.map(([name, token]) => {
      const pod = running.pod(token.boundTo ?? '');
      return mint(context, name, token, pod && { name: pod.name, uid: pod.uid });
    }),
  );
  await writeSecrets(context);
}

async function mint(
  context: ScenarioContext,
  name: string,
  token: TokenSpec,
  boundPod?: { readonly name: string; readonly uid: string },
): Promise<void> {
  const [alias = '', serviceAccount = ''] = token.serviceAccount.split('/');
  const namespace = context.names.namespace(alias);
  const { kubernetes } = clusterOf(context, token.cluster ?? 'c1');
  if (boundPod !== undefined)
    await scheduled(context, kubernetes, `/api/v1/namespaces/${namespace}/pods/${boundPod.name}`);
  const boundSecret = token.boundToSecret ? `${TOKENS_SECRET}-${name}` : undefined;
  if (boundSecret !== undefined)
    await kubernetes.createSecret(namespace, { name: boundSecret, labels: labelsOf(context) }, {});
  const text = await kubernetes.createToken(namespace, serviceAccount, {
    audiences: token.audience === undefined ? [] : [token.audience],
    ...(token.expirationSeconds !== undefined && { expirationSeconds: token.expirationSeconds }),
    ...(boundPod && { boundPod }),
    ...(boundSecret !== undefined && { boundSecret }),
  });
  context.tokens.set(name, text);
}

/** Timeout for scheduling a pod. After it, bound tokens name no node. */
const SCHEDULING_MILLISECONDS = 30_000;

/** Waits until the pod has a node, which its tokens name (Kubernetes documentation, "Managing Service Accounts"). */
async function scheduled(context: ScenarioContext, kubernetes: KubernetesClient, path: string): Promise<void> {
  const hasNode = async (): Promise<true | undefined> => {
    const { status, body } = await kubernetes.raw({ path });
    return (status === 200 && (JSON.parse(body) as V1Pod).spec?.nodeName !== undefined) || undefined;
  };
  await poll(hasNode, { every: 100, within: SCHEDULING_MILLISECONDS, signal: context.signal, late: () => true });
}

/** Writes a secret into each namespace of the scenario, for workloads to mount. */
async function writeSecrets(context: ScenarioContext): Promise<void> {
  const places = new Map(workloads(context).map((item) => [`${item.cluster}/${item.namespace}`, item]));
  // Only tokens that the scenario declares: the harness may hold others.
  const declaredTokens = [...context.tokens].filter(([name]) =>
    Object.hasOwn(context.scenario.spec.tokens ?? {}, name),
  );
  await Promise.all(
    [...places.values()].map(({ cluster, namespace }) =>
      clusterOf(context, cluster).kubernetes.createSecret(
        namespace,
        { name: TOKENS_SECRET, labels: labelsOf(context) },
        Object.fromEntries(declaredTokens),
      ),
    ),
  );
}
