import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import type { ServiceAccount, WebhookOptions } from '../../components/webhook/index.ts';
import { validated } from '../../foundation/node/validate.ts';

export type RecordedReview = z.infer<typeof review>;
const review = z.object({
  name: z.string(),
  namespace: z.string().default(''),
  /** Object of the review. If it is missing and there is no raw body, null is sent. */
  pod: z.unknown().optional(),
  raw: z.exactOptional(z.string()),
  contentType: z.exactOptional(z.string()),
  status: z.number(),
  allowed: z.exactOptional(z.boolean()),
  apiVersion: z.string().nullable().optional(),
  patchType: z.exactOptional(z.string()),
  patch: z.exactOptional(z.array(z.unknown())),
  resultStatus: z.unknown().optional(),
  body: z.exactOptional(z.string()),
});
const content = z.object({
  reviews: z.array(review),
  about: z.string().default(''),
  serviceAccounts: z.string().default(''),
});

interface WebhookRecording {
  readonly reviews: readonly RecordedReview[];
  /** Most common version of the answers, since recordings lack the version of the requests. */
  readonly apiVersion: string;
  readonly settings: Partial<WebhookOptions>;
  /** Service accounts by `<namespace>/<name>`. */
  readonly serviceAccounts: ReadonlyMap<string, ServiceAccount>;
  readonly identities: NonNullable<WebhookOptions['identities']>;
}

export function parseWebhookRecording(recording: unknown): WebhookRecording {
  const { reviews, about, serviceAccounts } = validated(content, recording, String);
  return {
    reviews,
    apiVersion: mostCommon(reviews.flatMap(({ apiVersion }) => apiVersion ?? [])) ?? 'admission.k8s.io/v1beta1',
    settings: settingsIn(about),
    identities: identitiesIn(about),
    serviceAccounts: parseServiceAccounts(serviceAccounts),
  };
}

function mostCommon(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

/** Parsers of values by flag. */
const FLAGS: Readonly<Record<string, (text: string) => unknown>> = {
  'annotation-prefix': String,
  'token-audience': String,
  'token-mount-path': String,
  'aws-default-region': String,
  'sts-regional-endpoint': (text) => /^(1|t|true)$/i.test(text),
  'token-expiration': Number,
  'container-credentials-audience': String,
  'container-credentials-full-uri': String,
  'container-credentials-token-mount-path': String,
  'container-credentials-token-volume-name': String,
  'container-credentials-token-path': String,
};

/** Finds `<flag> <value>`, with or without dashes, `=` or quotes. */
function settingsIn(about: string): Partial<WebhookOptions> {
  const given = Object.entries(FLAGS).flatMap(([flag, read]) => {
    const value = new RegExp(`(?<![\\w-])(?:--)?${flag}[ =]+"?([^\\s,;"()]+)`).exec(about)?.[1];
    const option = flag.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    return value === undefined ? [] : [[option, read(value)] as const];
  });
  return Object.fromEntries(given);
}

/** Finds `container credentials for <namespace>/<name>, …`. */
function identitiesIn(about: string): WebhookRecording['identities'] {
  const named = /container credentials for ((?:(?:, *| and |, and )?[\w.-]+\/[\w.-]*\w)+)/.exec(about)?.[1] ?? '';
  return [...named.matchAll(/([\w.-]+)\/([\w.-]*\w)/g)].map(([, namespace = '', serviceAccount = '']) => ({
    namespace,
    serviceAccount,
  }));
}

function parseServiceAccounts(yaml: string): ReadonlyMap<string, ServiceAccount> {
  const serviceAccounts = new Map<string, ServiceAccount>();
  for (const document of parseAllDocuments(yaml)) {
    const object: unknown = document.toJS();
    if (!isObject(object) || object['kind'] !== 'ServiceAccount' || !isObject(object['metadata'])) continue;
    const { name, namespace = 'default', annotations } = object['metadata'];
    if (typeof name !== 'string' || typeof namespace !== 'string') continue;
    const texts = Object.entries(isObject(annotations) ? annotations : {}).filter(
      (annotation): annotation is [string, string] => typeof annotation[1] === 'string',
    );
    serviceAccounts.set(`${namespace}/${name}`, { annotations: Object.fromEntries(texts) });
  }
  return serviceAccounts;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
