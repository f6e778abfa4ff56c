import { choice, matching, number, opt } from '../scenario/form.ts';
import { tokenSource } from './forms.ts';
import type { ConnectRequest, ProjectedToken, TokenSource } from '../../foundation/protocols/probe-protocol.ts';
import { LONGEST_SECONDS, PROJECTED_TOKENS } from '../scenario/checks.ts';
import { defineWorkloadOperation } from '../scenario/operation-registry.ts';
import { isApiToken, mintedToken, tokenWords } from './token-source.ts';

const common = { withoutAws: true, withoutIdentity: true } as const;

/** Reports whether the container can read a file, and who owns it. Its content stays in the pod. */
export const readFile = defineWorkloadOperation('ReadFile', (path: string) => ({ path }), {
  ...common,
  form: { path: matching(/^\//, 'a path that begins with /') },
  describe: ({ path }) => [path],
});

/** Reports the claims of the pod's token, never its signature. */
export const readToken = defineWorkloadOperation('ReadToken', (token: TokenSource) => ({ token }), {
  ...common,
  form: { token: tokenSource },
  refersTo: (operation) => ({ tokens: [mintedToken(operation)] }),
  usesApiToken: isApiToken,
  describe: (operation) => [tokenWords(operation)],
});

/**
 * Opens a TCP connection to the agent or AWS. With `until`, retries for up to 20 s until connections are `open` or
 * `closed`, because a network plugin applies a policy late.
 */
export const connect = defineWorkloadOperation(
  'Connect',
  (to: 'agent' | 'aws', options: Pick<ConnectRequest, 'until'> = {}) => ({ to, ...options }),
  {
    ...common,
    form: { to: choice('agent', 'aws'), until: opt(choice('open', 'closed')) },
    describe: ({ to, until }) => [`to ${to}`, until === undefined ? '' : `until connections are ${until}`],
  },
);

/** Waits for up to `seconds` until the kubelet replaces the pod's first token. */
export const tokenRotation = defineWorkloadOperation(
  'AwaitTokenRotation',
  (token: ProjectedToken, seconds: number) => ({ token, seconds }),
  {
    ...common,
    form: { token: choice(...PROJECTED_TOKENS), seconds: number(0, LONGEST_SECONDS) },
    waitSeconds: ({ seconds }) => seconds,
    describe: ({ token, seconds }) => [`of the ${token} token within ${seconds} s`],
  },
);
