import { checkedLater, flag, list, object, opt, orNull, record, text, textMap, type Schema } from '../scenario/form.ts';
import { answer, answers } from './forms.ts';
import type { ClientRun, ClientStep } from '../../foundation/protocols/client-run.ts';
import { PATIENCE_MILLISECONDS } from '../../foundation/node/lateness.ts';
import { LONGEST_SECONDS, number, oneOf, shown, whole, type Problem } from '../scenario/checks.ts';
import { defineWorkloadOperation } from '../scenario/operation-registry.ts';

type Options = Omit<ClientRun, 'do' | 'bucket' | 'key'>;

/** More threads than any client has. */
const MOST_AT_ONCE = 1000;

const step = object({
  waitSeconds: opt(checkedLater),
  files: opt(textMap),
  credentials: opt(list(answer, 'a list')),
  atOnce: opt(checkedLater),
});
const steps: Schema<readonly ClientStep[] | undefined> = opt(list(step, 'a list'));

/** Starts a client process that reads the object `at`. Endpoints around it answer by script (`ClientRun`). */
export const runClient = defineWorkloadOperation(
  'RunClient',
  (at: string, options: Options = {}) => ({ at, ...options }),
  {
    form: {
      at: text,
      environment: opt(record(orNull(text), 'an object')),
      files: opt(textMap),
      credentials: answers,
      sts: answers,
      s3: answers,
      addresses: checkedLater,
      steps,
      mayFail: opt(flag),
      awaySeconds: checkedLater,
    },
    readOnly: true,
    throughSdk: true,
    withoutIdentity: true,
    needs: ({ addresses, steps = [] }) => [
      ...(addresses === undefined ? [] : (['client-network'] as const)),
      ...(steps.length > 1 ? (['lasting-client'] as const) : []),
    ],
    *check({ addresses, awaySeconds, steps = [{}], credentials = [], sts = [], s3 = [] }): Iterable<Problem> {
      yield oneOf('"addresses" of runClient', addresses, ['as-in-a-pod']);
      yield number('"awaySeconds" of runClient', awaySeconds, 0, LONGEST_SECONDS);
      if (Array.isArray(steps) && steps.length === 0)
        yield `"steps" of runClient is ${shown(steps)}, but must have at least one step`;
      for (const { waitSeconds, atOnce } of steps) {
        yield number('"waitSeconds" of a step of runClient', waitSeconds, 0, LONGEST_SECONDS);
        yield whole('"atOnce" of a step of runClient', atOnce, 1, MOST_AT_ONCE);
      }
      for (const { status, delaySeconds } of [...credentials, ...sts, ...s3]) {
        yield whole('"status" of an answer of runClient', status, 200, 599);
        yield number('"delaySeconds" of an answer of runClient', delaySeconds, 0, LONGEST_SECONDS);
      }
    },
    waitSeconds: ({ steps = [], awaySeconds = 0 }) =>
      steps.reduce((sum, { waitSeconds = 0 }) => sum + waitSeconds, awaySeconds),
    describe: ({ at, environment = {}, steps = [], addresses }, say) => [
      `that reads s3://${say.place(at)}`,
      steps.length > 1 ? `${steps.length} times` : '',
      addresses === undefined ? '' : 'in a network with the addresses of a pod',
      Object.keys(environment).length === 0 ? '' : `with changes to ${Object.keys(environment).join(', ')}`,
    ],
    recorded: (_world, _workload, { facts: { lateMilliseconds = 0 } = {} }) => ({
      facts: {},
      unreliableReason:
        Number(lateMilliseconds) < PATIENCE_MILLISECONDS
          ? undefined
          : `The endpoints around the client were up to ${lateMilliseconds} ms late. This machine is too busy for a verdict about the client's timeouts.`,
    }),
    toProgram: ({ at, ...rest }, { names }) => ({ ...names.expandAll(rest), ...names.place(at) }),
  },
);
