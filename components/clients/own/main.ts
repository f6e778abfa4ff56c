/**
 * Runs a user's program as a client (docs/own-program.md), by `foundation/protocols/client-protocol.ts`. Starts it for
 * each operation and judges it by the responses of S3 and STS.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  NO_REQUEST,
  type ClientAnswer,
  type ClientError,
  type ClientOperation,
} from '../../../foundation/protocols/client-protocol.ts';
import { byLine } from '../../probe/lines.ts';
import { redactor } from '../../../foundation/node/redact.ts';
import { serveClient } from '../../../foundation/protocols/serve-client.ts';
import { startRecorder, type RecordedAnswer, type Recorder } from './recorder.ts';

const ACTIONS = { GetObject: { word: 'read', method: 'GET' }, PutObject: { word: 'write', method: 'PUT' } } as const;

type Operation = { readonly do: keyof typeof ACTIONS; readonly bucket: string; readonly key: string };

/** Milliseconds that a program has to exit after its operation. */
const END_MILLISECONDS = 2000;
/** Timeout of the operation in milliseconds, shorter than the probe program's, so that the reason is reported. */
const MOST_MILLISECONDS = 20_000;
const MOST_QUOTED = 300;
const MOST_READ = 10_000;
/** Lines of standard error that are more informative than later lines. */
const ERROR = /error|exception|denied|failed/i;

async function answer(operation: ClientOperation): Promise<Omit<ClientAnswer, 'id'>> {
  const recorder = await startRecorder();
  try {
    const asked = operation as Operation;
    const how = await ran(asked, recorder);
    const last = answersTo(asked, recorder).at(-1);
    if (last !== undefined && last.status < 300) return { facts: { exit: how.exit }, requestId: last.requestId };
    return { error: last === undefined ? nothingAsked(asked, recorder, how) : errorOf(last, 's3') };
  } finally {
    recorder.close();
  }
}

const errorOf = (answer: RecordedAnswer, service: 's3' | 'sts'): ClientError => {
  const { status, requestId, code, message } = answer;
  return { service, code, status, message, requestId };
};

const answersTo = ({ do: name, bucket, key }: Operation, { answers }: Recorder) =>
  answers.filter(({ method, object }) => method === ACTIONS[name].method && object === `${bucket}/${key}`);

interface Ran {
  /** `code 0`, `signal SIGTERM`, or `none` if it was still running. */
  readonly exit: string;
  /** The last line of standard error, or the last with an error. */
  readonly lastWords: string;
}

interface Program {
  readonly command: readonly string[];
  readonly folder?: string;
}

/** Returns the user's program from the environment, or in a user's image from a file above this program's folder. */
const programOf = (json: string | undefined): Program =>
  JSON.parse(json ?? readFileSync(new URL('../../program.json', import.meta.url), 'utf8')) as Program;

async function ran(asked: Operation, recorder: Recorder): Promise<Ran> {
  const { command, folder } = programOf(process.env['CLIENT_PROGRAM']);
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...environmentOf(asked), ...recorder.variables },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  let lastWords = '';
  byLine(child.stderr, (whole) => {
    const line = whole.slice(0, MOST_READ).trim();
    if (line !== '' && (ERROR.test(line) || !ERROR.test(lastWords))) lastWords = line;
  });
  const ended = once(child, 'exit').then(
    ([code, signal]: unknown[]) => (signal === null ? `code ${String(code)}` : `signal ${signal as string}`),
    (error: NodeJS.ErrnoException) => `start: ${error.code}`,
  );
  const granted = async (): Promise<string> => {
    while (!answersTo(asked, recorder).some(({ status }) => status < 300)) await recorder.answered();
    await sleep(END_MILLISECONDS);
    return 'none';
  };
  const late = sleep(MOST_MILLISECONDS, undefined);
  const exit = await Promise.race([ended, granted(), late]);
  try {
    // End it with all its children.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has already ended.
  }
  if (exit === undefined) {
    const seconds = MOST_MILLISECONDS / 1000;
    process.stderr.write(`the program did not exit within ${seconds} s, and S3 granted it nothing during that time\n`);
    process.exit(1);
  }
  // Truncate last, because part of a secret would not be recognized.
  return { exit, lastWords: redactor().text(lastWords).slice(0, MOST_QUOTED) };
}

function environmentOf({ do: name, bucket, key }: Operation): NodeJS.ProcessEnv {
  const { CLIENT_PROGRAM: _, ...environment } = process.env;
  return { ...environment, CONFORMANCE_ACTION: ACTIONS[name].word, CONFORMANCE_BUCKET: bucket, CONFORMANCE_KEY: key };
}

/** Returns why S3 got no request: STS rejected one, or the program had no credentials or did something else. */
function nothingAsked(
  { do: name, bucket, key }: Operation,
  { answers }: Recorder,
  { exit, lastWords }: Ran,
): ClientError {
  const refused = answers.findLast(({ object, status }) => object === undefined && status >= 400);
  if (refused !== undefined) return errorOf(refused, 'sts');
  const quotation = lastWords === '' ? '' : `; its last line on standard error: ${lastWords}`;
  const message = `the program (exit: ${exit}) sent S3 no ${name} of s3://${bucket}/${key}${quotation}`;
  return { code: NO_REQUEST, message };
}

await serveClient(answer);
process.exit();
