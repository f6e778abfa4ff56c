import { agentChartOf, daemonSetsOf } from '../in-cluster/daemon-sets.ts';
import type { ProvisionRequest, RunningCluster } from '../interface/driver.ts';
import { roleOfSession } from '../../foundation/aws/role-arn.ts';
import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { installAgent, refuseOtherAgents, removeFromCluster } from '../in-cluster/index.ts';
import { connect, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import { EXPIRY_TAG } from '../../foundation/aws/tags.ts';
import { AUTO_MODE_AGENT, complete, lookAt, refuseOtherAgent } from './attach.ts';
import { removeNodes } from './auto-mode.ts';
import { awaitAgent } from './await-agent.ts';
import { unavailableOnEks, type ClusterFindings } from './capabilities.ts';
import type { EksContext } from './context.ts';
import { regionalEksAuth } from './eks-auth.ts';
import { awaitDns, reachApiServer } from './kubernetes.ts';
import { endLease, takeLease } from './lease.ts';
import type { EksOptions } from './options.ts';
import { placed } from './teardown.ts';
import { kubeConfigOf, makeCluster, runningCluster, type ClusterPlan, type MadeCluster } from './provision.ts';

interface ClusterUse {
  readonly options: EksOptions;
  readonly request: ProvisionRequest;
  readonly context: EksContext;
  /** Called with capabilities that the cluster lacks. */
  readonly lacks: (capabilities: readonly string[]) => void;
}

/** Creates a cluster and waits until pods can run. On failure, the context's resources list the leftovers. */
export async function useMade(plan: ClusterPlan, use: ClusterUse): Promise<RunningCluster> {
  const { options, request, context } = use;
  const made = await makeCluster(plan, request.accountId, context);
  const connection = connect(kubeConfigOf(request, made.cluster));
  try {
    const isReached = await reach(made, connection, true, use);
    if (isReached && plan.nodes === 'auto-mode') noteNodes(made, use);
    if (isReached) await awaitDns(connection, context);
    return await ready(made, isReached ? connection : undefined, use, {
      ownAgent: plan.nodes !== 'auto-mode',
      ownNodeRole: options.nodeRoleArn === undefined,
    });
  } finally {
    connection.close();
  }
}

/** Registers Auto Mode's nodes, which start with the first pods, for removal before the cluster. */
function noteNodes({ cluster }: MadeCluster, { options, request, context }: ClusterUse): void {
  context.resources.add({
    ...placed('in the cluster', context.name),
    name: `nodes of cluster ${context.name}`,
    remove: async () => {
      const connection = connect(kubeConfigOf(request, cluster));
      try {
        await removeNodes(connection, options.run, context);
      } finally {
        connection.close();
      }
    },
  });
}

/** Leases an existing cluster for this run and installs its missing parts, which the context's resources list. */
export async function useExisting(use: ClusterUse): Promise<RunningCluster> {
  const { options, request, context } = use;
  const { name, resources, signal, progress } = context;
  if (options.attach.length < 2 && request.alias === 'c2')
    throw new ClusterError(
      'CLUSTER_NOT_FOUND',
      'The selected scenarios need two clusters. Name a second one with --cluster-name.',
    );
  const inspected = await lookAt(options, request.accountId, context);
  const connection = connect(kubeConfigOf(request, inspected.cluster));
  let release: () => Promise<void> = async () => undefined;
  resources.add({
    ...placed('lock', name),
    name: `Lease of cluster ${name}`,
    remove: async () => {
      await release();
      connection.close();
    },
  });
  const isReached = await reach({ cluster: inspected.cluster }, connection, false, use);
  if (isReached) {
    // This is safe after a lost response too, because it only releases this run's lease.
    release = () => endLease(connection, options.run);
    const lease = await takeLease(connection, { cluster: name, run: options.run, signal, progress });
    release = () => lease.release();
  }
  // The add-on would take over an agent unknown to EKS, and later delete it.
  if (isReached && inspected.agent === 'none') await refuseOtherAgents({ connection, run: options.run, signal });
  const made = await complete(inspected, options, request.accountId, context);
  return ready(made, isReached ? connection : undefined, use, {
    ownAgent: inspected.agent === 'none',
    ownNodeRole: false,
  });
}

async function reach(
  { cluster }: Pick<MadeCluster, 'cluster'>,
  connection: Connection,
  made: boolean,
  { options, request, context }: ClusterUse,
): Promise<boolean> {
  const { endpoint } = cluster;
  const required = options.kubernetes !== 'optional';
  if (endpoint === undefined && !required) return false;
  const { callerArn } = request;
  if (options.serviceAccount !== undefined) {
    const caller = { principal: 'The service account of this pod', remedy: 'bind docs/rbac/runner.yaml to it' };
    return reachApiServer({ connection, endpoint: endpoint ?? 'any URL', ...caller, required, made }, context);
  }
  // Access entries name a role, not its session (EKS User Guide, "Create access entries").
  const principal = roleOfSession(callerArn ?? '') ?? callerArn ?? 'The principal of the credentials';
  return reachApiServer({ connection, endpoint: endpoint ?? 'any URL', principal, required, made }, context);
}

async function ready(
  made: MadeCluster,
  connection: Connection | undefined,
  { options, request, context, lacks }: ClusterUse,
  ownership: Pick<ClusterFindings, 'ownAgent' | 'ownNodeRole'>,
): Promise<RunningCluster> {
  const { cluster, nodeGroup, providerArn } = made;
  let { addon } = made;
  const { signal } = context;
  if (connection !== undefined) {
    if (options.agentImage !== undefined) await installCandidate(options.agentImage, connection, options, context);
    else if (addon !== undefined && !(await awaitAgent(connection, context, cluster.computeConfig?.enabled === true))) {
      refuseOtherAgent(options, AUTO_MODE_AGENT, context.name);
      addon = undefined;
    }
  } else if (options.agentImage !== undefined)
    throw new ClusterError(
      'CLUSTER_UNREACHABLE',
      `Cluster ${context.name} has no API server, so ${options.agentImage} cannot be installed. Leave out --agent-image.`,
    );
  const daemonSets = connection && (await daemonSetsOf(connection, signal));
  lacks(unavailableOnEks({ cluster, providerArn, daemonSets, agentAddon: addon !== undefined, ...ownership }));
  const agentChart = agentChartOf(daemonSets ?? []);
  const running = runningCluster(request, { ...made, addon }, context);
  const { instanceTypes = [], scalingConfig, amiType, releaseVersion } = nodeGroup ?? {};
  return {
    ...running,
    facts: {
      ...running.facts,
      platformVersion: cluster.platformVersion ?? 'unknown',
      ...(agentChart !== undefined && { agentChart }),
      ...(addon === undefined && { agent: options.agentImage ?? 'of EKS Auto Mode' }),
      ...(cluster.computeConfig?.enabled === true
        ? { compute: 'EKS Auto Mode' }
        : nodeGroup && { compute: `${scalingConfig?.desiredSize ?? 'unknown'} ${instanceTypes.join() || 'nodes'}` }),
      ...(releaseVersion !== undefined && { nodeAmi: `${amiType ?? 'unknown'} ${releaseVersion}` }),
    },
  };
}

async function installCandidate(
  image: string,
  connection: Connection,
  options: EksOptions,
  context: EksContext,
): Promise<void> {
  const { run, agentArgs, agentChart: chart = '0.1', eksAuthEndpoint } = options;
  const { name, region, tags, resources, deadline, signal, progress } = context;
  // A new cluster is deleted with its agent.
  if (options.attach.length > 0)
    resources.add({
      ...placed('in the cluster', name),
      name: `the Pod Identity agent in cluster ${name}`,
      remove: () => removeFromCluster(connection, run),
    });
  const endpoint = eksAuthEndpoint ?? (chart === '0.1' ? regionalEksAuth(region) : undefined);
  const expires = tags[EXPIRY_TAG];
  await installAgent({
    ...(options.attach.length > 0 && expires !== undefined && { expires }),
    connection,
    run,
    region,
    image,
    signal,
    progress,
    imageRemedy: 'check that the nodes can pull it from its registry for their architecture',
    clusterName: name,
    chart,
    // Agent 0.2 does not check the audience if it is given an address.
    ...(endpoint !== undefined && { endpoint }),
    args: agentArgs,
    readyMilliseconds: Math.max(deadline - Date.now(), 1),
  });
}
