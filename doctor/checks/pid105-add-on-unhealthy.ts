import { nodesWithoutAgent } from '../facts/agent.ts';
import { defineCheck } from './cases.ts';

const BROKEN = ['CREATE_FAILED', 'DEGRADED', 'UPDATE_FAILED', 'DELETE_FAILED'];

export const addOnUnhealthy = defineCheck({
  id: 'PID105',
  title: "The agent's add-on is unhealthy",
  severity: 'warning',
  rights: ['eks:ListAddons', 'eks:DescribeAddon', 'list daemonsets', 'list nodes', 'list pods'],
  observation: 'Status and issues of the add-on `eks-pod-identity-agent`. PID102 reports agents by node.',
  cause: 'An installation or update failed, its configuration conflicts, or its pods do not become ready.',
  effect: 'Some nodes may have no agent, or an old one.',
  fix: 'Repair the issue that the add-on reports, then update the add-on.',
  source: 'Amazon EKS API Reference, AddonHealth',
  *find(facts) {
    const addon = facts.snapshot.aws?.addons?.find(({ name }) => name === 'eks-pod-identity-agent');
    if (addon === undefined) return;
    const isCounted = nodesWithoutAgent(facts).length > 0;
    const issues = addon.issues.filter(({ code }) => !(isCounted && code === 'InsufficientNumberOfReplicas'));
    const isBroken = BROKEN.includes(addon.status ?? '') && !(isCounted && issues.length < addon.issues.length);
    if (!isBroken && issues.length === 0) return;
    const reasons = issues.map(({ code, message }) => [code, message].filter(Boolean).join(': '));
    yield {
      object: { kind: 'Addon', name: addon.name },
      text: `Its status is ${addon.status ?? 'unknown'}${reasons.length > 0 ? ` (${reasons.join('; ')})` : ''}.`,
      repair: `aws eks describe-addon --cluster-name ${facts.name} --addon-name ${addon.name}`,
    };
  },
});
