/** Clients of the agent in pods with an HTTP proxy. */
import { suite } from '../../harness/index.ts';
import { AS_IN_A_POD, POD_IDENTITY, runs, SIGNED } from './lib/client.ts';

suite('client', ({ scenario }) => {
  const PROXY = { HTTP_PROXY: '{proxy}', http_proxy: '{proxy}' };
  const NO_PROXY = '127.0.0.1,localhost,169.254.170.23,[fd00:ec2::23]';
  const BEHIND_PROXY = 'Amazon EKS User Guide, "Set up the Amazon EKS Pod Identity Agent": pods behind a proxy';

  scenario('CL-32', 'a client bypasses the proxy for the agent if NO_PROXY names it', {
    source: BEHIND_PROXY,
    ...POD_IDENTITY,
    probes: [
      runs(
        { ...AS_IN_A_POD, environment: { ...PROXY, NO_PROXY, no_proxy: NO_PROXY } },
        { 'proxy.requests': 0, signed: 'container' },
      ),
    ],
  });

  scenario('CL-33', 'a client gets credentials through or past the proxy if NO_PROXY does not name the agent', {
    source: BEHIND_PROXY,
    finding:
      'With HTTP_PROXY and without NO_PROXY, some clients send the token to the proxy (fact proxy.tokens), which cannot reach the agent. Set NO_PROXY to 169.254.170.23,[fd00:ec2::23].',
    ...POD_IDENTITY,
    probes: [runs({ ...AS_IN_A_POD, environment: PROXY }, SIGNED)],
  });
});
