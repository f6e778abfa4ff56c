/** What pods do beside AWS: read files, connect, wait for tokens. */
import type { ConnectRequest, ProjectedToken, TokenSource } from '../../foundation/protocols/probe-protocol.ts';
import { LONGEST_SECONDS, number, oneOf, PROJECTED_TOKENS, shown } from '../scenario/checks.ts';
import { defineWorkloadOperation } from '../scenario/operation-registry.ts';
import { isApiToken, mintedToken, tokenWords } from './token-source.ts';

const common = { withoutAws: true, withoutIdentity: true } as const;

/** Whether a file can be read in the container, and whose it is. Its content stays in the pod. */
export const readFile = defineWorkloadOperation('ReadFile', (path: string) => ({ path }), {
  ...common,
  *check({ path }) {
    if (!String(path).startsWith('/')) yield `the path of readFile is ${shown(path)}: give one that begins with /`;
  },
  describe: ({ path }) => [path],
});

/** What a token of the pod says of itself: its claims, never its signature. */
export const readToken = defineWorkloadOperation('ReadToken', (token: TokenSource) => ({ token }), {
  ...common,
  refersTo: (operation) => ({ tokens: [mintedToken(operation)] }),
  usesApiToken: isApiToken,
  describe: (operation) => [tokenWords(operation)],
});

/**
 * A TCP connection to the agent's address or to where AWS is; with `until`, tried again for up to 20 s until connections
 * are `open` or `closed`, since a network plugin takes a moment to put a policy in force.
 */
export const connect = defineWorkloadOperation(
  'Connect',
  (to: 'agent' | 'aws', options: Pick<ConnectRequest, 'until'> = {}) => ({ to, ...options }),
  {
    ...common,
    *check({ to, until }) {
      yield oneOf('the place of connect', to ?? null, ['agent', 'aws']);
      yield oneOf('"until" of connect', until, ['open', 'closed']);
    },
    describe: ({ to, until }) => [`to ${to}`, until === undefined ? '' : `until connections are ${until}`],
  },
);

/** Waits for up to `seconds` until the kubelet has put a new token in the place of the one at the pod's start. */
export const tokenRotation = defineWorkloadOperation(
  'AwaitTokenRotation',
  (token: ProjectedToken, seconds: number) => ({ token, seconds }),
  {
    ...common,
    *check({ token, seconds }) {
      yield oneOf('the token of tokenRotation', token ?? null, PROJECTED_TOKENS);
      yield number('the time of tokenRotation, in seconds,', seconds ?? null, 0, LONGEST_SECONDS);
    },
    waitSeconds: ({ seconds }) => seconds,
    describe: ({ token, seconds }) => [`of the ${token} token within ${seconds} s`],
  },
);
