import { isIP } from 'node:net';
import { WORKLOAD_LABEL } from '../kubernetes-client/pod-watcher.ts';
import { labelsOf, clusterOf, workloads, type ScenarioContext, type Workload } from '../scenario/scenario-context.ts';
import { unbracketed } from '../../foundation/node/unbracketed.ts';

/** Creates the network policy of each workload with `egress` (Kubernetes, "Network Policies"). */
export async function arrangeNetworkPolicies(context: ScenarioContext): Promise<void> {
  await Promise.all(
    workloads(context).map(async (item) => {
      if (item.spec.egress === undefined) return;
      const { status, body } = await clusterOf(context, item.cluster).kubernetes.raw({
        method: 'POST',
        path: `/apis/networking.k8s.io/v1/namespaces/${item.namespace}/networkpolicies`,
        body: networkPolicy(context, item),
      });
      if (status !== 201)
        throw new Error(
          `the network policy of workload "${item.name}" cannot be created (status ${status}): ${body.slice(0, 200)}`,
        );
    }),
  );
}

function networkPolicy(context: ScenarioContext, item: Workload): object {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: item.name, namespace: item.namespace, labels: labelsOf(context) },
    spec: {
      podSelector: { matchLabels: { [WORKLOAD_LABEL]: item.name } },
      policyTypes: ['Egress'],
      egress: egressRules(item.spec.egress ?? [], context.environment.aws.workloadEnvironment['AWS_ENDPOINT_URL']),
    },
  };
}

const AGENT = { to: [{ ipBlock: { cidr: '169.254.170.23/32' } }], ports: [{ protocol: 'TCP', port: 80 }] };

/** Returns rules that allow only these places. `endpoint`: URL of AWS. Default: AWS itself. */
export function egressRules(places: readonly ('agent' | 'aws')[], endpoint = 'https://amazonaws.com'): object[] {
  return places.flatMap((place) => (place === 'agent' ? [AGENT] : toAws(endpoint)));
}

/** Network policies support only addresses. For a host name, allows all addresses at its port, and DNS. */
function toAws(endpoint: string): object[] {
  const { hostname, port, protocol } = new URL(endpoint);
  const address = unbracketed(hostname);
  const ports = [{ protocol: 'TCP', port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) }];
  const family = isIP(address);
  if (family !== 0) return [{ to: [{ ipBlock: { cidr: `${address}/${family === 4 ? 32 : 128}` } }], ports }];
  const dns = ['UDP', 'TCP'].map((transport) => ({ protocol: transport, port: 53 }));
  return [{ ports }, { ports: dns }];
}
