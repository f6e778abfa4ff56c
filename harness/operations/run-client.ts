import {
  flag,
  list,
  literal,
  number,
  object,
  opt,
  orNull,
  record,
  text,
  textMap,
  whole,
  type Schema,
} from '../scenario/form.ts';
import { answer, answers } from './forms.ts';
import type { ClientRun, ClientStep } from '../../foundation/protocols/client-run.ts';
import { PATIENCE_MILLISECONDS } from '../../foundation/node/lateness.ts';
import { LONGEST_SECONDS, shown } from '../scenario/checks.ts';
import { defineWorkloadOperation } from '../scenario/operation-registry.ts';

type Options = Omit<ClientRun, 'do' | 'bucket' | 'key'>;

/** More threads than any client has. */
const MOST_AT_ONCE = 1000;

const step = object({
  waitSeconds: opt(number(0, LONGEST_SECONDS)),
  files: opt(textMap),
  credentials: opt(list(answer, 'a list')),
  atOnce: opt(whole(1, MOST_AT_ONCE)),
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
      addresses: opt(literal('as-in-a-pod')),
      steps,
      mayFail: opt(flag),
      awaySeconds: opt(number(0, LONGEST_SECONDS)),
    },
    readOnly: true,
    throughSdk: true,
    withoutIdentity: true,
    needs: ({ addresses, steps = [] }) => [
      ...(addresses === undefined ? [] : (['client-network'] as const)),
      ...(steps.length > 1 ? (['lasting-client'] as const) : []),
    ],
    *check({ steps = [{}] }) {
      if (steps.length === 0) yield `"steps" of runClient is ${shown(steps)}, but must have at least one step`;
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
