import type { ServiceContext } from '../world/context.ts';
import type { Service } from '../core/service.ts';
import { associationPropagation } from './associations/propagation.ts';
import { background } from './background.ts';
import type { EksState } from './call.ts';
import { clientRequestTokens } from './client-request-tokens.ts';
import { checkInput, queryMembers } from './input.ts';
import type { Cluster, ClusterProvider } from '../world/eks-model.ts';
import { parseJsonBody, restJsonService } from './rest-json.ts';
import { ROUTES } from './routes.ts';

interface EksService extends Service {
  /** Stops background work and the Kubernetes side of every cluster. */
  close(): Promise<void>;
}

/** Returns Amazon EKS, API version 2017-11-01 (REST-JSON): clusters, nodes, add-ons and associations. */
export function eksService(
  context: ServiceContext,
  options: { readonly clusterProvider: () => ClusterProvider | undefined },
): EksService {
  const { world } = context;
  const behind = background(world);
  const state: EksState = {
    context,
    clusterProvider: options.clusterProvider,
    background: behind,
    propagation: associationPropagation(world, behind),
    requestTokens: clientRequestTokens(),
  };
  return {
    ...restJsonService(context, 'eks', ROUTES, async (call, { operation, handle }) => {
      const account = world.account(call.caller.accountId);
      if (account === undefined)
        throw new Error(`account ${call.caller.accountId} of a verified caller does not exist`);
      const query = new URLSearchParams(call.request.query);
      const body = parseJsonBody(call.request.body);
      checkInput('eks', operation, { ...body, ...queryMembers(query), ...call.parameters });
      return handle({ ...call, state, world, account, query, body });
    }),
    close: async () => {
      await behind.close();
      const clusters = [...world.accounts.values()].flatMap((account) => [...account.clusters.values()]);
      await Promise.allSettled(clusters.map(remove));
    },
  };
}

async function remove(cluster: Cluster): Promise<void> {
  const { managed, status } = cluster;
  if (status === 'DELETING') return;
  cluster.status = 'DELETING';
  await managed?.delete();
}
