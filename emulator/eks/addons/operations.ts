import { removeAssociation } from '../associations/changes.ts';
import { demandActive, failureOf, type EksCall } from '../call.ts';
import { createOperation, demanded, type ResourceKind } from '../cluster-resources.ts';
import { epochSeconds, healthView } from '../cluster-view.ts';
import { invalidParameter, invalidRequest, resourceInUse, resourceNotFound } from '../errors.ts';
import { eksArn, newUuid } from '../ids.ts';
import { optionalString, requiredString } from '../input.ts';
import { ADDON_DEGRADED, type Addon, type Cluster } from '../../world/eks-model.ts';
import { findAddon, type CatalogueEntry } from './catalogue.ts';
import {
  demandDeletion,
  ownedAssociations,
  readOwnedAssociations,
  settleOwnedAssociations,
} from './owned-associations.ts';

/** EKS API Reference, "AddonIssue". */
const TOO_FEW = 'InsufficientNumberOfReplicas';

export const ADDON: ResourceKind<Addon> = {
  name: 'Addon',
  path: 'addons',
  member: 'addon',
  parameter: 'addonName',
  view,
  arn: (clusterName, name) => `addon/${clusterName}/${name}/*`,
  all: ({ addons }) => addons,
  missing: (addonName, clusterName) =>
    resourceNotFound(`No addon: ${addonName} found in cluster: ${clusterName}`, { clusterName, addonName }),
};

/** Installs an add-on. Its status is ACTIVE, or CREATE_FAILED or DEGRADED with the reason in its health. */
export const createAddon = createOperation(ADDON, async (call, cluster, tags, remember) => {
  const { body, world, account, state } = call;
  const name = requiredString(body, 'addonName');
  const fields = { clusterName: cluster.name, addonName: name };
  const entry = supported(name, fields);
  const version = readVersion(call, entry) ?? entry.versions[0] ?? '';
  const configurationValues = optionalString(body, 'configurationValues');
  demandActive(cluster, fields);
  if (cluster.addons.has(name) || state.background.held(holdName(cluster, name)) !== undefined)
    throw resourceInUse('Addon already exists.', fields);
  const associations = readOwnedAssociations(call, cluster, entry);

  const now = world.clock.now();
  const addon: Addon = {
    name,
    version,
    configurationValues,
    tags,
    status: 'CREATING',
    createdAt: now,
    modifiedAt: now,
    arn: eksArn(world, account.id, `addon/${cluster.name}/${name}/${newUuid(world)}`),
  };
  cluster.addons.set(name, addon);
  remember(name);
  await settleOwnedAssociations(call, cluster, addon, entry, associations ?? []);
  await state.background.run('createAddon', () => install(call, cluster, addon, 'CREATE_FAILED'));
  return addon;
});

/** Changes version, configuration or associations. An empty list deletes the add-on's associations. */
export async function updateAddon(call: EksCall): Promise<object> {
  const { cluster, item: addon } = demanded(ADDON, call, 'eks:UpdateAddon');
  const { body, world } = call;
  demandActive(cluster, { addonName: addon.name });
  const entry = supported(addon.name, { clusterName: cluster.name, addonName: addon.name });
  const version = readVersion(call, entry);
  const configurationValues = optionalString(body, 'configurationValues');
  if (isChanging(addon)) throw resourceInUse(`Addon ${addon.name} is ${addon.status}.`, { addonName: addon.name });
  const associations = readOwnedAssociations(call, cluster, entry, addon);

  addon.status = 'UPDATING';
  addon.version = version ?? addon.version;
  addon.configurationValues = configurationValues ?? addon.configurationValues;
  addon.modifiedAt = world.clock.now();
  if (associations !== undefined) await settleOwnedAssociations(call, cluster, addon, entry, associations);
  await call.state.background.run('createAddon', () => install(call, cluster, addon, 'UPDATE_FAILED'));
  return {
    update: {
      id: newUuid(world),
      type: 'AddonUpdate',
      status: updateStatus(addon),
      params: [{ type: 'AddonVersion', value: addon.version }],
      createdAt: epochSeconds(addon.modifiedAt),
      errors: (addon.health ?? []).map(({ message }) => ({ errorCode: 'Unknown', errorMessage: message })),
    },
  };
}

/** Removes an add-on and its associations. With `preserve`, both stay in the cluster. */
export async function deleteAddon(call: EksCall): Promise<object> {
  const { cluster, item: addon } = demanded(ADDON, call, 'eks:DeleteAddon');
  const fields = { clusterName: cluster.name, addonName: addon.name };
  demandActive(cluster, fields);
  if (isChanging(addon)) throw invalidRequest(`Addon ${addon.name} is ${addon.status}.`, fields);
  const isPreserved = call.query.get('preserve') === 'true';
  const owned = isPreserved ? [] : ownedAssociations(cluster, addon);
  demandDeletion(call, owned);
  const { background } = call.state;
  await background.run('deleteAddon', async () => {
    addon.status = 'DELETING';
    const failure = await failureOf(call, `add-on ${addon.name} could not be removed`, async () => {
      if (!isPreserved) await cluster.managed?.removeAddon(addon.name);
      for (const association of owned) await removeAssociation(call, cluster, association);
    });
    if (failure !== undefined) return ended(addon, 'DELETE_FAILED', failure);
    return () => {
      cluster.addons.delete(addon.name);
      background.hold(holdName(cluster, addon.name), addon.name);
    };
  });
  return { addon: view(addon, cluster) };
}

async function install(call: EksCall, cluster: Cluster, addon: Addon, failed: Addon['status']): Promise<() => void> {
  const { name, version, configurationValues } = addon;
  const failure = await failureOf(call, `add-on ${name} could not be installed`, async () =>
    cluster.managed?.installAddon({ name, version, configurationValues }),
  );
  if (failure === undefined) return ended(addon, 'ACTIVE');
  return failure.name === ADDON_DEGRADED ? ended(addon, 'DEGRADED', failure, TOO_FEW) : ended(addon, failed, failure);
}

function ended(addon: Addon, status: Addon['status'], failure?: Error, code = 'InternalFailure'): () => void {
  const health = failure === undefined ? [] : [{ code, message: failure.message }];
  return () => Object.assign(addon, { status, health });
}

function isChanging({ status }: Addon): boolean {
  return status === 'CREATING' || status === 'UPDATING' || status === 'DELETING';
}

function holdName(cluster: Cluster, name: string): string {
  return `${cluster.arn} add-on ${name}`;
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

function updateStatus({ status }: Addon): string {
  if (status === 'UPDATING') return 'InProgress';
  return status === 'ACTIVE' ? 'Successful' : 'Failed';
}

function view(addon: Addon, cluster: Cluster): object {
  const problem = addon.status === 'ACTIVE' ? cluster.managed?.addonProblem?.(addon.name) : undefined;
  return {
    addonName: addon.name,
    clusterName: cluster.name,
    status: problem === undefined ? addon.status : 'DEGRADED',
    addonVersion: addon.version,
    health: healthView(problem === undefined ? addon.health : [{ code: TOO_FEW, message: problem }]),
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
