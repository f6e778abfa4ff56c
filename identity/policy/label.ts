import type { PolicyKind } from './types.ts';

/** Names a statement by its position (from 1) and its Sid. */
export const statementLabel = ({ sid, index }: { readonly sid?: string | undefined; readonly index: number }): string =>
  `statement ${index + 1}${sid === undefined || sid === '' ? '' : ` ${JSON.stringify(sid)}`}`;

export const KIND_NAMES: Readonly<Record<PolicyKind, string>> = {
  identity: 'identity-based policy',
  resource: 'resource-based policy',
  trust: 'role trust policy',
  session: 'session policy',
  boundary: 'permissions boundary',
  scp: 'service control policy',
  rcp: 'resource control policy',
};

/** Returns a name such as `service control policy DenyOutsideRegions of OU Workloads`. */
export const organizationPolicyName = (kind: 'scp' | 'rcp', name: string, level: string): string =>
  `${KIND_NAMES[kind]} ${name} of ${level}`;
