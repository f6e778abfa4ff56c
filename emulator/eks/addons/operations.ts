import { removeAssociation } from '../associations/changes.ts';
import { demand, demandOnCluster, note, parameter, theCluster, type EksCall } from '../call.ts';
import { epochSeconds, healthView } from '../cluster-view.ts';
import { invalidParameter, invalidRequest, resourceInUse, resourceNotFound } from '../errors.ts';
import { eksArn, newUuid } from '../ids.ts';
import { checkPattern, optionalString, requiredString } from '../input.ts';
import type { Addon, Cluster } from '../model.ts';
import { page } from '../paging.ts';
import { readTags, requestTagContext, resourceTagContext } from '../tags.ts';
import { findAddon, type CatalogueEntry } from './catalogue.ts';
import { ownedAssociations, readOwnedAssociations, settleOwnedAssociations } from './owned-associations.ts';

/** Installs an add-on and answers when it is ACTIVE, or CREATE_FAILED with the reason in its health. */
export async function createAddon(call: EksCall): Promise<object> {
  const { body, world, account, state } = call;
  const tags = readTags(body);
  demandOnCluster(call, 'eks:CreateAddon', requestTagContext(tags));
  const cluster = theCluster(call);
  const scope = `${cluster.arn} CreateAddon`;
  const repeated = cluster.addons.get(state.requestTokens.find(scope, body) ?? '');
  if (repeated !== undefined) return { addon: view(cluster, repeated) };

  const name = requiredString(body, 'addonName');
  const fields = { clusterName: cluster.name, addonName: name };
  const entry = supported(name, fields);
  const version = readVersion(call, entry) ?? entry.versions[0] ?? '';
  const configurationValues = optionalString(body, 'configurationValues');
  checkResolveConflicts(call);
  if (cluster.status !== 'ACTIVE') throw invalidRequest(`Cluster ${cluster.name} is not ACTIVE.`, fields);
  if (cluster.addons.has(name)) throw resourceInUse('Addon already exists.', fields);
  const associations = readOwnedAssociations(call, cluster, entry);

  const now = world.clock.now();
  const addon: Addon = {
    name,
    arn: eksArn(world, account.id, `addon/${cluster.name}/${name}/${newUuid(world)}`),
    version,
    status: 'CREATING',
    createdAt: now,
    modifiedAt: now,
    configurationValues,
    tags,
  };
  cluster.addons.set(name, addon);
  state.requestTokens.remember(scope, body, name);
  await settleOwnedAssociations(call, cluster, addon, entry, associations ?? []);
  await install(call, cluster, addon, 'CREATE_FAILED');
  return { addon: view(cluster, addon) };
}

export function describeAddon(call: EksCall): object {
  const { cluster, addon } = demandedAddon(call, 'eks:DescribeAddon');
  return { addon: view(cluster, addon) };
}

export function listAddons(call: EksCall): object {
  demandOnCluster(call, 'eks:ListAddons');
  const { items, nextToken } = page(theCluster(call).addons.listed().keys(), (name) => name, call.query);
  return { addons: items, nextToken };
}

/** Changes version, configuration or associations; an empty list of associations deletes those of the add-on. */
export async function updateAddon(call: EksCall): Promise<object> {
  const { cluster, addon } = demandedAddon(call, 'eks:UpdateAddon');
  const { body, world } = call;
  const entry = supported(addon.name, { clusterName: cluster.name, addonName: addon.name });
  const version = readVersion(call, entry);
  const configurationValues = optionalString(body, 'configurationValues');
  checkResolveConflicts(call);
  if (addon.status === 'CREATING' || addon.status === 'UPDATING' || addon.status === 'DELETING')
    throw resourceInUse(`Addon ${addon.name} is ${addon.status}.`, { addonName: addon.name });
  const associations = readOwnedAssociations(call, cluster, entry, addon);

  addon.status = 'UPDATING';
  addon.version = version ?? addon.version;
  addon.configurationValues = configurationValues ?? addon.configurationValues;
  addon.modifiedAt = world.clock.now();
  if (associations !== undefined) await settleOwnedAssociations(call, cluster, addon, entry, associations);
  await install(call, cluster, addon, 'UPDATE_FAILED');
  return {
    update: {
      id: newUuid(world),
      type: 'AddonUpdate',
      status: succeeded(addon) ? 'Successful' : 'Failed',
      params: [{ type: 'AddonVersion', value: addon.version }],
      createdAt: epochSeconds(addon.modifiedAt),
      errors: (addon.health ?? []).map(({ message }) => ({ errorCode: 'Unknown', errorMessage: message })),
    },
  };
}

