import type { ConditionContext } from '../../identity/policy/index.ts';
import type { ServiceContext } from '../world/context.ts';
import { missingAuthenticationToken } from '../../foundation/aws/aws-error.ts';
import type { ServiceRequest } from '../core/service.ts';
import type { Account } from '../world/world.ts';
import type { QueryParameters } from '../query/parameters.ts';
import type { QueryOperation, QueryResult } from '../query/protocol.ts';
import { pageOf } from '../core/paging.ts';
import type { XmlStructure } from '../query/xml.ts';
import { validationError } from './errors.ts';

export interface IamCall {
  readonly context: ServiceContext;
  readonly request: ServiceRequest;
  readonly parameters: QueryParameters;
  readonly account: Account;
  /** Throws `AccessDenied` (403) unless the caller may call `action` (`iam:CreateRole`) on `resource`. */
  readonly demand: (action: string, resource: string, conditionKeys?: ConditionContext) => void;
}

export type IamOperation = (call: IamCall) => QueryResult;

/** The region of all requests (IAM User Guide, "AWS global condition context keys", aws:RequestedRegion). */
const REGION = 'us-east-1';

/** Throws `MissingAuthenticationToken` (403) for an unsigned request. */
export function iamOperation(context: ServiceContext, operation: IamOperation): QueryOperation {
  return (request, parameters) => {
    const account = request.caller && context.world.account(request.caller.accountId);
    if (account === undefined) throw missingAuthenticationToken();
    return operation({
      context,
      request,
      parameters,
      account,
      demand: (action, resource, conditionKeys = {}) => {
        const keys = { 'aws:RequestedRegion': REGION, ...conditionKeys };
        context.demand(request, { action, resource, resourceAccount: account.id, context: keys });
      },
    });
  };
}

/** Returns the page of `Marker` and `MaxItems` (1 to 1000, default 100), with `IsTruncated` and `Marker` in `members`. */
export function page<Item>(
  items: Iterable<Item>,
  key: (item: Item) => string,
  parameters: QueryParameters,
): { readonly items: readonly Item[]; readonly members: XmlStructure } {
  const size = parameters.integer('MaxItems') ?? 100;
  const token = parameters.text('Marker');
  // Names sort without regard to case.
  const { items: shown, next } = pageOf(items, (item) => key(item).toLowerCase(), {
    size,
    token,
    invalidToken: () => validationError('Invalid Marker.'),
  });
  return { items: shown, members: { IsTruncated: next !== undefined, Marker: next } };
}
