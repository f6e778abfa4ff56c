import type { ConditionContext } from '../policy/index.ts';
import type { ServiceContext } from '../../core/context.ts';
import { missingAuthenticationToken } from '../../core/errors.ts';
import type { ServiceRequest } from '../../core/service.ts';
import type { Account } from '../../core/world.ts';
import type { QueryParameters } from '../../query/parameters.ts';
import type { QueryOperation, QueryResult } from '../../query/protocol.ts';

/** One IAM call: who makes it, in which account, and its parameters. */
export interface IamCall {
  readonly context: ServiceContext;
  readonly request: ServiceRequest;
  readonly parameters: QueryParameters;
  /** The caller's account, the only one that IAM calls act on. */
  readonly account: Account;
  /** Throws `AccessDenied` (403) unless the caller may do `action` (`iam:CreateRole`) on `resource`. */
  readonly demand: (action: string, resource: string, conditionKeys?: ConditionContext) => void;
}

export type IamOperation = (call: IamCall) => QueryResult;

/** Gives an operation its call. Throws `MissingAuthenticationToken` (403) when the request is not signed. */
export function iamOperation(context: ServiceContext, operation: IamOperation): QueryOperation {
  return (request, parameters) => {
    const account = request.caller && context.world.account(request.caller.accountId);
    if (account === undefined) throw missingAuthenticationToken();
    return operation({
      context,
      request,
      parameters,
      account,
      demand: (action, resource, conditionKeys = {}) =>
        context.demand(request, { action, resource, resourceAccount: account.id, context: conditionKeys }),
    });
  };
}
