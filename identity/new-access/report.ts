import type { Principal } from '../policy/principal.ts';
import { accept, type Accepted } from './accepted.ts';
import type { AccessChange, AccessComparison } from './compare.ts';
import { placeOf, type AccessSide } from './files.ts';
import type { NewAccess, ReportedChange } from './report-schema.ts';

const ASSUMED = {
  read: 'The policies of the given organization, and policies that are not in the files',
  none: 'Policies that are not in the files, such as those of other accounts',
  unread:
    'Service and resource control policies, which were not read and can only take access away, and other policies that are not in the files',
};

/** Returns the report. `probesOf`: the probes of suites that notice a change. `today`: in UTC. */
export function newAccessOf(
  { changes, undecided, compared }: AccessComparison,
  [before, after]: readonly [AccessSide, AccessSide],
  given: {
    readonly accepted: readonly Accepted[];
    readonly today: string;
    readonly organization?: keyof typeof ASSUMED | undefined;
    probesOf?(change: AccessChange): readonly string[];
  },
): NewAccess {
  const allowed = changes.filter(({ newly }) => newly === 'allowed');
  const { byChange, warnings } = accept(allowed, given.accepted, given.today);
  const reported = (change: AccessChange): ReportedChange => {
    const { subject, path, action, resource, policy, unless, difference } = change;
    const { sid, index } = difference?.statement ?? {};
    const file = policy.replace(/ (?:trust policy|policy \S+)$/, '').replace(/\.policy$/, '');
    const place = placeOf(after.files, file, sid) ?? placeOf(before.files, file, sid);
    const context = Object.entries(difference?.request.context ?? {}).filter(
      ([key]) => !key.startsWith('aws:PrincipalTag/') || subject.startsWith('role '),
    );
    return {
      ...{ subject, action, resource, policy, request: requestText(change, context) },
      ...(path !== undefined && { path }),
      conditions: Object.fromEntries(context),
      ...(sid !== undefined && { sid }),
      ...(index !== undefined && { statement: index + 1 }),
      ...(place && { place: { file: place.path, line: place.line } }),
      ...(given.probesOf && { probes: given.probesOf(change) }),
      ...(unless && { unless }),
    };
  };
  return {
    version: 1,
    newlyAllowed: allowed.filter((one) => !byChange.has(one)).map(reported),
    accepted: [...byChange].map(([change, { until, reason }]) => ({ ...reported(change), until, reason })),
    newlyDenied: changes.filter(({ newly }) => newly === 'denied').map(reported),
    undecided,
    compared: { ...compared, files: after.files.length },
    assumed: ASSUMED[given.organization ?? 'unread'],
    warnings,
  };
}

function requestText(
  { action, resource, difference, newly, subject }: AccessChange,
  context: readonly (readonly [string, string | readonly string[]])[],
): string {
  if (action === 'iam:AttachRolePolicy') return `${subject} has policy ${resource}, which is not in the files`;
  if (difference === undefined) return `${subject} may have ${resource}, which is not in the files`;
  const conditions = context.map(([key, value]) => `${key} ${[value].flat().join(', ')}`).join(', ');
  const who =
    subject.startsWith('policy of ') || /^sts:/.test(action) ? principalText(difference.request.principal) : subject;
  return `${who} may ${newly === 'denied' ? 'no longer ' : ''}${action} on ${resource}${conditions === '' ? '' : ` (${conditions})`}`;
}

function principalText(principal: Principal): string {
  switch (principal.kind) {
    case 'role-session':
      return `role ${principal.roleArn}`;
    case 'service':
      return `service ${principal.service}`;
    case 'federated':
      return `web identities of ${principal.providerArn}`;
    case 'anonymous':
      return 'anyone without credentials';
    default:
      return principal.arn;
  }
}
