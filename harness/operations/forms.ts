/** Parts of the forms of operations: tokens, sessions, callers and policies. */
import {
  anyNumber,
  choice,
  cluster,
  flag,
  list,
  literal,
  number,
  object,
  opt,
  orNull,
  prefixed,
  text,
  textMap,
  texts,
  union,
  whole,
  type Schema,
} from '../scenario/form.ts';
import type { ScriptedAnswer } from '../../foundation/protocols/client-run.ts';
import type { TokenChange, TokenSource } from '../../foundation/protocols/probe-protocol.ts';
import { LONGEST_SECONDS, PROJECTED_TOKENS } from '../scenario/checks.ts';
import { permissionPolicy } from '../scenario/policy.ts';
import type { WebSession } from '../world/sessions.ts';

export const seconds = opt(anyNumber);
export const audience = opt(union([text, texts]));

export const tokenSource: Schema<TokenSource> = union(
  [
    object({ from: choice(...PROJECTED_TOKENS) }),
    object({ from: literal('minted'), name: text }),
    object({ from: literal('text'), text }),
    object({ from: literal('none') }),
  ],
  'podIdentityToken, irsaToken, kubernetesApiToken, minted(name), text(…) or noToken',
);

const secret = choice('empty', 'audience', 'issuer', 'key-id');
const CHANGES = [
  'flip-signature',
  'alg-none',
  'expired',
  'not-yet-valid',
  'two-segments',
  'garbage-header',
  'garbage-claims',
  'bearer-prefix',
  'self-signed',
  'unknown-key-id',
] as const;
export const change = opt(
  union(
    [choice(...CHANGES), prefixed('hmac-', secret), prefixed('hmac-', secret, '-without-key-id')],
    `${CHANGES.join(', ')} or hmac-<secret>`,
  ) as Schema<TokenChange>,
);

export const webSessionForm: Schema<WebSession> = object({ role: text, token: text });

export const chainStep = object({
  roleArn: text,
  sessionName: opt(text),
  tags: opt(textMap),
  transitiveTagKeys: opt(texts),
  sourceIdentity: opt(text),
  externalId: opt(text),
  policy: opt(permissionPolicy),
  policyArns: opt(texts),
  durationSeconds: seconds,
});

export const association = object({
  role: opt(text),
  roleArn: opt(text),
  targetRole: opt(orNull(text)),
  disableSessionTags: opt(flag),
  policy: opt(permissionPolicy),
});

export const where = { cluster, clusterName: opt(text), as: opt(webSessionForm) };

export const answer = object({
  from: opt(literal('upstream')),
  status: opt(whole(200, 599)),
  body: opt(text),
  headers: opt(textMap),
  delaySeconds: opt(number(0, LONGEST_SECONDS)),
  cut: opt(literal(true)),
  lifeSeconds: seconds,
  without: opt(text),
  aheadSeconds: seconds,
});
export const answers: Schema<readonly ScriptedAnswer[] | undefined> = opt(list(answer, 'a list'));
