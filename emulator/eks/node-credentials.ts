import type { ServiceContext } from '../world/context.ts';
import type { Credentials } from '../core/credentials.ts';
import type { ServiceRequest } from '../core/service.ts';
import { assumeRole } from '../sts/assume-role.ts';
import { demandOnRole, passedRole, type EksCall } from './call.ts';
import { invalidParameter } from './errors.ts';
import { trustsService } from './roles.ts';

const NODE_SERVICE = 'ec2.amazonaws.com';
/** Six hours. Instance metadata renews the credentials some minutes before they expire. */
const NODE_SESSION_SECONDS = 6 * 3600;
const RENEWAL_MILLISECONDS = 15 * 60_000;

/** Checks the node role of the resource `associated`. Throws `InvalidParameterException` or `AccessDeniedException`. */
export function checkNodeRole(
  call: EksCall,
  parameter: string,
  roleArn: string,
  associated: string,
  fields: Readonly<Record<string, string>>,
): void {
  const role = passedRole(call, parameter, roleArn, NODE_SERVICE, associated);
  demandOnRole(call, 'iam:ListAttachedRolePolicies', roleArn, role);
  if (!trustsService(role, NODE_SERVICE))
    throw invalidParameter(
      `Following required service principals [${NODE_SERVICE}] were not found in the trust relationships of nodeRole arn ${roleArn}`,
      fields,
    );
}

/** Returns the node role's credentials, renewed before they expire. EC2 requests them, so no call is recorded. */
export function nodeCredentials(
  context: ServiceContext,
  created: ServiceRequest,
  roleArn: string,
  sessionName: string,
): () => Promise<Credentials> {
  let current: Credentials | undefined;
  return async () => {
    const now = context.world.clock.now();
    const left = (current?.expiration ?? 0) - now;
    // More than a whole session is left if the clock was moved back.
    if (current !== undefined && left > RENEWAL_MILLISECONDS && left <= NODE_SESSION_SECONDS * 1000) return current;
    const accountId = roleArn.split(':')[4] ?? '';
    const request = { ...created, headers: {}, body: Buffer.alloc(0), caller: undefined, time: now };
    current = assumeRole(context, request, {
      principal: { kind: 'service', service: NODE_SERVICE, accountId },
      roleArn,
      sessionName,
      durationSeconds: NODE_SESSION_SECONDS,
    }).credentials;
    return current;
  };
}
