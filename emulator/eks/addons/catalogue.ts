import { demand, type EksCall } from '../call.ts';
import { page } from '../input.ts';
import catalogue from './catalogue.json' with { type: 'json' };

export interface CatalogueEntry {
  readonly name: string;
  readonly type: string;
  readonly namespace: string;
  /** Newest first; the first is the default. */
  readonly versions: readonly string[];
  /** Service accounts that can have a pod identity association. */
  readonly serviceAccounts: readonly string[];
}

/**
 * Only the agent has an effect in emulated clusters. The other add-ons exist because they can own associations.
 * Versions of add-ons and programs differ (EKS User Guide, "Set up the Amazon EKS Pod Identity Agent").
 */
const ADDONS: readonly CatalogueEntry[] = catalogue;

export function findAddon(name: string): CatalogueEntry | undefined {
  return ADDONS.find((entry) => entry.name === name);
}

export function describeAddonVersions(call: EksCall): object {
  demand(call, 'eks:DescribeAddonVersions', '*');
  const name = call.query.get('addonName');
  const clusterVersion = call.query.get('kubernetesVersion') ?? '1.34';
  const wanted = ADDONS.filter((entry) => name === null || entry.name === name);
  const { items, nextToken } = page(wanted, (entry) => entry.name, call.query);
  return { addons: items.map((entry) => view(entry, clusterVersion)), nextToken };
}

function view(entry: CatalogueEntry, clusterVersion: string): object {
  return {
    addonName: entry.name,
    type: entry.type,
    owner: 'aws',
    publisher: 'eks',
    defaultNamespace: entry.namespace,
    addonVersions: entry.versions.map((addonVersion, index) => ({
      addonVersion,
      architecture: ['amd64', 'arm64'],
      computeTypes: ['ec2'],
      compatibilities: [{ clusterVersion, platformVersions: ['*'], defaultVersion: index === 0 }],
      requiresConfiguration: false,
      requiresIamPermissions: entry.serviceAccounts.length > 0,
    })),
  };
}
