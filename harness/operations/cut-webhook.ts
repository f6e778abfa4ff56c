import type { ClusterAlias } from '../scenario/policy.ts';
import type { StepOf } from '../scenario/spec.ts';
import { clusterOf, workloads, type ScenarioWorld } from '../world/world.ts';
import { awaitAdmission } from './admission.ts';
import { action, defineStep } from './registry.ts';
import { setWebhookClient, webhookClient } from './webhook-client.ts';

interface CutWebhook extends StepOf<'CutWebhook'> {
  readonly cluster: ClusterAlias;
}

/** Leads the API server's calls of the webhook to a port where nobody answers, until the scenario is over. */
export const cutWebhook = (cluster: ClusterAlias = 'c1'): CutWebhook => action('CutWebhook', { cluster });

defineStep<CutWebhook>({
  name: 'CutWebhook',
  refersTo: ({ cluster }) => ({ clusters: [cluster] }),
  needs: () => ['webhook-endpoint'],
  isExclusive: () => true,
  perform: ({ world }, { cluster }) => cut(world, cluster),
});

/** The discard port, where nobody answers. */
const NOBODY = 'https://127.0.0.1:9/mutate';

/** Leads the API server's calls of the webhook to where nobody answers, until the scenario is over. */
async function cut(world: ScenarioWorld, alias: ClusterAlias): Promise<void> {
  const { kubernetes } = clusterOf(world, alias);
  const before = await webhookClient(kubernetes);
  const { caBundle } = before;
  // A workload that is injected shows when the API server has learnt of the change, and of its end.
  const witness = workloads(world).find((item) => item.cluster === alias && item.association !== undefined);
  const untilInjected = async (injected: boolean, signal?: AbortSignal): Promise<void> => {
    if (witness)
      await awaitAdmission(world, witness, (facts) => (facts['injected'] !== 'none') === injected, {
        ...(signal && { signal }),
      });
  };
  await setWebhookClient(kubernetes, { url: NOBODY, ...(caBundle !== undefined && { caBundle }) });
  world.resources.addChange(`the webhook of cluster ${alias}`, async () => {
    await setWebhookClient(kubernetes, before);
    await untilInjected(true, new AbortController().signal);
  });
  await untilInjected(false);
}
