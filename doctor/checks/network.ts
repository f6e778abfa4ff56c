import { matchesLabels } from '../../foundation/protocols/scheduling.ts';
import { isInRange } from '../facts/cidr.ts';
import { agentAddress, containersOf, credentialsOf, variable } from '../facts/injection.ts';
import type { Container, NetworkPolicy } from '../snapshot/kubernetes.ts';
import { containerCases, defineCheck, podCase, type TemplateChange } from './cases.ts';
import { kubectl } from './commands.ts';

const PROXIES = ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'];

export const proxy = defineCheck({
  id: 'PID701',
  title: 'Requests to the agent go through a proxy',
  severity: 'warning',
  hops: ['network'],
  rights: ['list pods'],
  observation:
    "A container with Pod Identity sets HTTP_PROXY or ALL_PROXY, or takes variables from a source whose name contains `proxy`. NO_PROXY lacks the agent's address.",
  cause: 'The proxy was set for the whole namespace or image, without exceptions for link-local addresses.',
  effect: 'SDKs that honour the variables send the token to the proxy, which cannot reach the agent.',
  fix: 'Add 169.254.170.23, and [fd00:ec2::23] on IPv6, to NO_PROXY and no_proxy.',
  source: 'EKS User Guide, "Set up the Amazon EKS Pod Identity Agent"; awsdocs/amazon-eks-user-guide#878',
  find: (facts) =>
    containerCases(
      facts,
      facts.pods,
      (container) => {
        const address = agentAddress(container);
        const set = PROXIES.filter((name) => variable(container, name));
        if (address === undefined || isExempt(container, address)) return undefined;
        if (set.length > 0) return `sets ${set.join(' and ')}, but NO_PROXY lacks ${address}`;
        const sources = (container.envFrom ?? []).filter((name) => /proxy/i.test(name));
        return sources.length === 0
          ? undefined
          : `takes variables from ${sources.join(' and ')}, which is not read; if it sets a proxy, NO_PROXY must name ${address}`;
      },
      exemptions,
    ),
});

/** Adds the agent's address to the exceptions of a container, for which IPv6 needs brackets. */
function exemptions(container: Container): TemplateChange {
  const address = agentAddress(container) ?? '';
  const known = ['NO_PROXY', 'no_proxy'].map((name) => variable(container, name)?.value).find(Boolean);
  const value = [known, address.includes(':') ? `[${address}]` : address].filter(Boolean).join(',');
  return { env: [`NO_PROXY=${value}`, `no_proxy=${value}`] };
}

/** Whether a container exempts the address from its proxy. An unreadable value counts as an exemption. */
function isExempt(container: Container, address: string): boolean {
  const values = ['NO_PROXY', 'no_proxy'].flatMap((name) => variable(container, name) ?? []);
  return values.some(
    ({ value }) =>
      value === undefined ||
      value
        .split(/[\s,]+/)
        .map((entry) => entry.replace(/^\[|\]$/g, ''))
        .some((entry) => entry === '*' || entry === address || (entry.includes('/') && isInRange(address, entry))),
  );
}

type EgressRule = NetworkPolicy['egress'][number];

export const networkPolicy = defineCheck({
  id: 'PID702',
  title: 'Network policies do not allow requests for credentials',
  severity: 'warning',
  hops: ['network'],
  rights: ['list pods', 'list networkpolicies'],
  observation:
    "The egress policies that select a pod are searched for the agent's address and TCP port 80; those of a pod with IRSA, for any address and TCP port 443.",
  cause: 'A policy denies egress by default, and no other policy makes an exception for the agent or AWS STS.',
  effect: 'Requests for credentials time out, if a network plugin enforces the policies.',
  fix: 'Allow egress to `169.254.170.23/32`, TCP port 80. With Cilium, allow entity `host`, because no ipBlock matches it. For IRSA, allow TCP port 443 to AWS STS.',
  source: 'Kubernetes documentation, "Network Policies"; cilium/cilium#34387',
  *find(facts) {
    const policies = facts.snapshot.kubernetes.networkPolicies ?? [];
    for (const pod of facts.pods) {
      const [address] = containersOf(pod).flatMap((container) => agentAddress(container) ?? []);
      if (pod.hostNetwork || (address === undefined && !containersOf(pod).some(callsSts))) continue;
      const selecting = policies.filter(
        ({ metadata, podSelector, policyTypes }) =>
          metadata.namespace === pod.metadata.namespace &&
          policyTypes.includes('Egress') &&
          matchesLabels(podSelector, pod.metadata.labels ?? {}),
      );
      if (selecting.length === 0 || selecting.some(({ egress }) => egress.some((rule) => allows(rule, address))))
        continue;
      const names = selecting.map(({ metadata }) => metadata.name).sort();
      if (address === undefined) {
        yield podCase(pod, `NetworkPolicy ${names.join(', ')} allows no egress to AWS STS, TCP port 443.`);
        continue;
      }
      const [policy] = selecting;
      const rule = {
        to: [{ ipBlock: { cidr: `${address}/${address.includes(':') ? 128 : 32}` } }],
        ports: [{ protocol: 'TCP', port: 80 }],
      };
      // The API server has no empty list of rules to which one could be added.
      const isEmpty = policy?.egress.length === 0;
      const patch = [{ op: 'add', path: `/spec/egress${isEmpty ? '' : '/-'}`, value: isEmpty ? [rule] : rule }];
      const command = `patch networkpolicy ${policy?.metadata.name} --type=json -p`;
      const text = `NetworkPolicy ${names.join(', ')} allows no egress to ${address}, TCP port 80.`;
      yield podCase(pod, text, kubectl(facts, pod.metadata.namespace, command, JSON.stringify(patch)));
    }
  },
});

