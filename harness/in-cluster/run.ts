import { randomBytes } from 'node:crypto';
import { isAbsolute, join, normalize } from 'node:path';
import { put, type KubernetesObject } from '../../clusters/in-cluster/objects.ts';
import type { OpenRequest } from '../../clusters/interface/cluster-type.ts';
import type { RunnerPlace } from '../../clusters/interface/runner-place.ts';
import { commandLine } from '../../foundation/node/command-line.ts';
import { badFlagValue, EXIT, HarnessError } from '../../foundation/node/errors.ts';
import { connect, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import { textsOf } from '../../foundation/node/options.ts';
import { provisioningError } from '../engine/environment.ts';
import { report } from '../engine/reporting.ts';
import { scenarioResult } from '../engine/scenario-result.ts';
import { noteResult } from '../engine/scenarios.ts';
import { inPhase, openSession, tellStart, type RunOptions, type Session } from '../engine/session.ts';
import type { RunResults } from '../results/results.ts';
import { writeWhole } from '../report/write.ts';
import { RunnerLog, type RunnerEvent } from '../report/events.ts';
import { followPod, type Ending } from './follow.ts';
import { flagsOfRunner } from '../config/in-cluster-flags.ts';
import { EMULATOR, NAMESPACE, RUNNER_LABELS, runnerObjects, type RunnerSpec } from './manifest.ts';
import { prepareNamespace, removeRun } from './namespace.ts';

/** Milliseconds to wait for a stopped runner: its grace period and a margin. */
const LONGEST_STOP = 150_000;

/**
 * Runs the scenarios in a Job in the cluster, and reports its log like a local run. If the runner disappears, reports its
 * verdicts so far as an interrupted run. Removes all its objects, and leftovers of earlier runners.
 */
export async function runInCluster(given: RunOptions): Promise<RunResults> {
  const gone = new AbortController();
  const options = { ...given, interrupted: AbortSignal.any([given.interrupted, gone.signal]) };
  const session = openSession(options);
  tellStart(session);
  let place: RunnerPlace | undefined;
  let connection: Connection | undefined;
  let spec: RunnerSpec | undefined;
  try {
    await inPhase(session, 'provisioning', async () => {
      session.reporters.tell(
        'phaseStarted',
        'provisioning',
        `Run ${session.id}: provisioning the cluster of the runner`,
      );
      place = await openPlace(session);
      connection = connect(place.kubeConfig);
      spec = runnerSpec(session, place);
      await install(connection, spec, session);
    });
    if (connection !== undefined) await follow(session, connection, given.interrupted, gone);
  } catch (error) {
    session.failure ??= given.interrupted.aborted
      ? given.interrupted.reason
      : provisioningError(NAMESPACE, error as Error);
  }
  await inPhase(session, 'teardown', () => tearDown(session, place, connection, spec));
  if (session.runnerResults !== undefined && place !== undefined) addFacts(session, place);
  return report(session);
}

async function openPlace({ id: run, directory, journal, reporters, options }: Session): Promise<RunnerPlace> {
  const { configuration, workload, interrupted: signal } = options;
  const progress = (line: string): void => reporters.tell('note', line);
  const request: OpenRequest = {
    options: configuration,
    run,
    directory,
    workload,
    endpoints: {},
    journal,
    progress,
    signal,
  };
  const { cluster } = configuration;
  if (cluster.placeRunner === undefined)
    throw badFlagValue(`--in-cluster has no effect with --cluster ${cluster.name}: leave it out.`);
  return cluster.placeRunner(request);
}

function runnerSpec({ id: run, options, expiresAt }: Session, place: RunnerPlace): RunnerSpec {
  const { configuration } = options;
  const { clusterName, runnerImage: image, workloadImage, emulator } = place;
  return {
    run,
    expiresAt,
    clusterName,
    image,
    workloadImage,
    flags: flagsOfRunner(configuration, emulator !== undefined),
    ...textsOf(configuration, { roleArn: 'runner-role', claim: 'results-claim' }),
    ...(emulator && {
      emulator: {
        accessKeyId: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
        secretAccessKey: randomBytes(30).toString('base64url'),
        region: 'us-west-2',
        flags: emulator.flags,
      },
    }),
  };
}

async function install(connection: Connection, spec: RunnerSpec, { signal, reporters }: Session): Promise<void> {
  const note = (line: string): void => reporters.tell('note', line);
  const owner = await prepareNamespace(connection, spec, { signal, note });
  for (const object of runnerObjects(spec, owner)) {
    await put(connection, object, signal);
    if (object.kind === 'Pod') await emulatorReady(connection, object, { signal, note });
  }
}

/** Resolves once the emulator has registered the cluster. Throws its last output if it exits. */
export async function emulatorReady(
  connection: Connection,
  { metadata }: KubernetesObject,
  { signal, note }: { readonly signal: AbortSignal; readonly note: (line: string) => void },
): Promise<void> {
  const ready = new AbortController();
  const output: string[] = [];
  const onLine = (line: string): void => {
    if (line.startsWith('{"endpoint"')) ready.abort();
    else output.push(line);
  };
  try {
    await followPod({
      connection,
      namespace: NAMESPACE,
      labels: { ...metadata.labels },
      onLine,
      note,
      signal: AbortSignal.any([signal, ready.signal]),
    });
  } catch (error) {
    if (ready.signal.aborted) return;
    throw error;
  }
  throw new HarnessError(
    'PROVISIONING_FAILED',
    `The ${EMULATOR} in the cluster exited: ${output.at(-1) ?? 'it printed nothing'}`,
  );
}

/** Follows the runner until it ends. `user` fires on an interrupt; this function aborts `gone` if the runner ends early. */
async function follow(
  session: Session,
  connection: Connection,
  user: AbortSignal,
  gone: AbortController,
): Promise<void> {
  const { reporters } = session;
  const log = new RunnerLog();
  const underWay = new Set<string>();
  const stop = new AbortController();
  const onInterrupt = (): void => {
    setTimeout(() => stop.abort(user.reason), LONGEST_STOP).unref();
    // The runner removes its resources in its grace period.
    void removeJob(connection).catch(() => stop.abort(user.reason));
  };
  if (user.aborted) onInterrupt();
  else user.addEventListener('abort', onInterrupt, { once: true });
  let ending: Ending;
  try {
    ending = await followPod({
      connection,
      namespace: NAMESPACE,
      labels: RUNNER_LABELS,
      signal: stop.signal,
      onLine: (line) => {
        const event = log.read(line);
        if (event !== undefined) take(session, event, underWay);
      },
      note: (line) => reporters.tell('note', line),
    });
  } finally {
    user.removeEventListener('abort', onInterrupt);
  }
  if (log.lost > 0)
    reporters.tell(
      'note',
      `${log.lost} lines of the runner's log were lost, because the log was rotated before they were read.`,
    );
  conclude(session, { ending, output: log.firstLines, underWay, isStopped: user.aborted }, gone);
}

function take(session: Session, event: RunnerEvent, underWay: Set<string>): void {
  const { reporters, directory } = session;
  switch (event.event) {
    case 'runStarted':
      return;
    case 'phaseStarted':
      return reporters.tell('phaseStarted', event.phase, event.detail);
    case 'note':
      return reporters.tell('note', event.line);
    case 'scenarioStarted': {
      const { event: _name, ...scenario } = event;
      underWay.add(scenario.id);
      return reporters.tell('scenarioStarted', scenario);
    }
    case 'scenarioOver':
      underWay.delete(event.scenario.id);
      return noteResult(session, event.scenario);
    case 'attachment':
      // The path comes from a log, so it must not leave the folder.
      if (!isAbsolute(event.path) && !normalize(event.path).startsWith('..'))
        writeWhole(join(directory, event.path), event.text);
      return;
    case 'runOver':
      session.runnerResults = event.results;
  }
}

interface Outcome {
  readonly ending: Ending;
  readonly output: readonly string[];
  readonly underWay: ReadonlySet<string>;
  readonly isStopped: boolean;
}

function conclude(session: Session, { ending, output, underWay, isStopped }: Outcome, gone: AbortController): void {
  const { runnerResults, results, options } = session;
  if (runnerResults !== undefined && !runnerResults.run.interrupted) {
    const { error, exitCode } = runnerResults.run;
    if (error !== null)
      session.failure = new HarnessError(exitCode === EXIT.usage ? 'BAD_CLUSTER' : 'RUNNER_FAILED', error);
    return;
  }
  if (runnerResults === undefined && !isStopped && 'exitCode' in ending) {
    // The runner printed a reason before it exited, or it was killed.
    const why = output.at(-1) ?? `exit code ${ending.exitCode}`;
    session.failure = new HarnessError(
      ending.exitCode === EXIT.usage ? 'BAD_CLUSTER' : 'RUNNER_FAILED',
      `The runner exited before the end of its run: ${why}`,
    );
    if (ending.exitCode === EXIT.usage) return;
  }
  const why = 'gone' in ending ? ending.gone : 'it was stopped, for example by a drain of its node';
  const failure = new HarnessError('RUNNER_FAILED', `The runner in the cluster did not finish: ${why}.`);
  for (const scenario of options.scenarios.filter(({ id }) => underWay.has(id) && !results.has(id))) {
    const result = { ...scenarioResult(scenario, 'error', failure.message), errorCode: failure.code };
    noteResult(session, result);
  }
  if (isStopped) return;
  session.failure ??= failure;
  gone.abort(failure);
}

const removeJob = (connection: Connection): Promise<void> =>
  connection.json('DELETE', `/apis/batch/v1/namespaces/${NAMESPACE}/jobs/runner`, { propagationPolicy: 'Background' });

async function tearDown(
  session: Session,
  place?: RunnerPlace,
  connection?: Connection,
  spec?: RunnerSpec,
): Promise<void> {
  session.reporters.tell('phaseStarted', 'teardown');
  const { id, directory, options } = session;
  const { cluster } = options.configuration;
  try {
    if (connection !== undefined && spec !== undefined) await removeRun(connection, spec, id);
    connection?.close();
    await place?.close();
  } catch (error) {
    const left = (error as Error).message;
    session.failure ??= new HarnessError('LEFT_BEHIND', `The runner could not be removed completely: ${left}`, {
      cause: error,
    });
  }
  // Resources in AWS have the run's tags, and outlive those in the cluster.
  if (options.interrupted.aborted && cluster.aws === 'account')
    session.reporters.tell(
      'note',
      `To remove leftovers of the run in AWS, use \`${commandLine('sweep', `--cluster ${cluster.name} --run ${id}`)}\`. Report folder: ${directory}.`,
    );
}

/** Adds facts about the cluster that the runner does not know. */
function addFacts(session: Session, { facts }: RunnerPlace): void {
  if (session.runnerResults === undefined) return;
  const { environment } = session.runnerResults;
  const clusters = environment.clusters.map((one) => ({ ...one, facts: { ...one.facts, ...facts } }));
  session.runnerResults = { ...session.runnerResults, environment: { ...environment, clusters } };
}
