/**
 * Runs a user's program as a client (docs/own-program.md), by `foundation/protocols/client-protocol.ts`. Starts it for
 * each operation, or once if it lasts. Judges it by the responses of S3 and STS.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  NO_REQUEST,
  type ClientAnswer,
  type ClientError,
  type ClientOperation,
} from '../../../foundation/protocols/client-protocol.ts';
import { serveClient } from '../../../foundation/protocols/serve-client.ts';
import { lastingProgram } from './lasting.ts';
import { LASTS_VARIABLE, startProgram } from './program.ts';
import { startRecorder, type RecordedAnswer, type Recorder } from './recorder.ts';

const ACTIONS = { GetObject: { word: 'read', method: 'GET' }, PutObject: { word: 'write', method: 'PUT' } } as const;

type Operation = { readonly do: keyof typeof ACTIONS; readonly bucket: string; readonly key: string };

/** Milliseconds that a program has to exit after its operation. */
const END_MILLISECONDS = 2000;
/** Timeout of the operation in milliseconds, shorter than the probe program's, so that the reason is reported. */
const MOST_MILLISECONDS = 20_000;

async function answer(operation: ClientOperation): Promise<Omit<ClientAnswer, 'id'>> {
  const recorder = await startRecorder();
  try {
    const task = operation as Operation;
    return judged(task, recorder.answers, (await ran(task, recorder)) ?? exitLate('exit'));
  } finally {
    recorder.close();
  }
}

/** Returns the answer of a program that does one operation after another. Its relay is there from the start. */
async function lastingAnswers(): Promise<{ readonly answer: typeof answer; readonly end: () => void }> {
  const recorder = await startRecorder();
  const program = lastingProgram(recorder.variables);
  return {
    answer: async (operation) => {
      const task = operation as Operation;
      const { do: name, bucket, key } = task;
      const earlier = recorder.answers.length;
      const request = { action: ACTIONS[name].word, bucket, key };
      const how = (await program.ask(request, sleep(MOST_MILLISECONDS, undefined))) ?? exitLate('answer');
      await Promise.race([recorder.settled(), sleep(END_MILLISECONDS)]);
      return judged(task, recorder.answers.slice(earlier), how);
    },
    end: () => program.end(),
  };
}

function judged(task: Operation, answers: readonly RecordedAnswer[], how: Ran): Omit<ClientAnswer, 'id'> {
  const last = answersTo(task, answers).at(-1);
  if (last !== undefined && last.status < 300) return { facts: { exit: how.exit }, requestId: last.requestId };
  return { error: last === undefined ? nothingAsked(task, answers, how) : errorOf(last, 's3') };
}

/** Ends this program, whose last line the probe program reports. */
function exitLate(missing: 'exit' | 'answer'): never {
  const granted = missing === 'exit' ? ', and S3 granted it nothing during that time' : '';
  process.stderr.write(`the program did not ${missing} within ${MOST_MILLISECONDS / 1000} s${granted}\n`);
  process.exit(1);
}

const errorOf = (answer: RecordedAnswer, service: 's3' | 'sts'): ClientError => {
  const { status, requestId, code, message } = answer;
  return { service, code, status, message, requestId };
};

const answersTo = ({ do: name, bucket, key }: Operation, answers: readonly RecordedAnswer[]) =>
  answers.filter(({ method, object }) => method === ACTIONS[name].method && object === `${bucket}/${key}`);

interface Ran {
  /** `code 0`, `signal SIGTERM`, or `none` if it was still running. */
  readonly exit: string;
  /** A line about an error, from standard error or the program's answer. */
  readonly lastWords: string;
}

/** Starts the program for one operation. Returns undefined if it does not end in time. */
async function ran(task: Operation, recorder: Recorder): Promise<Ran | undefined> {
  const { ended, lastWords, end } = startProgram({ ...environmentOf(task), ...recorder.variables }, false);
  const granted = async (): Promise<string> => {
    while (!answersTo(task, recorder.answers).some(({ status }) => status < 300)) await recorder.answered();
    await sleep(END_MILLISECONDS);
    return 'none';
  };
  const exit = await Promise.race([ended, granted(), sleep(MOST_MILLISECONDS, undefined)]);
  end();
  return exit === undefined ? undefined : { exit, lastWords: lastWords() };
}

const environmentOf = ({ do: name, bucket, key }: Operation): NodeJS.ProcessEnv => ({
  CONFORMANCE_ACTION: ACTIONS[name].word,
  CONFORMANCE_BUCKET: bucket,
  CONFORMANCE_KEY: key,
});

/** Returns why S3 got no request: STS rejected one, or the program had no credentials or did something else. */
function nothingAsked(
  { do: name, bucket, key }: Operation,
  answers: readonly RecordedAnswer[],
  { exit, lastWords }: Ran,
): ClientError {
  const refused = answers.findLast(({ object, status }) => object === undefined && status >= 400);
  if (refused !== undefined) return errorOf(refused, 'sts');
  const quotation = lastWords === '' ? '' : `; its last line on standard error: ${lastWords}`;
  const message = `the program (exit: ${exit}) sent S3 no ${name} of s3://${bucket}/${key}${quotation}`;
  return { code: NO_REQUEST, message };
}

const lasting = process.env[LASTS_VARIABLE] === undefined ? undefined : await lastingAnswers();
await serveClient(lasting?.answer ?? answer);
lasting?.end();
process.exit();
