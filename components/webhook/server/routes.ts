import type { IncomingMessage } from 'node:http';
import { readReview, writeReview, type Review } from '../admission/review.ts';
import type { WebhookOptions, Settings } from '../options.ts';
import { lookUp } from '../mutation/look-up.ts';
import { mutatePod } from '../mutation/mutate-pod.ts';
import type { Metrics } from './metrics.ts';
import { error, text, type Reply } from './reply.ts';

export interface Context {
  readonly options: WebhookOptions;
  readonly settings: Settings;
  readonly metrics: Metrics;
  readonly log: (line: string) => void;
  /** Whether a service account has an association. */
  associated(namespace: string, serviceAccount: string): boolean;
}

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly contentType: string;
  readonly body: string;
}

/** Routes of the webhook's port. As in the webhook, no route looks at the method. */
export async function answer(request: Request, context: Context): Promise<Reply> {
  if (request.path === '/healthz') return text(200, 'ok');
  if (request.path !== '/mutate') return error(404, '404 page not found');
  if (!parsesAsForm(request.method, request.contentType, request.query, request.body)) {
    return error(400, '{"error": "error parsing form"}');
  }
  const start = process.hrtime.bigint();
  const reply = await mutate(request, context);
  const duration = Number((process.hrtime.bigint() - start) / 1000n);
  context.metrics.countRequest(request.method, request.path, reply.status, duration);
  return reply;
}

async function mutate(request: Request, context: Context): Promise<Reply> {
  if (request.contentType !== 'application/json') {
    return error(415, 'Invalid Content-Type, expected `application/json`');
  }
  const review = readReview(request.body);
  return text(200, await judged(review, context));
}

async function judged(review: Review, context: Context): Promise<string> {
  if ('error' in review.pod) {
    // Go's messages name fields and types, never values of the pod.
    context.log('An admission review could not be decoded');
    return writeReview(review, { allowed: false, message: review.pod.error });
  }
  const pod = review.pod.value;
  const { namespace } = review;
  const name = pod.spec?.serviceAccountName ?? '';
  const known = await lookUp(namespace, name, context.associated(namespace, name), context.options, context.settings);
  if (known.annotated) context.metrics.setUsed();
  const mutation = mutatePod(pod, known, context.settings);
  const subject = `Pod=${pod.metadata?.name || pod.metadata?.generateName || ''}, ServiceAccount=${name}, Namespace=${namespace}`;
  if (mutation === undefined) {
    if (!known.annotated && !known.configured && !known.configuredAnywhere)
      context.metrics.countMissingServiceAccount();
    context.log(`Pod was not mutated: its service account has no association and no role, or is not known. ${subject}`);
    return writeReview(review, { allowed: true });
  }
  context.metrics.countPod(mutation.method);
  context.log(`Pod was mutated for ${mutation.method}. ${subject}`);
  return writeReview(review, { allowed: true, patch: mutation.patch });
}

/** Reads a request to its end. */
export async function readRequest(incoming: IncomingMessage): Promise<Request> {
  const [rawPath = '', ...query] = (incoming.url ?? '/').split('?');
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return {
    method: incoming.method ?? 'GET',
    path: rawPath,
    query: query.join('?'),
    contentType: incoming.headers['content-type'] ?? '',
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const MEDIA_TYPE = new RegExp(
  `^\\s*${TOKEN}(/${TOKEN})?\\s*(;\\s*${TOKEN}\\s*=\\s*(${TOKEN}|"([^"\\\\]|\\\\.)*")\\s*)*;?\\s*$`,
);

/**
 * Whether Go's Request.ParseForm, which the webhook calls ahead of all else, accepts a request: its query, and of one
 * with a body also the content type and a form.
 */
function parsesAsForm(method: string, contentType: string, query: string, body: string): boolean {
  if (!isQuery(query)) return false;
  if (!['POST', 'PUT', 'PATCH'].includes(method) || contentType === '') return true;
  if (!MEDIA_TYPE.test(contentType)) return false;
  const mediaType = contentType.split(';')[0]?.trim().toLowerCase();
  return mediaType !== 'application/x-www-form-urlencoded' || isQuery(body);
}

const isQuery = (text: string): boolean => !text.includes(';') && !/%(?![0-9a-fA-F]{2})/.test(text);
