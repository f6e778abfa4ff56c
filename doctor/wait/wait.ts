import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { readContext } from '../../foundation/node/named-context.ts';
import { poll } from '../../foundation/node/poll.ts';
import { wrap, type Paint } from '../../foundation/node/text.ts';
import { connect } from '../../foundation/protocols/kubernetes-connection.ts';
import { collect, type CollectOptions } from '../collect/index.ts';
import { ClusterFacts } from '../facts/cluster-facts.ts';
import { admit } from './admit.ts';
import { waitSteps, type Account, type WaitStep } from './steps.ts';

/** The last reading of `doctor wait`. */
export interface Waited extends Account {
  readonly cluster: string;
  /** `unknown`: no step says no, but something could not be read. */
  readonly result: 'ready' | 'not-ready' | 'unknown';
  /** The step that keeps a new pod from its role. */
  readonly obstacle?: WaitStep;
  readonly steps: readonly WaitStep[];
  readonly notVisible: string;
}

const NOT_VISIBLE =
  'Not visible from outside: whether EKS Auth already knows the association, which takes some seconds.';

/** Pauses between readings, in milliseconds. */
const PAUSES = { every: 2000, longest: 10_000 };
/** The same unknown step in this number of readings in a row ends the wait, because time does not mend a missing right. */
const UNKNOWN_READINGS = 3;

export interface WaitOptions extends Account {
  /** How to read the one cluster. */
  readonly collect: CollectOptions;
  /** Milliseconds after which no reading starts. */
  readonly within: number;
  /** Receives each new obstacle. */
  readonly announce: (sentence: string) => void;
}

/**
 * Reads a cluster until a new pod of a service account would get its role. Returns the last reading. Throws like `collect`, and the
 * signal's reason after an interrupt.
 */
export async function waitForIdentity(options: WaitOptions): Promise<Waited> {
  const { namespace, serviceAccount, within, announce } = options;
  const { signal, kubeconfig, contexts: [context] = [], environment } = options.collect;
  const access = { resources: [], subject: { namespace, serviceAccount } };
  const place = { ...(kubeconfig !== undefined && { kubeconfig }), ...(context !== undefined && { context }) };
  const connection = connect(readContext(place, environment).config);
  let last: Waited | undefined;
  let announced = '';
  let unknown = { text: '', readings: 0 };
  const read = async (): Promise<Waited | undefined> => {
    const [{ clusters }, admission] = await Promise.all([
      collect({ ...options.collect, access }),
      admit(connection, namespace, serviceAccount, signal),
    ]);
    signal.throwIfAborted();
    const facts = new ClusterFacts(clusters[0]!);
    last = waitedOf(facts, options, waitSteps(facts, { namespace, serviceAccount }, admission));
    if (last.obstacle === undefined) return last;
    const sentence = obstacleText(last.obstacle);
    if (sentence !== announced) announce((announced = sentence));
    const text = last.steps.find(({ value }) => value === 'unknown')?.text ?? '';
    unknown = { text, readings: text !== '' && text === unknown.text ? unknown.readings + 1 : 1 };
    return text !== '' && unknown.readings === UNKNOWN_READINGS ? { ...last, result: 'unknown' } : undefined;
  };
  try {
    return await poll(read, {
      ...{ ...PAUSES, within, signal },
      // An API server that answered once may restart.
      tolerates: (error) => last !== undefined && error instanceof ClusterError && error.blame === 'environment',
      late: (error) => (error instanceof Error ? error : last!),
    });
  } finally {
    connection.close();
  }
}

function waitedOf(facts: ClusterFacts, { namespace, serviceAccount }: Account, steps: readonly WaitStep[]): Waited {
  const [obstacle] = (['no', 'unknown'] as const).flatMap((value) => steps.filter((one) => one.value === value));
  const result = obstacle === undefined ? 'ready' : obstacle.value === 'no' ? 'not-ready' : 'unknown';
  const cluster = facts.snapshot.context;
  return { cluster, namespace, serviceAccount, result, ...(obstacle && { obstacle }), steps, notVisible: NOT_VISIBLE };
}

const obstacleText = ({ name, value, text }: WaitStep): string =>
  `${name} ${value === 'no' ? 'is not ready' : 'is unknown'}: ${text}.`;

const COLORS = { yes: 32, no: 31, unknown: 35 } as const;

/** Returns the last reading for a terminal of `width` columns. */
export function waitText(waited: Waited, paint: Paint, width: number | undefined): string {
  const { namespace, serviceAccount, cluster, result, obstacle, steps } = waited;
  const title = {
    ready: 'A new pod would get its role',
    'not-ready': 'A new pod would not get its role',
    unknown: 'Whether a new pod would get its role is unknown',
  }[result];
  const shown = result === 'unknown' ? steps.find(({ value }) => value === 'unknown') : obstacle;
  const lines = [
    `${title}: service account ${namespace}/${serviceAccount}, cluster ${cluster}`,
    '',
    ...steps.map(({ name, value, text }) => `  ${paint(value.padEnd(7), COLORS[value])}  ${name.padEnd(11)}  ${text}.`),
    '',
    ...(shown ? [`Last obstacle: ${obstacleText(shown)}`] : []),
    waited.notVisible,
  ];
  return `${lines.map((line) => wrap(line, width, /^ {2}\S/.test(line) ? 22 : 2)).join('\n')}\n`;
}
