import type { ServiceContext } from '../world/context.ts';
import type { Service } from '../core/service.ts';
import { queryService } from '../query/protocol.ts';
import { GetAccountAuthorizationDetails } from './authorization-details.ts';
import { iamOperation } from './call.ts';
import { ListEntitiesForPolicy } from './identity-policies.ts';
import { instanceProfiles } from './instance-profiles.ts';
import { managedPolicies } from './managed-policies.ts';
import { oidcProviders } from './oidc-providers.ts';
import { policyVersions } from './policy-versions.ts';
import { roles } from './roles.ts';
import { simulations } from './simulations.ts';
import { users } from './users.ts';

export const OPERATIONS = {
  ...roles,
  ...users,
  ...instanceProfiles,
  ListEntitiesForPolicy,
  GetAccountAuthorizationDetails,
  ...simulations,
  ...managedPolicies,
  ...policyVersions,
  ...oidcProviders,
};

/** Returns AWS Identity and Access Management, API version 2010-05-08, without groups. */
export function iamService(context: ServiceContext): Service {
  return queryService(context, {
    name: 'iam',
    version: '2010-05-08',
    namespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
    operations: Object.fromEntries(
      Object.entries(OPERATIONS).map(([name, operation]) => [name, iamOperation(context, operation)]),
    ),
  });
}