/** Removes an add-on with its associations; with `preserve`, what runs in the cluster stays, and so do they. */
export async function deleteAddon(call: EksCall): Promise<object> {
  const { cluster, addon } = demandedAddon(call, 'eks:DeleteAddon');
  if (addon.status === 'DELETING') throw resourceInUse(`Addon ${addon.name} is DELETING.`, { addonName: addon.name });
  addon.status = 'DELETING';
  try {
    if (call.query.get('preserve') !== 'true') {
      await cluster.managed?.removeAddon(addon.name);
      for (const association of ownedAssociations(cluster, addon)) await removeAssociation(call, cluster, association);
    }
  } finally {
    cluster.addons.delete(addon.name);
  }
  return { addon: view(cluster, addon) };
}

async function install(call: EksCall, cluster: Cluster, addon: Addon, failed: Addon['status']): Promise<void> {
  const { name, version, configurationValues } = addon;
  try {
    await cluster.managed?.installAddon({ name, version, configurationValues });
    addon.status = 'ACTIVE';
    addon.health = [];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    addon.status = failed;
    addon.health = [{ code: 'InternalFailure', message }];
    note(call, `add-on ${name} could not be installed: ${message}`);
  }
}

function demandedAddon(call: EksCall, action: string): { cluster: Cluster; addon: Addon } {
  const clusterName = parameter(call, 'clusterName');
  const addonName = parameter(call, 'addonName');
  const addon = call.account.clusters.get(clusterName)?.addons.get(addonName);
  const arn = addon?.arn ?? eksArn(call.world, call.account.id, `addon/${clusterName}/${addonName}/*`);
  demand(call, action, arn, resourceTagContext(addon?.tags ?? new Map()));
  const cluster = theCluster(call);
  if (addon === undefined)
    throw resourceNotFound(`No addon: ${addonName} found in cluster: ${clusterName}`, { clusterName, addonName });
  return { cluster, addon };
}

function supported(name: string, fields: Readonly<Record<string, string>>): CatalogueEntry {
  const entry = findAddon(name);
  if (entry === undefined) throw invalidParameter('Addon specified is not supported', fields);
  return entry;
}

function readVersion(call: EksCall, entry: CatalogueEntry): string | undefined {
  const version = optionalString(call.body, 'addonVersion');
  if (version !== undefined && !entry.versions.includes(version))
    throw invalidParameter('Addon version specified is not supported', { addonName: entry.name });
  return version;
}

function checkResolveConflicts({ body }: EksCall): void {
  const value = optionalString(body, 'resolveConflicts') ?? 'NONE';
  checkPattern('resolveConflicts', value, /^(NONE|OVERWRITE|PRESERVE)$/, 'NONE, OVERWRITE or PRESERVE');
}

/** `install` has set the status, which the compiler cannot see. */
function succeeded(addon: Addon): boolean {
  return addon.status === 'ACTIVE';
}

function view(cluster: Cluster, addon: Addon): object {
  return {
    addonName: addon.name,
    clusterName: cluster.name,
    status: addon.status,
    addonVersion: addon.version,
    health: healthView(addon.health),
    addonArn: addon.arn,
    createdAt: epochSeconds(addon.createdAt),
    modifiedAt: epochSeconds(addon.modifiedAt),
    configurationValues: addon.configurationValues,
    podIdentityAssociations: ownedAssociations(cluster, addon).map((association) => association.arn),
    owner: 'aws',
    publisher: 'eks',
    tags: Object.fromEntries(addon.tags),
  };
}
