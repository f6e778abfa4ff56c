/** Runs a client as a separate process, by foundation/protocols/client-protocol.ts. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { stripVTControlCharacters } from 'node:util';
import {
  CLIENT_ANSWER_PREFIX,
  type ClientAnswer,
  type ClientOperation,
  type ClientRequest,
} from '../../foundation/protocols/client-protocol.ts';
import type { PlannedClient } from '../../foundation/protocols/probe-protocol.ts';
import { redactor, type Redactor } from '../../foundation/node/redact.ts';
import { byLine } from './lines.ts';
import { endMarked, MARK } from './marked-processes.ts';
import type { OperationResult, OperationClient } from './operations.ts';

/** Longer than an SDK's retries of an agent that rejects it, and shorter than a scenario's default minute. */
const ANSWER_MILLISECONDS = 45_000;
const MOST_QUOTED = 300;

export interface ClientProgramOptions extends PlannedClient {
  /** Changes to the pod's environment. Undefined removes a variable. */
  readonly changes?: Readonly<Record<string, string | undefined>>;
}

export interface Asking {
  readonly atOnce?: number | undefined;
  /** Timeout of the answer. Default: 45 s. */
  readonly milliseconds?: number | undefined;
}

interface Running {
  readonly child: ChildProcess;
  /** Resolves when it exits, with a clause such as `it exited with code 1`. */
  readonly ended: Promise<string>;
  readonly waiting: Map<number, (answer: ClientAnswer) => void>;
  lastWords: string;
  hasPrintedToken: boolean;
}

/** Starts the program for the first operation, and again after it has exited. Ends it with this process. */
export class ClientProgram implements OperationClient {
  readonly identify?: () => Promise<OperationResult>;
  readonly #options: ClientProgramOptions;
  readonly #tokens: () => Iterable<string>;
  readonly #secrets = new Set<string>();
  readonly #mark = randomUUID();
  #running: Running | undefined;
  #lastId = 0;

  /** @param tokens returns the pod's current tokens, which no answer may contain */
  constructor(options: ClientProgramOptions, tokens: () => Iterable<string>) {
    this.#options = options;
    this.#tokens = tokens;
    if (options.operations.includes('GetCallerIdentity'))
      this.identify = () => this.answer({ do: 'GetCallerIdentity' });
    process.on('exit', this.#end);
  }

  /** Sends an operation and returns the answer. Throws an Error with one sentence if the client does not answer. */
  readonly answer = async (
    operation: ClientOperation,
    { atOnce, milliseconds }: Asking = {},
  ): Promise<OperationResult> => {
    const { name } = this.#options;
    const within = milliseconds ?? ANSWER_MILLISECONDS;
    for (const token of this.#tokens()) if (token !== '') this.#secrets.add(token);
    const running = (this.#running ??= this.#start());
    const id = (this.#lastId += 1);
    const request: ClientRequest = { id, operation, ...(atOnce !== undefined && { atOnce }) };
    let timer: NodeJS.Timeout | undefined;
    const came = await Promise.race([
      new Promise<ClientAnswer>((resolve) => {
        running.waiting.set(id, resolve);
        running.child.stdin?.write(`${JSON.stringify(request)}\n`);
      }),
      running.ended,
      new Promise<undefined>((resolve) => {
        timer = setTimeout(() => resolve(undefined), within);
      }),
    ]);
    clearTimeout(timer);
    running.waiting.delete(id);
    if (running.hasPrintedToken) return this.#fail(`client ${name} printed a token of its pod. Do not log tokens`);
    if (typeof came === 'object') return this.#checked(came);
    const what = came ?? `it did not answer within ${within / 1000} s`;
    const lastWords = this.#redact().text(running.lastWords).slice(0, MOST_QUOTED);
    const quoted = lastWords === '' ? '' : `; its last line on standard error: ${lastWords}`;
    return this.#fail(`client ${name} failed at ${operation.do}: ${what}${quoted}`);
  };

  readonly renewCredentials = (): void => this.#end();

  close(): void {
    process.off('exit', this.#end);
    this.#end();
  }

  readonly #end = (): void => {
    if (this.#running === undefined) return;
    this.#running.child.kill('SIGKILL');
    this.#running = undefined;
    endMarked(this.#mark);
  };

  readonly #redact = (): Redactor => redactor(this.#secrets);

  #fail(message: string): never {
    this.#end();
    throw new Error(message);
  }

  /** Returns the answer without secrets. Throws if it is invalid. */
  #checked({ identity, facts = {}, requestId, error }: ClientAnswer): OperationResult {
    const isText = (value: unknown): boolean => value === undefined || typeof value === 'string';
    const isError = error === undefined || (typeof error.code === 'string' && typeof error.message === 'string');
    if (!isError || !isText(requestId) || !isText(identity?.arn) || typeof facts !== 'object')
      this.#fail(`client ${this.#options.name} gave an invalid answer: see foundation/protocols/client-protocol.ts`);
    return this.#redact().value({
      ...(identity && { identity: { arn: identity.arn, account: String(identity.account) } }),
      ...(requestId !== undefined && { requestId }),
      ...(Object.keys(facts).length > 0 && { facts }),
      ...(error && { error: { ...error, code: plain(error.code), message: plain(error.message) } }),
    });
  }

  #start(): Running {
    const { command, environment, changes } = this.#options;
    const [program = '', ...args] = command;
    const env = { ...podEnvironment(), ...environment, ...changes, [MARK]: this.#mark };
    const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    // A failed write shows as the exit of the process.
    child.stdin.on('error', () => undefined);
    const running: Running = {
      child,
      ended: untilEnded(child).finally(() => {
        if (this.#running === running) this.#end();
      }),
      waiting: new Map(),
      lastWords: '',
      hasPrintedToken: false,
    };
    const notice = (line: string): void => {
      for (const secret of this.#secrets) running.hasPrintedToken ||= line.includes(secret);
    };
    byLine(child.stdout, (line) => {
      notice(line);
      const answer = answerIn(line);
      if (answer !== undefined) running.waiting.get(answer.id)?.(answer);
    });
    byLine(child.stderr, (line) => {
      notice(line);
      running.lastWords = plain(line).trim() || running.lastWords;
    });
    return running;
  }
}

/** Returns the pod's environment without this program's settings. */
const podEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PROBE_')));

/** Some clients print colors even without a terminal. */
const plain = stripVTControlCharacters;
/** Maximum wait for output after the exit, because children may keep the pipes open. */
const OUTPUT_MILLISECONDS = 500;

const untilEnded = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    child.once('error', ({ code }: NodeJS.ErrnoException) => resolve(`it could not be started (${code})`));
    child.once('exit', (code, signal) => {
      const end = (): void => resolve(signal === null ? `it exited with code ${code}` : `it was ended by ${signal}`);
      const timer = setTimeout(end, OUTPUT_MILLISECONDS);
      child.once('close', () => {
        clearTimeout(timer);
        end();
      });
    });
  });

function answerIn(line: string): ClientAnswer | undefined {
  if (!line.startsWith(CLIENT_ANSWER_PREFIX)) return undefined;
  try {
    const answer = JSON.parse(line.slice(CLIENT_ANSWER_PREFIX.length)) as ClientAnswer | null;
    return answer ?? undefined;
  } catch {
    return undefined;
  }
}
