import { choice, cluster, matching, opt, text } from '../scenario/form.ts';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import { whenRead } from '../scenario/retry-rules.ts';
import type { ClusterAlias } from '../scenario/policy.ts';
import { clusterOf, workloads } from '../scenario/scenario-context.ts';
import { awaitAdmission, type Facts } from '../world/admission.ts';
import { present } from './eks.ts';
import { defineHarnessOperation, defineStep } from '../scenario/operation-registry.ts';
import { sendToWebhook, setWebhookClient, webhookClient, type WebhookRequest } from './webhook-client.ts';

const common = {
  refersTo: ({ cluster }: { readonly cluster: ClusterAlias }) => ({ clusters: [cluster] }),
  needs: () => ['webhook-endpoint'] as const,
};

interface PostOptions extends Pick<WebhookRequest, 'method' | 'path'> {
  readonly cluster?: ClusterAlias;
}

/** Sends a request to the endpoint in the cluster's webhook configuration. Default method: POST. */
export const postToWebhook = defineHarnessOperation(
  'MutateRequest',
  (contentType: string, body: string, { cluster = 'c1', ...options }: PostOptions = {}) => ({
    cluster,
    contentType,
    body,
    ...options,
  }),
  {
    ...common,
    form: {
      cluster,
      contentType: text,
      body: text,
      method: opt(text),
      path: opt(matching(/^\//, 'a path that begins with /')),
    },
    describe: ({ contentType, body, method = '', path = '' }) => [method, path, `${contentType}, ${body.length} bytes`],
    mayDiffer: whenRead,
    perform: async (context, { cluster, ...request }): Promise<ProbeResult> => {
      const answer = await sendToWebhook(clusterOf(context, cluster), request);
      const review = parsedReview(answer.body);
      const facts: Facts = {
        status: answer.status,
        body: answer.body.slice(0, 2000),
        ...review,
        ...(answer.contentType !== undefined && { contentType: answer.contentType }),
      };
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
      kind?: string;
      response?: {
        allowed?: boolean;
        uid?: string;
        patch?: string;
        patchType?: string;
        status?: { message?: string };
      };
    };
    const { allowed, uid, patch, patchType, status } = review.response ?? {};
    return present({
      kind: review.kind,
      apiVersion: review.apiVersion,
      allowed,
      uid,
      message: status?.message,
      patchType,
      patched: patch !== undefined,
      ...(patch !== undefined && factsOfPatch(patch)),
    });
  } catch {
    return {};
  }
}

/** Decodes a JSON Patch in Base64: its paths in order, and the whole patch as JSON. */
function factsOfPatch(patch: string): { readonly patchPaths: string; readonly patch: string } {
  const operations = JSON.parse(Buffer.from(patch, 'base64').toString('utf8')) as readonly { readonly path: string }[];
  return { patchPaths: operations.map(({ path }) => path).join(), patch: JSON.stringify(operations) };
}

/** The discard port, which refuses connections. */
const NOBODY = 'https://127.0.0.1:9/mutate';

const OTHER_AUTHORITY = `-----BEGIN CERTIFICATE-----
MIIBozCCAUmgAwIBAgIUSWu124CqIDxM5eHSF7lmYsnYi5QwCgYIKoZIzj0EAwIw
JjEkMCIGA1UEAwwbY29uZm9ybWFuY2Utb3RoZXItYXV0aG9yaXR5MCAXDTI2MTEy
NjAxMTE0NloYDzIxMjYxMTAyMDExMTQ2WjAmMSQwIgYDVQQDDBtjb25mb3JtYW5j
ZS1vdGhlci1hdXRob3JpdHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQggIBT
H+ZTjH/Y4v6oBw47t0Lh0wqUi3GgEJhDdNtFErDuC/iTo8zcPt80WwzKVYqEzcPb
/Mbx8/tUknnmda4eo1MwUTAdBgNVHQ4EFgQU8VSCKXvdslfPSvUFi+hzMmaOybYw
HwYDVR0jBBgwFoAU8VSCKXvdslfPSvUFi+hzMmaOybYwDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNIADBFAiEAsaN5iyuKn9a9q7SD1t5k/afdSeQQN0Ptdvlv
UeDjuVYCIDvStIyUm6RWqg9K7kf0Sx9QZGZCtb6vpdJVFBO5SeUc
-----END CERTIFICATE-----
`;

interface Cut {
  readonly by: 'url' | 'ca';
  readonly cluster: ClusterAlias;
}

/**
 * Cuts the API server off from the webhook until the end of the scenario. `url` uses a dead port; `ca` a CA that did not
 * issue the webhook's certificate, as after a rotation.
 */
export const cutWebhook = defineStep(
  'CutWebhook',
  (options: Partial<Cut> = {}): Cut => ({ by: 'url', cluster: 'c1', ...options }),
  {
    ...common,
    form: { cluster, by: choice('url', 'ca') },
    isExclusive: () => 'cluster',
    perform: async ({ context }, { by, cluster: alias }) => {
      const { kubernetes } = clusterOf(context, alias);
      const before = await webhookClient(kubernetes);
      const { caBundle } = before;
      // An injected workload shows when the API server has seen the change, and its end.
      const witness = workloads(context).find((item) => item.cluster === alias && item.association !== undefined);
      const untilInjected = async (injected: boolean, signal = context.signal): Promise<void> => {
        if (witness)
          await awaitAdmission(context, witness, (facts) => (facts['injected'] !== 'none') === injected, { signal });
      };
      const away = { url: NOBODY, ...(caBundle !== undefined && { caBundle }) };
      const untrusted = { ...before, caBundle: Buffer.from(OTHER_AUTHORITY).toString('base64') };
      await setWebhookClient(kubernetes, by === 'url' ? away : untrusted);
      context.resources.addChange(`the webhook of cluster ${alias}`, async () => {
        await setWebhookClient(kubernetes, before);
        await untilInjected(true, new AbortController().signal);
      });
      await untilInjected(false);
    },
  },
);
