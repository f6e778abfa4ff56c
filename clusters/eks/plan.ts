import type { PlanRequest } from '../interface/cluster-type.ts';
import { eksOptionsOf } from './options.ts';
import published from './prices.json' with { type: 'json' };

/**
 * US dollars an hour in us-east-1, Linux on demand (Amazon EKS, EC2 and EBS pricing); `storage`: a GB of gp3 and month,
 * `autoMode`: Auto Mode's surcharge per instance. Other regions cost up to 50 % more.
 */
const PRICES: typeof published & { readonly instances: Readonly<Record<string, number>> } = published;

/**
 * Whether a version's standard support has ended (Amazon EKS User Guide, "Understand the Kubernetes version lifecycle on
 * EKS"). The dates of newer versions are unknown.
 */
function isExtended(version: string | undefined, today: Date): boolean {
  if (version === undefined) return false;
  const minor = (text: string): number => Number(text.split('.')[1]);
  const ended = Object.entries(PRICES.standardSupportEnds).filter(([, end]) => Date.parse(end) <= today.getTime());
  return ended.some(([oldest]) => minor(version) <= minor(oldest));
}

/** Size of a managed node's root volume in GB. */
const VOLUME = 20;
const HOURS_OF_A_MONTH = 730;

/** Typical minutes. Creation and deletion include a control plane and its nodes. */
const MINUTES = { provision: 13, scenarios: 8, delete: 10 } as const;

/** Describes the AWS resources that a run would create, their lifetime and their costs. */
export function planEks({ options: values, clusters, fixtures, today }: PlanRequest): string[] {
  const options = eksOptionsOf(values);
  const hours = values.number('expires');
  const { attach } = options;
  const newClusters = attach.length > 0 ? 0 : clusters;
  const minutes = MINUTES.scenarios + (newClusters > 0 ? MINUTES.provision + MINUTES.delete : 0);
  return [
    'In AWS (names begin with conformance-<run>; tags conformance-run, conformance-expires and conformance-region):',
    ...(newClusters > 0 ? [`  ${clusterText(options, newClusters)}`] : []),
    ...(attach.length > 0 ? [`  existing clusters ${attach.join(' and ')}, used but not changed`] : []),
    `  ${fixtures}`,
    newClusters > 0
      ? `For about ${minutes} minutes: ${MINUTES.provision} until the clusters are ready (fixtures are created meanwhile), ${MINUTES.scenarios} for the scenarios, ${MINUTES.delete} to delete. Tags expire after ${hours} hours.`
      : `For about ${minutes} minutes. Tags expire after ${hours} hours.`,
    costText(options, { newClusters, minutes, today }),
  ];
}

type Clusters = ReturnType<typeof eksOptionsOf>;

function clusterText(options: Clusters, newClusters: number): string {
  const { compute, instanceType, nodes, kubernetesVersion, agentImage, addonVersion } = options;
  const each = newClusters === 1 ? 'with' : 'each with';
  const version =
    kubernetesVersion === undefined ? "EKS's default Kubernetes version" : `Kubernetes ${kubernetesVersion}`;
  const agent =
    compute === 'auto-mode'
      ? 'the agent of Auto Mode'
      : agentImage === undefined
        ? `add-on eks-pod-identity-agent ${addonVersion ?? "in EKS's default version"}`
        : `a DaemonSet of ${agentImage} as the agent`;
  const nodesText = compute === 'auto-mode' ? 'Auto Mode nodes' : `a node group of ${nodes} ${instanceType}`;
  return `${newClusters} EKS cluster${newClusters === 1 ? '' : 's'} of ${version}, ${each} ${nodesText}, ${agent}, an OIDC provider and two roles`;
}

function costText(
  options: Clusters,
  { newClusters, minutes, today }: { readonly newClusters: number; readonly minutes: number; readonly today: Date },
): string {
  const prices = `on-demand prices of us-east-1, ${PRICES.date}, without data transfer, NAT gateways and tax`;
  if (newClusters === 0)
    return `Estimated cost: below 0.05 USD for requests to AWS (${prices}), plus the existing clusters.`;
  const hours = minutes / 60;
  // Clusters are billed per started hour.
  const extended = isExtended(options.kubernetesVersion, today);
  const clusters = newClusters * Math.ceil(hours) * (extended ? PRICES.extendedCluster : PRICES.cluster);
  const instancePrice = PRICES.instances[options.instanceType];
  const instance = (instancePrice ?? 0) * (options.compute === 'auto-mode' ? 1 + PRICES.autoMode : 1);
  const node = instance + (VOLUME * PRICES.storage) / HOURS_OF_A_MONTH + PRICES.publicAddress;
  const nodes = newClusters * options.nodes * hours * node;
  const unknown = instancePrice === undefined ? `, plus ${options.instanceType} instances, whose price is unknown` : '';
  const support = extended ? ` because Kubernetes ${options.kubernetesVersion} is in extended support` : '';
  return `Estimated cost: ${dollars(clusters + nodes)} (clusters ${dollars(clusters)}${support}, nodes ${dollars(nodes)}; ${prices})${unknown}.`;
}

const dollars = (amount: number): string => `${amount.toFixed(2)} USD`;
