/** Requests to the webhook itself, and what keeps the API server from it. */
import type { ProbeResult } from '../../foundation/probe-protocol.ts';
import { whenRead } from '../consistency/retry-rules.ts';
import type { ClusterAlias } from '../scenario/policy.ts';
import { clusterOf, workloads } from '../world/world.ts';
import { awaitAdmission, type Facts } from './admission.ts';
import { present } from './eks.ts';
import { defineHarnessOperation, defineStep } from './registry.ts';
import { post, setWebhookClient, webhookClient } from './webhook-client.ts';

const common = {
  refersTo: ({ cluster }: { readonly cluster: ClusterAlias }) => ({ clusters: [cluster] }),
  needs: () => ['webhook-endpoint'] as const,
};

/** A raw POST to the webhook, where the cluster's webhook configuration says that it is. */
export const postToWebhook = defineHarnessOperation(
  'MutateRequest',
  (contentType: string, body: string, cluster: ClusterAlias = 'c1') => ({ cluster, contentType, body }),
  {
    ...common,
    describe: ({ contentType, body }) => [`${contentType}, ${body.length} bytes`],
    mayDiffer: whenRead,
    perform: async (world, { cluster, contentType, body }): Promise<ProbeResult> => {
      const answer = await post(clusterOf(world, cluster), contentType, body);
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
    },
  },
);

function parsedReview(body: string): Facts {
  try {
    const review = JSON.parse(body) as {
      apiVersion?: string;
      response?: { allowed?: boolean; uid?: string; patch?: string; status?: { message?: string } };
    };
    const { allowed, uid, patch, status } = review.response ?? {};
    return present({
      ...{ apiVersion: review.apiVersion, allowed, uid, message: status?.message, patched: patch !== undefined },
      patchPaths: patch === undefined ? undefined : pathsOf(patch),
    });
  } catch {
    return {};
  }
}

/** Paths that a JSON Patch in Base64 changes, in its order. */
function pathsOf(patch: string): string {
  const operations = JSON.parse(Buffer.from(patch, 'base64').toString('utf8')) as readonly { readonly path: string }[];
  return operations.map(({ path }) => path).join();
}

/** The discard port, where nobody answers. */
const NOBODY = 'https://127.0.0.1:9/mutate';

/** Leads the API server's calls of the webhook to a port where nobody answers, until the scenario is over. */
export const cutWebhook = defineStep('CutWebhook', (cluster: ClusterAlias = 'c1') => ({ cluster }), {
  ...common,
  isExclusive: () => true,
  perform: async ({ world }, { cluster: alias }) => {
    const { kubernetes } = clusterOf(world, alias);
    const before = await webhookClient(kubernetes);
    const { caBundle } = before;
    // A workload that is injected shows when the API server has learnt of the change, and of its end.
    const witness = workloads(world).find((item) => item.cluster === alias && item.association !== undefined);
    const untilInjected = async (injected: boolean, signal = world.signal): Promise<void> => {
      if (witness)
        await awaitAdmission(world, witness, (facts) => (facts['injected'] !== 'none') === injected, { signal });
    };
    await setWebhookClient(kubernetes, { url: NOBODY, ...(caBundle !== undefined && { caBundle }) });
    world.resources.addChange(`the webhook of cluster ${alias}`, async () => {
      await setWebhookClient(kubernetes, before);
      await untilInjected(true, new AbortController().signal);
    });
    await untilInjected(false);
  },
});
