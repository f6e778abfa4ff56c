import type { NamedDocument, PolicySet } from '../difference/index.ts';
import type { Guard } from './decide.ts';
import type { Holder } from './holders.ts';

const TAG = 'aws:PrincipalTag/';
type Tagged = Pick<Holder, 'context' | 'absent'>;

/**
 * Returns how to compare policies of sessions whose tags changed. Policies of each side get their own names of the tags, so that one
 * request has both values. Undefined if the tags are the same.
 */
export function tagsApart(was: Tagged, is: Tagged) {
  const keys = Object.keys({ ...was.context, ...is.context });
  const changed = keys.filter((key) => was.context[key] !== is.context[key]);
  const isAll = JSON.stringify(was.absent) !== JSON.stringify(is.absent);
  if (changed.length === 0 && !isAll) return undefined;
  const isApart = (key: string): boolean => isAll || changed.some((one) => one.toLowerCase() === key.toLowerCase());
  const renamed = (key: string, side: string): string => (isApart(key) ? key.replace(/\//, `/${side}:`) : key);
  const renaming = (side: string) => {
    const ofDocument = ({ name, document }: NamedDocument): NamedDocument => {
      const text = typeof document === 'string' ? document : JSON.stringify(document);
      return { name, document: text.replaceAll(/aws:PrincipalTag\/[^"},]+/gi, (key) => renamed(key, side)) };
    };
    return ofDocument;
  };
  const [before, after] = [renaming('before'), renaming('after')];
  const ofSet =
    (rename: typeof before) =>
    ({ identityPolicies, permissionsBoundary, sessionPolicies }: PolicySet): PolicySet => ({
      identityPolicies: identityPolicies.map(rename),
      permissionsBoundary: permissionsBoundary && rename(permissionsBoundary),
      sessionPolicies: sessionPolicies?.map(rename),
    });
  const contextOf = ({ context }: Tagged, side: string) =>
    Object.fromEntries(Object.entries(context).map(([key, value]) => [renamed(key, side), value]));
  const absentOf = ({ absent, context }: Tagged, side: string): readonly string[] => [
    ...absent.map((one) => one.replace(TAG, `${TAG}${side}:`)),
    ...changed.filter((key) => !(key in context)).map((key) => renamed(key, side)),
  ];
  return {
    context: { ...contextOf(was, 'before'), ...contextOf(is, 'after') },
    absent: [...absentOf(was, 'before'), ...absentOf(is, 'after')],
    ...{ before: ofSet(before), after: ofSet(after) },
    guard: (one: Guard) => ({ before: one.before && before(one.before), after: one.after && after(one.after) }),
  };
}
