import type { ServiceContext } from '../world/context.ts';
import { missingAuthenticationToken } from '../../foundation/aws/aws-error.ts';
import type { Service } from '../core/service.ts';
import { queryService, type QueryOperation } from '../query/protocol.ts';
import { assumeRoleOperation } from './assume-role-operation.ts';
import { webIdentityOperation } from './web-identity/operation.ts';

export const OPERATIONS: Readonly<Record<string, (context: ServiceContext) => QueryOperation>> = {
  AssumeRole: assumeRoleOperation,
  AssumeRoleWithWebIdentity: webIdentityOperation,
  GetCallerIdentity: () => getCallerIdentity,
};

/** Returns AWS Security Token Service, API version 2011-06-15. Only AssumeRoleWithWebIdentity is unsigned. */
export function stsService(context: ServiceContext): Service {
  return queryService(context, {
    name: 'sts',
    version: '2011-06-15',
    json: true,
    namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
    operations: Object.fromEntries(Object.entries(OPERATIONS).map(([name, operation]) => [name, operation(context)])),
  });
}

/** Returns the caller. No policy can deny this operation (STS API Reference, GetCallerIdentity). */
const getCallerIdentity: QueryOperation = ({ caller }) => {
  if (caller === undefined) throw missingAuthenticationToken();
  return { Arn: caller.arn, UserId: caller.userId, Account: caller.accountId };
};
