import { sourceOf } from '../policy/global-keys.ts';
import type { ConditionContext } from '../policy/index.ts';
import type { Principal } from '../policy/principal.ts';
import { principalContext } from '../policy/request.ts';
import { lacksKey } from './request-parts.ts';
import type { Comparison, PrincipalClass } from './types.ts';

/** What all requests of one principal have in common. */
export interface Facts {
  readonly principal: Principal;
  readonly resourceAccount: string;
  readonly partition: string;
  /** The known part of the context. */
  readonly fixed: ConditionContext;
  readonly filters: readonly string[] | undefined;
  readonly resources: readonly string[] | undefined;
  /** Whether a key has a known value, or requests for these actions cannot have it. */
  isFixed(key: string, actions: readonly string[]): boolean;
  canRequest(actions: readonly string[]): boolean;
  /** Whether the request passes session tags; undefined if it does not assume a role. */
  hasTags(actions: readonly string[]): boolean | undefined;
  /** Returns a key as the policies write it. */
  nameOf(key: string): string;
}

const isOfTags = (key: string): boolean => /^(aws:requesttag\/|(aws:tagkeys|sts:transitivetagkeys)$)/.test(key);
const assumesRole = (actions: readonly string[]): boolean => /^sts:assumerole(with\w+)?$/i.test(actions[0] ?? '');

/** By kind of principal: sources of global keys that its requests do not have (IAM User Guide, "AWS global condition context keys"). */
const LACKING: Readonly<Record<Principal['kind'], RegExp>> = {
  'role-session': /^(caller|service|serviceOrganization)$/,
  user: /^(caller|instance|service|serviceOrganization)$/,
  root: /^(caller|session|instance|service|serviceOrganization)$/,
  service: /^(caller|session|instance|callerOrganization)$/,
  federated: /^(caller|session|instance|service|callerOrganization|serviceOrganization)$/,
  anonymous: /^(caller|session|instance|service|callerOrganization|serviceOrganization)$/,
};

export function factsOf(
  comparison: Comparison,
  { principal, context }: PrincipalClass,
  names: ReadonlyMap<string, string>,
): Facts {
  const { resourceAccount, absent = [], actions, resources } = comparison;
  const provider = principal.kind === 'federated' ? principal.providerArn : undefined;
  const issuer = provider?.toLowerCase().replace(/^.*?-provider\//, '');
  const isOfOwn = (key: string): boolean =>
    key.startsWith('saml:') ? provider?.includes(':saml-provider/') === true : issuerOf(key) === issuer;
  const fixed: ConditionContext = {
    ...(resourceAccount !== '' && names.has('s3:resourceaccount') && { 's3:ResourceAccount': resourceAccount }),
    ...(provider !== undefined && { 'aws:FederatedProvider': provider }),
    ...('arn' in principal && names.has('kms:calleraccount') && { 'kms:CallerAccount': principal.accountId }),
    ...comparison.context,
    ...context,
  };
  const fixedKeys = new Set(
    Object.keys({ ...principalContext(principal), ...fixed, 'aws:ResourceAccount': '' }).map((key) =>
      key.toLowerCase(),
    ),
  );
  const without = absent.map((key) => key.toLowerCase());
  const isAbsent = (key: string): boolean => {
    const source = sourceOf(key);
    if (without.some((one) => one === key || (/[/:]$/.test(one) && key.startsWith(one)))) return true;
    if (source !== undefined) return LACKING[principal.kind].test(source);
    return principal.kind !== 'role-session' && isOfProvider(key) && !isOfOwn(key);
  };
  return {
    ...{ principal, resourceAccount, fixed, filters: actions, resources },
    partition: 'arn' in principal ? principal.arn.split(':')[1]! : 'aws',
    isFixed: (key, requested) =>
      fixedKeys.has(key) ||
      isAbsent(key) ||
      requested.every((action) => lacksKey(key, action)) ||
      (assumesRole(requested) &&
        ((isOfTags(key) && !requested.includes('sts:TagSession')) ||
          (key === 'sts:sourceidentity' && !requested.includes('sts:SetSourceIdentity')))),
    canRequest: ([action = '']) => {
      const [, way] = /^sts:AssumeRole(With\w+)?$/i.exec(action) ?? [];
      if (!/^sts:AssumeRole(With\w+)?$/i.test(action)) return principal.kind !== 'federated';
      const wanted =
        provider === undefined ? undefined : provider.includes(':saml-provider/') ? 'withsaml' : 'withwebidentity';
      return way?.toLowerCase() === wanted;
    },
    hasTags: (requested) => (assumesRole(requested) ? requested.includes('sts:TagSession') : undefined),
    nameOf: (key) => names.get(key) ?? key,
  };
}

/** Returns the prefix of a key of an identity provider, such as `<issuer>:sub`. */
const issuerOf = (key: string): string => key.replace(/:[^:/]+$/, '');
const isOfProvider = (key: string): boolean => issuerOf(key).includes('.') || key.startsWith('saml:');
