import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientRun, ClientStep, Facts } from '../../../foundation/protocols/client-run.ts';
import type { PlannedClient, ProbeResult } from '../../../foundation/protocols/probe-protocol.ts';
import { ClientProgram } from '../client-program.ts';
import { outcomeOf, type OperationResult } from '../operations.ts';
import { openBench, type Bench } from './bench.ts';
import { inOwnNetwork, itself, rightsHere, Egress } from './network.ts';

/** Timeout of a client's answer. */
const ANSWER_MILLISECONDS = 25_000;

const OWN_CLIENT = (): PlannedClient => ({ name: 'javascript', command: itself('client'), operations: ['GetObject'] });

interface Done {
  readonly answer: OperationResult;
  readonly milliseconds: number;
  readonly received: number;
  readonly granted: number;
  readonly atOnce: number;
}

/** Runs a client with observed endpoints. `planned` defaults to the AWS SDK for JavaScript in a separate process. */
export async function runClient(run: ClientRun, planned: PlannedClient = OWN_CLIENT()): Promise<ProbeResult> {
  const bench = await openBench(run, process.env, rightsHere() !== undefined && planned.asksStsByTls);
  const out = await Egress.open(bench.folder);
  const program = new ClientProgram({ ...planned, ...settings(planned, bench, out) }, () => bench.names.secrets());
  const done: Done[] = [];
  try {
    for (const step of run.steps ?? [{}]) done.push(await perform(step, run, { bench, program }));
    return resultOf(run, done, bench.facts());
  } finally {
    program.close();
    out.close();
    bench.close();
  }
}

/** Returns the client's settings: the bench's environment, and its own network if possible. */
function settings(planned: PlannedClient, { environment, hosts, authorities, relayed, ports }: Bench, out: Egress) {
  const rights = rightsHere();
  if (rights === undefined) return { changes: environment };
  const localRoutes = ports.map((port) => ({ host: '127.0.0.1', port, to: port }));
  return inOwnNetwork(planned, environment, { rights, out, hosts, authorities, relayed: [...relayed, ...localRoutes] });
}

async function perform(
  step: ClientStep,
  { bucket, key }: ClientRun,
  { bench, program }: { readonly bench: Bench; readonly program: ClientProgram },
): Promise<Done> {
  const { waitSeconds = 0, atOnce = 1 } = step;
  if (waitSeconds > 0) await sleep(waitSeconds * 1000);
  bench.change(step);
  const count = (name: string): number => Number(bench.facts()[name]);
  const signed = (): number => count('s3.requests') - count('s3.unsigned');
  const before = { received: signed(), granted: count('s3.granted') };
  const started = performance.now();
  const answer = await program.answer({ do: 'GetObject', bucket, key }, { atOnce, milliseconds: ANSWER_MILLISECONDS });
  return {
    answer,
    atOnce,
    milliseconds: Math.round(performance.now() - started),
    received: signed() - before.received,
    granted: count('s3.granted') - before.granted,
  };
}

function resultOf({ mayFail = false, ...run }: ClientRun, done: readonly Done[], seen: Facts): ProbeResult {
  const results = done.map(resultOfStep);
  const last = results.at(-1) ?? { outcome: 'error' };
  const facts = {
    ...seen,
    outcomes: results.map(({ outcome }) => outcome).join(),
    milliseconds: done.map(({ milliseconds }) => milliseconds).join(),
    ...(last.outcome !== 'granted' && { quotesError: includesEndpointError(run, last.message ?? '') }),
  };
  return mayFail && last.outcome !== 'error' ? { outcome: 'granted', facts } : { ...last, facts };
}

/** Returns the result according to S3's requests. Without a signed request, the client had no credentials. */
function resultOfStep({ answer: { error }, received, granted, atOnce }: Done): ProbeResult {
  if (error === undefined && granted < atOnce)
    return {
      outcome: 'error',
      message: `the client reports that it read the object, but S3 served it ${granted} times`,
    };
  if (error === undefined) return { outcome: 'granted' };
  const { status, code, message } = error;
  if (received === 0) return { outcome: 'refused', layer: 'client', code, message };
  return { outcome: outcomeOf(status), layer: 's3', code, message, ...(status !== undefined && { status }) };
}

/** Returns whether a message contains the error that an endpoint's script returned. */
function includesEndpointError({ credentials = [], sts = [] }: Omit<ClientRun, 'mayFail'>, message: string): boolean {
  return [...credentials, ...sts].some(({ body = '', status = 200 }) => {
    const endpointError = /<Message>([^<]*)</.exec(body)?.[1] ?? body.trim();
    return status >= 400 && endpointError !== '' && message.includes(endpointError);
  });
}
