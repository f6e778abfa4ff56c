import type { ServiceContext } from '../core/context.ts';
import { AwsError } from '../core/errors.ts';
import type { Service } from '../core/service.ts';
import { associationPropagation } from './associations/propagation.ts';
import { background } from './background.ts';
import type { EksState } from './call.ts';
import { clientRequestTokens } from './client-request-tokens.ts';
import type { Cluster, ClusterProvider } from './model.ts';
import { checkInput, queryMembers } from './input.ts';
import { jsonAnswer, parseJsonBody, renderRestJsonError } from './rest-json.ts';
import { findRoute } from './router.ts';
import { ROUTES } from './routes.ts';

export interface EksService extends Service {
  /** Ends what goes on behind calls, which clusters being made are waited for, and the Kubernetes side of every cluster. */
  close(): Promise<void>;
}

/** Amazon EKS, API version 2017-11-01 (REST-JSON), as far as clusters, nodes, add-ons and associations go. */
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
    name: 'eks',
    renderError: renderRestJsonError,
    identify: ({ method, path }) => {
      const { route, parameters } = findRoute(ROUTES, method, path);
      const { clusterName } = parameters;
      return { operation: route.operation, ...(clusterName !== undefined && { clusterName }) };
    },
    handle: async (request) => {
      const { route, parameters } = findRoute(ROUTES, request.method, request.path);
      context.trace(request).operation = route.operation;
      const { caller } = request;
      if (caller === undefined)
        throw new AwsError('MissingAuthenticationTokenException', 403, 'Missing Authentication Token');
      const account = world.account(caller.accountId);
      if (account === undefined) throw new Error(`account ${caller.accountId} of a verified caller does not exist`);
      const query = new URLSearchParams(request.query);
      const body = parseJsonBody(request.body);
      checkInput('eks', route.operation, { ...body, ...queryMembers(query), ...parameters });
      return jsonAnswer(
        request,
        await route.handle({ state, world, request, caller, account, parameters, query, body }),
      );
    },
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
