import { setTimeout as delay } from 'node:timers/promises';
import type { ServiceAccount, WebhookOptions, Settings } from '../options.ts';
import type { Knowledge } from './mutate-pod.ts';
import { identityOf } from './service-account.ts';

/** How often the cache is looked at again within the grace period. Milliseconds. */
const POLL_INTERVAL = 10;

export type LookUpOptions = Pick<
  WebhookOptions,
  'serviceAccounts' | 'configuredIdentities' | 'serviceAccountLookupGracePeriod'
>;

/**
 * Gathers what is known about a service account. One without an association that is in neither the cache nor the
 * config map is waited for up to the grace period, while the API server is asked for it.
 */
export async function lookUp(
  namespace: string,
  name: string,
  associated: boolean,
  options: LookUpOptions,
  settings: Settings,
): Promise<Knowledge> {
  const configured = options.configuredIdentities?.get(`${namespace}/${name}`);
  const configuredAnywhere = options.configuredIdentities?.get(`*/${name}`);
  let serviceAccount = options.serviceAccounts.get(namespace, name);
  const gracePeriod = options.serviceAccountLookupGracePeriod ?? 0;
  if (!serviceAccount && !configured && !configuredAnywhere && !associated && gracePeriod > 0) {
    serviceAccount = await awaited(namespace, name, gracePeriod, options.serviceAccounts);
  }
  const annotated = serviceAccount && identityOf(serviceAccount, settings);
  return { associated, annotated, configured, configuredAnywhere };
}

async function awaited(
  namespace: string,
  name: string,
  gracePeriod: number,
  source: WebhookOptions['serviceAccounts'],
): Promise<ServiceAccount | undefined> {
  const over = new AbortController();
  const deadline = Date.now() + gracePeriod;
  let fetched: ServiceAccount | undefined;
  source.fetch?.(namespace, name).then(
    (serviceAccount) => {
      fetched = serviceAccount;
      if (fetched) over.abort();
    },
    // A failed look-up is as none at all: the cache may still learn of the service account.
    () => undefined,
  );
  for (;;) {
    const known = fetched ?? source.get(namespace, name);
    const left = deadline - Date.now();
    if (known || left <= 0) return known;
    await delay(Math.min(POLL_INTERVAL, left), undefined, { signal: over.signal }).catch(() => undefined);
  }
}
