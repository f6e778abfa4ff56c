import { matchesLabels } from '../../foundation/protocols/scheduling.ts';
import { isInRange } from '../facts/cidr.ts';
import { agentAddress, containersOf } from '../facts/injection.ts';
import type { NetworkPolicy } from '../snapshot/kubernetes.ts';
import { defineCheck, podCase } from './cases.ts';

type EgressRule = NetworkPolicy['egress'][number];

export const networkPolicy = defineCheck({
  id: 'PID702',
  title: 'Network policies do not allow requests to the agent',
  severity: 'warning',
  rights: ['list pods', 'list networkpolicies'],
  observation: "The egress policies that select a pod are searched for the agent's address and TCP port 80.",
  cause: 'A policy denies egress by default, and no other policy makes an exception for the agent.',
  effect: 'Requests for credentials time out, if a network plugin enforces the policies.',
  fix: 'Allow egress to `169.254.170.23/32`, TCP port 80. With Cilium, allow entity `host`, because no ipBlock matches it.',
  source: 'Kubernetes documentation, "Network Policies"; cilium/cilium#34387',
  *find(facts) {
    const policies = facts.snapshot.kubernetes.networkPolicies ?? [];
    for (const pod of facts.pods) {
      const [address] = containersOf(pod).flatMap((container) => agentAddress(container) ?? []);
      if (address === undefined || pod.hostNetwork) continue;
      const selecting = policies.filter(
        ({ metadata, podSelector, policyTypes }) =>
          metadata.namespace === pod.metadata.namespace &&
          policyTypes.includes('Egress') &&
          matchesLabels(podSelector, pod.metadata.labels ?? {}),
      );
      if (selecting.length === 0 || selecting.some(({ egress }) => egress.some((rule) => allows(rule, address))))
        continue;
      const names = selecting.map(({ metadata }) => metadata.name).sort();
      yield podCase(pod, `NetworkPolicy ${names.join(', ')} allows no egress to ${address}, TCP port 80.`);
    }
  },
});

const allows = ({ to, ports }: EgressRule, address: string): boolean =>
  (to === undefined ||
    to.length === 0 ||
    to.some(
      ({ ipBlock }) =>
        ipBlock !== undefined &&
        isInRange(address, ipBlock.cidr) &&
        !ipBlock.except?.some((range) => isInRange(address, range)),
    )) &&
  (ports === undefined ||
    ports.length === 0 ||
    ports.some(
      ({ protocol, port, endPort }) =>
        protocol === 'TCP' &&
        (port === undefined || port === 80 || (typeof port === 'number' && port < 80 && 80 <= (endPort ?? port))),
    ));
