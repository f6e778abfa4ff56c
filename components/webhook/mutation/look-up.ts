import type { WebhookOptions, Settings } from '../options.ts';
import type { Knowledge } from './mutate-pod.ts';
import { identityOf } from './service-account.ts';

export type LookUpOptions = Pick<WebhookOptions, 'serviceAccounts' | 'configuredIdentities'>;

/** Fetches a service account that has no association, if it is in neither the cache nor the config map. */
export async function lookUp(
  namespace: string,
  name: string,
  associated: boolean,
  { serviceAccounts, configuredIdentities }: LookUpOptions,
  settings: Settings,
): Promise<Knowledge> {
  const configured = configuredIdentities?.get(`${namespace}/${name}`);
  const configuredAnywhere = configuredIdentities?.get(`*/${name}`);
  let serviceAccount = serviceAccounts.get(namespace, name);
  if (!serviceAccount && !configured && !configuredAnywhere && !associated)
    serviceAccount = await serviceAccounts.fetch?.(namespace, name);
  const annotated = serviceAccount && identityOf(serviceAccount, settings);
  return { associated, annotated, configured, configuredAnywhere };
}
