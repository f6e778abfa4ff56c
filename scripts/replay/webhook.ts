import { startWebhook } from '../../components/webhook/index.ts';
import { compareReview, LOT } from './webhook-comparison.ts';
import type { WebhookAnswer } from './webhook-comparison.ts';
import { parseWebhookRecording } from './webhook-recording.ts';
import type { RecordedReview } from './webhook-recording.ts';
import type { ReplayResult } from './types.ts';

/** Replays reviews against the reference webhook. Throws `HarnessError` BAD_FILE. */
export async function replayWebhook(recording: unknown): Promise<ReplayResult> {
  const { reviews, settings, serviceAccounts, identities, apiVersion } = parseWebhookRecording(recording);
  const webhook = await startWebhook({
    ...settings,
    identities,
    random: () => LOT,
    serviceAccounts: { get: (namespace, name) => serviceAccounts.get(`${namespace}/${name}`) },
  });
  try {
    const answers = await Promise.all(
      reviews.map((review, index) => put(webhook.url, review, uidOf(index), apiVersion)),
    );
    const differences = reviews.flatMap((review, index) => {
      const answer = answers[index];
      return answer === undefined ? [] : compareReview(review, answer);
    });
    return { compared: reviews.length, differences };
  } finally {
    await webhook.stop();
  }
}

async function put(url: string, review: RecordedReview, uid: string, apiVersion: string): Promise<WebhookAnswer> {
  const health = review.name.startsWith('healthz');
  const response = health
    ? await fetch(`${url}/healthz`)
    : await fetch(`${url}/mutate`, {
        method: 'POST',
        headers: { 'content-type': contentTypeOf(review) },
        body: review.raw ?? JSON.stringify(admissionReview(review, uid, apiVersion)),
      });
  return { status: response.status, body: await response.text(), uid };
}

const uidOf = (index: number): string => `review-${index}`;

const contentTypeOf = ({ name, contentType }: RecordedReview): string =>
  contentType ?? /content.type:? ([\w-]+\/\S+)/i.exec(name)?.[1] ?? 'application/json';

function admissionReview(review: RecordedReview, uid: string, apiVersion: string): unknown {
  const named = /admission (v1\w*)/.exec(review.name)?.[1];
  return {
    kind: 'AdmissionReview',
    apiVersion: named === undefined ? apiVersion : `admission.k8s.io/${named}`,
    request: {
      uid,
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      namespace: review.namespace,
      operation: 'CREATE',
      userInfo: { username: 'system:serviceaccount:kube-system:replicaset-controller' },
      object: review.pod,
      oldObject: null,
      dryRun: false,
    },
  };
}
