/** Clusters on real EKS, new or existing. */
import { commandLine } from '../../foundation/node/command-line.ts';
import type { ClusterAlias } from '../../foundation/protocols/aliases.ts';
import { without } from '../interface/capabilities.ts';
import type { ClusterDriver, ProvisionRequest } from '../interface/driver.ts';
import { serviceAccountConfig } from '../common/service-account.ts';
import { namePrefix } from '../../foundation/aws/tags.ts';
import { checkAddonVersion } from './addon.ts';
import { capabilitiesOfEks } from './capabilities.ts';
import { explained } from './errors.ts';
import type { EksOptions } from './options.ts';
import { contextOf, type ClusterPlan } from './provision.ts';
import { findSubnets, type ClusterSubnets } from './subnets.ts';
import { tornDownOnFailure } from './teardown.ts';
import { TIMING } from './timing.ts';
import { useExisting, useMade } from './use.ts';

export { addonOf, clusterOf, deleteFromEks, nodeGroupOf, type Patience } from './deletion.ts';
export { regionalEksAuth } from './eks-auth.ts';
export { findInCluster, removeFromExisting, type InCluster } from './leftovers.ts';
export { removeRole } from './roles.ts';
export { TIMING, type Timing } from './timing.ts';

const REMEDY = `\`${commandLine('sweep', '--cluster eks')}\` deletes a run's leftovers once they have expired`;

export function eksDriver(options: EksOptions): ClusterDriver {
  const attached = options.attach.length > 0;
  const may = capabilitiesOfEks(options);
  const unavailable = new Set<string>();
  let subnets: Promise<ClusterSubnets> | undefined;

  const nameOf = (alias: ClusterAlias): string =>
    attached ? (options.attach[alias === 'c1' ? 0 : 1] ?? alias) : `${namePrefix(options.run)}-${alias}`;

  const plan = async (request: ProvisionRequest): Promise<ClusterPlan> => {
    const { kubernetesVersion, addonVersion, compute, instanceType, nodes, agentImage } = options;
    const given = options.subnetIds;
    const [subnetIds] = await Promise.all([
      given.length > 0 ? { controlPlane: given, nodes: given } : (subnets ??= subnetsOf(request)),
      addonVersion === undefined ? undefined : checkAddonVersion(request.clients.eks, addonVersion, kubernetesVersion),
    ]);
    return {
      ...options,
      subnets: subnetIds,
      nodes: compute === 'auto-mode' ? compute : { instances: { type: instanceType, count: nodes } },
      addon: agentImage !== undefined ? undefined : { ...(addonVersion !== undefined && { version: addonVersion }) },
    };
  };

  return {
    name: 'eks',
    remote: true,
    get capabilities() {
      return without(may, unavailable);
    },
    workloadImage: options.workloadImage,
    disposable: !attached,
    clusterName: nameOf,
    provision: async (given) => {
      const { serviceAccount } = options;
      const request =
        serviceAccount === undefined ? given : { ...given, kubeConfig: serviceAccountConfig(serviceAccount) };
      const context = contextOf(request, {
        readyMilliseconds: options.readyMilliseconds,
        timing: { ...TIMING, ...options.timing },
        remedy: REMEDY,
      });
      const use = {
        options,
        request,
        context,
        lacks: (capabilities: readonly string[]) => capabilities.forEach((capability) => unavailable.add(capability)),
      };
      try {
        return await tornDownOnFailure(context, async () =>
          attached ? useExisting(use) : useMade(await plan(request), use),
        );
      } catch (error) {
        throw explained(error, `${attached ? 'let the run use' : 'create'} cluster ${request.name}`);
      }
    },
    translations: () => [],
    failure: () => undefined,
    close: () => Promise.resolve(),
  };
}

async function subnetsOf({ clients, region }: ProvisionRequest): Promise<ClusterSubnets> {
  if (clients.ec2 === undefined) throw new Error('Finding subnets requires an EC2 client.');
  const ec2 = await clients.ec2();
  return findSubnets(ec2, region).finally(() => ec2.destroy());
}
