import { isInRange } from '../facts/cidr.ts';
import { agentAddress, variable } from '../facts/injection.ts';
import type { Container } from '../snapshot/kubernetes.ts';
import { containerCases, defineCheck } from './cases.ts';

const PROXIES = ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'];

export const proxy = defineCheck({
  id: 'PID701',
  title: 'Requests to the agent go through a proxy',
  severity: 'warning',
  rights: ['list pods'],
  observation: "A container with Pod Identity sets HTTP_PROXY or ALL_PROXY. NO_PROXY lacks the agent's address.",
  cause: 'The proxy was set for the whole namespace or image, without exceptions for link-local addresses.',
  effect: 'SDKs that honour the variables send the token to the proxy, which cannot reach the agent.',
  fix: 'Add 169.254.170.23, and [fd00:ec2::23] on IPv6, to NO_PROXY and no_proxy.',
  source: 'EKS User Guide, "Set up the Amazon EKS Pod Identity Agent"; awsdocs/amazon-eks-user-guide#878',
  find: ({ pods }) =>
    containerCases(pods, (container) => {
      const address = agentAddress(container);
      const set = PROXIES.filter((name) => variable(container, name));
      return address === undefined || set.length === 0 || isExempt(container, address)
        ? undefined
        : `sets ${set.join(' and ')}, but NO_PROXY lacks ${address}`;
    }),
});

/** An unreadable value counts as an exception. */
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
