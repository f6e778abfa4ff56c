import { demand, type EksCall } from '../call.ts';
import { page } from '../paging.ts';
import { ADDONS, type CatalogueEntry } from './catalogue.ts';

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
