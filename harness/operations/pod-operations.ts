import { checkedLater } from '../scenario/form.ts';
import { tokenSource } from './forms.ts';
import type { ConnectRequest, ProjectedToken, TokenSource } from '../../foundation/protocols/probe-protocol.ts';
import { LONGEST_SECONDS, number, oneOf, PROJECTED_TOKENS, shown } from '../scenario/checks.ts';
import { defineWorkloadOperation } from '../scenario/operation-registry.ts';
import { isApiToken, mintedToken, tokenWords } from './token-source.ts';

const common = { withoutAws: true, withoutIdentity: true } as const;

/** Reports whether the container can read a file, and who owns it. Its content stays in the pod. */
export const readFile = defineWorkloadOperation('ReadFile', (path: string) => ({ path }), {
  ...common,
  form: { path: checkedLater },
  *check({ path }) {
    if (!String(path).startsWith('/')) yield `the path of readFile is ${shown(path)}, but must begin with /`;
  },
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
    form: { to: checkedLater, until: checkedLater },
    *check({ to, until }) {
      yield oneOf('the place of connect', to ?? null, ['agent', 'aws']);
      yield oneOf('"until" of connect', until, ['open', 'closed']);
    },
    describe: ({ to, until }) => [`to ${to}`, until === undefined ? '' : `until connections are ${until}`],
  },
);

/** Waits for up to `seconds` until the kubelet replaces the pod's first token. */
export const tokenRotation = defineWorkloadOperation(
  'AwaitTokenRotation',
  (token: ProjectedToken, seconds: number) => ({ token, seconds }),
  {
    ...common,
    form: { token: checkedLater, seconds: checkedLater },
    *check({ token, seconds }) {
      yield oneOf('the token of tokenRotation', token ?? null, PROJECTED_TOKENS);
      yield number('the time of tokenRotation, in seconds,', seconds ?? null, 0, LONGEST_SECONDS);
    },
    waitSeconds: ({ seconds }) => seconds,
    describe: ({ token, seconds }) => [`of the ${token} token within ${seconds} s`],
  },
);
