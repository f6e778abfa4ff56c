import type { ProbeResult } from '../../foundation/probe-protocol.ts';
import { whenRead } from '../consistency/retry-rules.ts';
import type { ClusterAlias } from '../scenario/policy.ts';
import type { HarnessOperation } from '../scenario/spec.ts';
import { clusterOf } from '../world/world.ts';
import type { Facts } from './admission.ts';
import { present } from './eks.ts';
import { defineOperation } from './registry.ts';
import { post } from './webhook-client.ts';

interface MutateRequest extends HarnessOperation {
  readonly do: 'MutateRequest';
  readonly cluster: ClusterAlias;
  readonly contentType: string;
  readonly body: string;
}

/** A raw POST to the webhook, where the cluster's webhook configuration says that it is. */
export const postToWebhook = (contentType: string, body: string, cluster: ClusterAlias = 'c1'): MutateRequest => ({
  do: 'MutateRequest',
  cluster,
  contentType,
  body,
});

defineOperation<MutateRequest>({
  name: 'MutateRequest',
  performedBy: 'harness',
  refersTo: ({ cluster }) => ({ clusters: [cluster] }),
  needs: () => ['webhook-endpoint'],
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
});

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
