import type { TokenSpec } from '../scenario/spec.ts';
import { TOKENS_SECRET } from './pod-manifest.ts';
import type { RunningPods } from './running-pods.ts';
import { labelsOf, clusterOf, workloads, type ScenarioWorld } from './world.ts';

/** Mints the tokens that are bound to no pod, and hands them to the scenario's workloads. */
export async function mintFreeTokens(world: ScenarioWorld): Promise<void> {
  const free = Object.entries(world.scenario.spec.tokens ?? {}).filter(([, token]) => token.boundTo === undefined);
  const bound = Object.values(world.scenario.spec.tokens ?? {}).some((token) => token.boundTo !== undefined);
  await Promise.all(free.map(([name, token]) => mint(world, name, token)));
  // A scenario with bound tokens gets its secret when those are minted too.
  if (free.length > 0 && !bound) await writeSecrets(world);
}

/** Mints the tokens that are bound to pods, which exist by now. */
export async function mintBoundTokens(world: ScenarioWorld, running: RunningPods): Promise<void> {
  const bound = Object.entries(world.scenario.spec.tokens ?? {}).filter(([, token]) => token.boundTo !== undefined);
  if (bound.length === 0) return;
  await Promise.all(
    bound.map(([name, token]) => {
      const pod = running.pod(token.boundTo ?? '');
      return mint(world, name, token, pod && { name: pod.name, uid: pod.uid });
    }),
  );
  await writeSecrets(world);
}

async function mint(
  world: ScenarioWorld,
  name: string,
  token: TokenSpec,
  boundPod?: { readonly name: string; readonly uid: string },
): Promise<void> {
  const [namespace = '', serviceAccount = ''] = token.serviceAccount.split('/');
  const { kubernetes } = clusterOf(world, token.cluster ?? 'c1');
  const text = await kubernetes.createToken(world.names.namespace(namespace), serviceAccount, {
    audiences: token.audience === undefined ? [] : [token.audience],
    ...(token.expirationSeconds !== undefined && { expirationSeconds: token.expirationSeconds }),
    ...(boundPod && { boundPod }),
  });
  world.tokens.set(name, text);
}

/** One secret in each namespace of the scenario: workloads mount it. */
async function writeSecrets(world: ScenarioWorld): Promise<void> {
  const places = new Map(workloads(world).map((item) => [`${item.cluster}/${item.namespace}`, item]));
  // The scenario's own: the harness may hold others.
  const own = [...world.tokens].filter(([name]) => Object.hasOwn(world.scenario.spec.tokens ?? {}, name));
  await Promise.all(
    [...places.values()].map(({ cluster, namespace }) =>
      clusterOf(world, cluster).kubernetes.createSecret(
        namespace,
        { name: TOKENS_SECRET, labels: labelsOf(world) },
        Object.fromEntries(own),
      ),
    ),
  );
}
