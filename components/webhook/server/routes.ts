import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { ServeMux } from '../../go/mux.ts';
import { reply, replyError } from '../../go/reply.ts';
import { readReview, writeReview, type Review } from '../admission/review.ts';
import type { WebhookOptions, Settings } from '../options.ts';
import { lookUp } from '../mutation/look-up.ts';
import { mutatePod } from '../mutation/mutate-pod.ts';

export interface Context {
  readonly options: WebhookOptions;
  readonly settings: Settings;
  readonly log: (line: string) => void;
  associated(namespace: string, serviceAccount: string): boolean;
}

/** Returns the routes of the webhook's port. Like the real webhook, no route checks the method. */
export function routes(context: Context): ServeMux {
  const mux = new ServeMux();
  mux.handle('/healthz', (_, response) => reply(response, 200, TEXT, 'ok'));
  mux.handle('/mutate', (incoming, response) =>
    mutate(incoming, response, context).catch((reason: unknown) => {
      if (incoming.destroyed && !incoming.complete) return;
      context.log(`A request failed: ${reason instanceof Error ? reason.name : 'unknown error'}`);
      replyError(response, 500, 'internal error');
    }),
  );
  return mux;
}

const TEXT = { 'Content-Type': 'text/plain; charset=utf-8' };

async function mutate(incoming: IncomingMessage, response: ServerResponse, context: Context): Promise<void> {
  const { method = 'GET', url = '' } = incoming;
  const contentType = incoming.headers['content-type'] ?? '';
  const body = await text(incoming);
  if (!parsesAsForm(method, contentType, url.split('?').slice(1).join('?'), body))
    return replyError(response, 400, '{"error": "error parsing form"}');
  if (contentType === 'application/json')
    return reply(response, 200, TEXT, await responseTo(readReview(body), context));
  replyError(response, 415, 'Invalid Content-Type, expected `application/json`');
}

async function responseTo(review: Review, context: Context): Promise<string> {
  if ('error' in review.pod) {
    // Go's messages name fields and types, never values of the pod.
    context.log('An admission review could not be decoded');
    return writeReview(review, { allowed: false, message: review.pod.error });
  }
  const pod = review.pod.value;
  const { namespace } = review;
  const name = pod.spec?.serviceAccountName ?? '';
  const lookup = await lookUp(namespace, name, context.associated(namespace, name), context.options, context.settings);
  const mutation = mutatePod(pod, lookup, context.settings);
  const subject = `Pod=${pod.metadata?.name || pod.metadata?.generateName || ''}, ServiceAccount=${name}, Namespace=${namespace}`;
  if (mutation === undefined) {
    context.log(`Pod was not mutated: its service account has no association and no role, or is not known. ${subject}`);
    return writeReview(review, { allowed: true });
  }
  context.log(`Pod was mutated for ${mutation.method}. ${subject}`);
  return writeReview(review, { allowed: true, patch: mutation.patch });
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const MEDIA_TYPE = new RegExp(
  `^\\s*${TOKEN}(/${TOKEN})?\\s*(;\\s*${TOKEN}\\s*=\\s*(${TOKEN}|"([^"\\\\]|\\\\.)*")\\s*)*;?\\s*$`,
);

/** Returns whether query, content type and form are valid for Go's Request.ParseForm, which the webhook calls first. */
function parsesAsForm(method: string, contentType: string, query: string, body: string): boolean {
  if (!isQuery(query)) return false;
  if (!['POST', 'PUT', 'PATCH'].includes(method) || contentType === '') return true;
  if (!MEDIA_TYPE.test(contentType)) return false;
  const mediaType = contentType.split(';')[0]?.trim().toLowerCase();
  return mediaType !== 'application/x-www-form-urlencoded' || isQuery(body);
}

const isQuery = (text: string): boolean => !text.includes(';') && !/%(?![0-9a-fA-F]{2})/.test(text);
