import type { PolicyKind } from './types.ts';

/** How every text names a statement: by its place, counted from 1, and its Sid where it has one. */
export const statementLabel = ({ sid, index }: { readonly sid?: string | undefined; readonly index: number }): string =>
  `statement ${index + 1}${sid === undefined || sid === '' ? '' : ` ${JSON.stringify(sid)}`}`;

/** How texts call the kinds of policies. */
export const KIND_NAMES: Readonly<Record<PolicyKind, string>> = {
  identity: 'identity-based policy',
  resource: 'resource-based policy',
  trust: 'role trust policy',
  session: 'session policy',
  boundary: 'permissions boundary',
};
