/** Requests to services that are not emulated, decided with the session that a pod has. */
import { requestProblem } from '../../identity/policy/actions.ts';
import type { CallRecord } from '../../emulator/index.ts';
import type { ProbeReport } from '../../foundation/protocols/probe-protocol.ts';
import type { ScenarioContext } from '../scenario/scenario-context.ts';
import type { Problem } from '../scenario/checks.ts';
import { matching, oneOrMore, opt, record } from '../scenario/form.ts';
import { defineWorkloadOperation } from '../scenario/operation-registry.ts';
import { EXAMPLE_KEY } from '../scenario/placeholders.ts';
import { permissionPolicy, type PermissionPolicy } from '../scenario/policy.ts';
import type { Expectation, ProbeStep } from '../scenario/spec.ts';
import { denied, granted } from './expectations.ts';

export interface AuthorizeOptions {
  /** Condition keys of the request, in addition to those of the session and of the workload's `context`. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
  /** The policy of the resource, such as a key or a queue. */
  readonly resourcePolicy?: PermissionPolicy;
}
interface Authorize extends AuthorizeOptions {
  readonly action: string;
  readonly resource: string;
}

/** Keys that only the session decides. */
const OF_SESSION = /^aws:(principal|userid$|username$|tokenissuetime$|federatedprovider$|sourceidentity$)/i;
/** Only its own policy, or one that it refers to, allows a use of a key (AWS KMS Developer Guide, "Key policies"). */
const isKey = ({ action, resource }: Authorize): boolean =>
  action.startsWith('kms:') && /^arn:[^:]+:kms:[^:]*:[^:]*:key\//.test(resource.replace(/<[^>]*>/g, ''));

const authorize = defineWorkloadOperation(
  'Authorize',
  (action: string, resource: string, options: AuthorizeOptions): Authorize => ({ action, resource, ...options }),
  {
    form: {
      action: matching(/^[a-z0-9-]+:[A-Za-z0-9]+$/, 'an action such as "kms:Decrypt"'),
      resource: matching(/^(\*$|arn:.|<key:[^>]+>$)/, 'an ARN, "*" or a key of the scenario such as "<key:data>"'),
      context: opt(record(oneOrMore, 'an object such as { "kms:ViaService": "s3.us-west-2.amazonaws.com" }')),
      resourcePolicy: opt(permissionPolicy),
    },
    throughSdk: true,
    readOnly: true,
    handler: 'GetCallerIdentity',
    needs: () => ['policy-decisions'],
    *check(operation): Iterable<Problem> {
      const { action, resource, context = {}, resourcePolicy } = operation;
      if (/^(s3|sts):/.test(action))
        yield `"${action}" is an action of an emulated service: use an operation such as getObject`;
      // An account id also stands for names and regions.
      yield requestProblem(action, resource.replace(/^<key:.*/, EXAMPLE_KEY).replace(/<[^>]*>/g, '111122223333'));
      for (const key of Object.keys(context))
        if (OF_SESSION.test(key)) yield `"context" of ${action} has "${key}", but only the session decides this key`;
      if (isKey(operation) && resourcePolicy === undefined)
        yield `${action} on a key needs "resourcePolicy", because the policy of the key decides`;
    },
    describe: ({ action, resource }, say) => [action, `on ${say.text(resource)}`],
    toProgram: () => ({ do: 'GetCallerIdentity' }),
    answer: answerOf,
  },
);

/** Asks AWS as the caller of the pod's GetCallerIdentity, by AWS's record of that call. */
function answerOf({ environment, names }: ScenarioContext, operation: Authorize, report: ProbeReport): ProbeReport {
  const { controls } = environment.aws;
  if (report.outcome !== 'granted' || controls === undefined) return report;
  const { action, resource, context = {}, resourcePolicy } = operation;
  const wrong = (message: string): ProbeReport => ({ ...report, outcome: 'error', message });
  let answer;
  try {
    answer = controls.authorize(provingCalls(report, controls.calls()), {
      ...{ action, resource: names.expand(resource), context: names.expandAll(context) },
      resourcePolicy: resourcePolicy && names.policyText(resourcePolicy),
    });
  } catch (error) {
    return wrong(`AWS rejects the policy of ${resource}: ${(error as Error).message}`);
  }
  if (answer === undefined) return wrong("AWS's record does not show one session that the pod called STS with");
  const { call, message } = answer;
  const value = call.authorizations.at(-1)?.decision.value;
  if (value === 'unknown') return wrong(`only the policy of ${resource} can decide: add "resourcePolicy"`);
  const { facts: _facts, ...answered } = { ...report, requestId: call.requestId };
  if (value === 'allowed') return answered;
  return { ...answered, outcome: 'denied', layer: 'iam', code: 'AccessDenied', status: call.status, message };
}

/** Returns the ids of the pod's GetCallerIdentity. Some clients do not report it, so several pods may have made it. */
const provingCalls = ({ requestId, identity, startedAt, endedAt }: ProbeReport, calls: readonly CallRecord[]) =>
  requestId !== undefined
    ? [requestId]
    : calls
        .filter(({ operation, caller }) => operation === 'GetCallerIdentity' && caller === identity?.arn)
        .filter(({ receivedAt }) => receivedAt >= startedAt && receivedAt <= endedAt)
        .map((call) => call.requestId);

type Identified = Pick<Expectation, 'as'>;

/** Expects that a request of the workload's pod to a service that is not emulated is allowed: `may('app', 'kms:Decrypt', keyArn)`. */
export const may = (
  workload: string,
  action: string,
  resource: string,
  { as, ...options }: AuthorizeOptions & Identified = {},
): ProbeStep => granted(workload, authorize(action, resource, options), { ...(as !== undefined && { as }) });

/** Such a request is denied. `policy` and `explicit` say by which policy, as in `denied`. */
export function mayNot(
  workload: string,
  action: string,
  resource: string,
  options: AuthorizeOptions & Omit<Expectation, 'outcome' | 'by' | 'code' | 'status' | 'facts'> = {},
): ProbeStep {
  const { context, resourcePolicy, ...details } = options;
  const requestOptions = { ...(context && { context }), ...(resourcePolicy && { resourcePolicy }) };
  return denied(workload, authorize(action, resource, requestOptions), { ...details, by: 'iam' });
}
