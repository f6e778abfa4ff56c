import { isDeepStrictEqual } from 'node:util';
import { REQUEST_CONTEXT_KEYS } from '../../../identity/policy/global-keys.ts';
import { actionsOf } from '../../../identity/policy/actions.ts';
import { conditionsOf, statementsOf, textsOf } from '../../policies/statement-document.ts';

/** Actions of the requests that the search makes. */
const TRIED =
  /^(s3:(get|put|delete)object|s3:(get|put)objecttagging|s3:listbucket|sts:assumerole(withwebidentity)?|sts:tagsession)$/;

/** Condition keys that the search varies, or that each role, session or resource decides. */
const VARIED = new RegExp(
  `^(aws:(principaltag/|requesttag/|resourcetag/|tagkeys$|source(arn|account)$|principal(arn|account|type)$|resourceaccount$)|sts:externalid$|s3:(prefix$|resourceaccount$|(existing|request)objecttag/)|.*:(sub|aud)$|(${REQUEST_CONTEXT_KEYS.join('|')})$)`,
  'i',
);

/** Yields what changed statements are about, but no request of the search. */
export function* unsearched([original, changed]: readonly [object, object]): Generator<string> {
  const [before, after] = [statementsOf(original), statementsOf(changed)];
  const others = (all: typeof before, from: typeof before) =>
    all.filter((one) => !from.some((other) => isDeepStrictEqual(one, other)));
  for (const statement of [...others(before, after), ...others(after, before)]) {
    if (statement['NotAction'] !== undefined) yield 'NotAction is not searched';
    const untried = textsOf(statement['Action'])
      .flatMap((action) => actionsOf(action))
      .find((action) => !TRIED.test(action.toLowerCase()));
    if (untried !== undefined) yield `actions such as ${untried} are not tried`;
    for (const { key } of conditionsOf(statement)) if (!VARIED.test(key)) yield `${key} is not varied`;
  }
}