/** Whether a container's SDK calls AWS STS without a proxy. */
const callsSts = (container: Container): boolean =>
  credentialsOf(container).webIdentityRole !== undefined &&
  ![...container.env.map(({ name }) => name), ...(container.envFrom ?? [])].some((one) => /(?<!no_)proxy/i.test(one));

/** Whether a rule allows requests to the agent; without its address, to any address for AWS STS, whose addresses are not known. */
const allows = ({ to, ports }: EgressRule, address?: string, needed = address === undefined ? 443 : 80): boolean =>
  (to === undefined ||
    to.length === 0 ||
    to.some(
      ({ ipBlock }) =>
        ipBlock !== undefined &&
        (address === undefined ||
          (isInRange(address, ipBlock.cidr) && !ipBlock.except?.some((range) => isInRange(address, range)))),
    )) &&
  (ports === undefined ||
    ports.length === 0 ||
    ports.some(
      ({ protocol, port, endPort }) =>
        protocol === 'TCP' &&
        (port === undefined || (typeof port === 'number' && port <= needed && needed <= (endPort ?? port))),
    ));

export const vpcEndpoint = defineCheck({
  id: 'PID703',
  title: 'A VPC endpoint for credentials is not available',
  severity: 'warning',
  hops: ['network'],
  rights: ['ec2:DescribeVpcEndpoints'],
  observation: "The state of the VPC's endpoints for the services `eks-auth` and `sts`.",
  cause: 'The endpoint is being created, was rejected or failed.',
  effect: 'Agents and pods without a route to the internet cannot get credentials.',
  fix: 'Accept or create the endpoint again.',
  source: 'EKS User Guide, "Access Amazon EKS using AWS PrivateLink"',
  *find({ snapshot }) {
    for (const { id, serviceName, state } of snapshot.aws?.vpcEndpoints ?? []) {
      if (!/\.(eks-auth|sts)(-fips)?$/.test(serviceName) || state.toLowerCase() === 'available') continue;
      const text = `Its state is ${state}, its service ${serviceName}.`;
      yield { object: { kind: 'VpcEndpoint', name: id }, text };
    }
  },
});

const REGIONAL = 'AWS_STS_REGIONAL_ENDPOINTS';

export const globalSts = defineCheck({
  id: 'PID704',
  title: 'A pod calls the global endpoint of AWS STS',
  severity: 'warning',
  hops: ['network'],
  inMigration: 'ignored',
  rights: ['list pods', 'ec2:DescribeVpcEndpoints'],
  observation: `A container with IRSA sets \`${REGIONAL}\` to \`legacy\`, and the VPC has an endpoint for STS.`,
  cause: 'The annotation `eks.amazonaws.com/sts-regional-endpoints` is false, or the manifest sets the variable.',
  effect: 'The VPC endpoint only serves the region. Without a route to the internet, requests to STS time out.',
  fix: 'Set the annotation `eks.amazonaws.com/sts-regional-endpoints` of the service account to true, or the variable to `regional`.',
  source: 'EKS User Guide, "Configure the AWS Security Token Service endpoint for a service account"',
  find: (facts) =>
    (facts.snapshot.aws?.vpcEndpoints ?? []).some(({ serviceName }) => /\.sts(-fips)?$/.test(serviceName))
      ? containerCases(
          facts,
          facts.pods,
          (container) =>
            credentialsOf(container).webIdentityRole !== undefined && variable(container, REGIONAL)?.value === 'legacy'
              ? `sets ${REGIONAL} to legacy`
              : undefined,
          () => ({ env: [`${REGIONAL}=regional`] }),
        )
      : [],
});
