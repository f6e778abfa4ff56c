import { accessDeniedMessage, authorize } from '../../identity/policy/index.ts';
import type { Decision } from '../../identity/policy/index.ts';
import { organizationKeys, organizationLevels } from '../../identity/organization.ts';
import type { AuthorizationQuestion, ServiceContext } from './context.ts';
import { AwsError } from '../../foundation/aws/aws-error.ts';
import { globalContexts } from '../../identity/policy/global-context.ts';
import { identityOf, policiesOf } from './policies-of.ts';
import { remembered } from '../../foundation/node/remembered.ts';
import { principalName, type Principal } from '../../identity/policy/principal.ts';
import type { ServiceRequest } from '../core/service.ts';
import type { Disturbances } from './disturbances.ts';
import type { CallTrace, World } from './world.ts';

const ANONYMOUS: Principal = { kind: 'anonymous' };

export function serviceContext(world: World, disturbances: Disturbances): ServiceContext {
  const traces = new WeakMap<ServiceRequest, CallTrace>();

  const self: ServiceContext = {
    world,
    trace: (request) => remembered(traces, request, () => ({ operation: 'Unknown', authorizations: [], notes: [] })),
    authorize(request, question) {
      const { principal = request.caller ?? ANONYMOUS, action, resource, resourceAccount, context = {} } = question;
      let { resourcePolicy, trustPolicy } = question;
      const { authorizations, notes } = self.trace(request);
      const identity = identityOf(world, principal);
      if (identity === undefined && principal.kind === 'role-session') {
        // Grants refer to the unique id, so sessions of a deleted role have none.
        const gone = `the role of the session ${principal.arn} was deleted`;
        if (!notes.includes(gone)) notes.push(gone);
        resourcePolicy = trustPolicy = undefined;
      }
      const { identityPolicies, permissionsBoundary, sessionPolicies } = policiesOf(world, principal, identity);
      const organization = isAdministrator(world, principal) ? undefined : world.organization;
      const decision = authorize({
        principal,
        action,
        resource,
        resourceAccount,
        context,
        defaults: [
          ...globalContexts({ ...request, region: world.region }, principal, identity),
          ...(organization ? [organizationKeys(organization, principal, resourceAccount)] : []),
        ],
        ...(organization && organizationLevels(organization, principal, resourceAccount)),
        identityPolicies,
        permissionsBoundary,
        sessionPolicies,
        resourcePolicy,
        trustPolicy,
      });
      authorizations.push({ action, resource, decision });
      return decision;
    },
    accessDenied(request, question, decision) {
      const principal = question.principal ?? request.caller ?? ANONYMOUS;
      return new AwsError('AccessDenied', 403, deniedText(principal, question, decision));
    },
    demand(request, question, refuse) {
      const decision = self.authorize(request, question);
      if (decision.value === 'allowed') return;
      const error = self.accessDenied(request, question, decision);
      throw refuse?.(error.message) ?? error;
    },
    disturb: (request, step) => disturbances.inject(step, request.applicationId, true),
  };
  return self;
}

/** The emulated organization does not restrict the administrators, because the harness arranges and removes resources as them. */
const isAdministrator = (world: World, principal: Principal): boolean =>
  principal.kind === 'user' && principal.userName === 'administrator' && world.accounts.has(principal.accountId);

/** Only callers in the resource's account get the reason (IAM User Guide, "access denied error messages"). */
function deniedText(principal: Principal, question: AuthorizationQuestion, decision: Decision): string {
  const name = principalName(principal);
  if (principal.kind !== 'anonymous' && principal.accountId === question.resourceAccount) {
    return accessDeniedMessage(name, question.action, question.resource, decision);
  }
  return `User: ${name} is not authorized to perform: ${question.action} on resource: ${question.resource}`;
}
