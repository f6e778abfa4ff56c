import { CreateAddonCommand, paginateDescribeAddonVersions, type Addon, type EKSClient } from '@aws-sdk/client-eks';
import { AGENT_ADDON } from '../common/agent-addon.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import type { EksContext } from './context.ts';
import { awaitActive, makeInEks } from './creation.ts';
import { addonOf } from './deletion.ts';
import { isNamed } from './errors.ts';

interface AddonSpec {
  /** For example `v1.3.10-eksbuild.2`. Default: EKS's choice. */
  readonly version?: string;
  /** How EKS treats existing objects with the same names. */
  readonly resolveConflicts: 'NONE' | 'OVERWRITE';
}

export async function makeAddon({ version, resolveConflicts }: AddonSpec, context: EksContext): Promise<Addon> {
  const { name: clusterName, eks, tags, timing } = context;
  const create = new CreateAddonCommand({
    clusterName,
    addonName: AGENT_ADDON,
    ...(version !== undefined && { addonVersion: version }),
    resolveConflicts,
    tags,
  });
  const answer = await makeInEks(addonOf(eks, clusterName, AGENT_ADDON), context, () => eks.send(create), {
    // A just deleted add-on may still exist.
    tolerates: (error) => isNamed(error, 'ResourceInUse'),
    within: timing.inUse,
  });
  return answer?.addon ?? {};
}

/** Waits for ACTIVE. Accepts DEGRADED without nodes and for a while after. Throws AGENT_NOT_READY with EKS's health issue. */
export function awaitAddon(
  made: Addon,
  /** Milliseconds since the epoch. */
  nodesSince: () => number | undefined,
  context: EksContext,
): Promise<Addon> {
  const failed = (status: string): boolean => {
    const since = nodesSince();
    const degraded = status === 'DEGRADED' && since !== undefined && Date.now() - since >= context.timing.degraded;
    return degraded || status === 'CREATE_FAILED' || status === 'UPDATE_FAILED' || status === 'DELETING';
  };
  const agent = addonOf(context.eks, context.name, AGENT_ADDON);
  return awaitActive(agent, made, { code: 'AGENT_NOT_READY', failed }, context);
}

export async function findAddon(eks: EKSClient, clusterName: string): Promise<Addon | undefined> {
  try {
    return await addonOf(eks, clusterName, AGENT_ADDON).describe();
  } catch (error) {
    if (isNamed(error, 'ResourceNotFound')) return undefined;
    throw error;
  }
}

/** Throws `ClusterError` NOT_OFFERED if EKS does not offer the add-on version for the Kubernetes version. */
export async function checkAddonVersion(
  client: EKSClient,
  version: string,
  kubernetesVersion: string | undefined,
): Promise<void> {
  const offered: string[] = [];
  try {
    const query = { addonName: AGENT_ADDON, ...(kubernetesVersion !== undefined && { kubernetesVersion }) };
    for await (const { addons = [] } of paginateDescribeAddonVersions({ client }, query))
      for (const { addonVersions = [] } of addons)
        offered.push(...addonVersions.map(({ addonVersion = '' }) => addonVersion));
  } catch (error) {
    // Some emulators lack this operation. CreateAddon then decides.
    if (isNamed(error, 'InvalidRequest') || isNamed(error, 'UnknownOperation')) return;
    throw error;
  }
  if (offered.includes(version)) return;
  const target = kubernetesVersion === undefined ? '' : ` for Kubernetes ${kubernetesVersion}`;
  throw new ClusterError(
    'NOT_OFFERED',
    `EKS does not offer version ${version} of add-on ${AGENT_ADDON}${target} (--addon-version). Available: ${offered.join(', ') || 'none'}.`,
  );
}
