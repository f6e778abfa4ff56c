/** Starts a user's program: for one operation, or for one operation after another. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { redactor } from '../../../foundation/node/redact.ts';
import { byLine } from '../../probe/lines.ts';

/** Set if the program does one operation after another. */
export const LASTS_VARIABLE = 'CLIENT_LASTS';
const PROGRAM_VARIABLE = 'CLIENT_PROGRAM';

const MOST_QUOTED = 300;
const MOST_READ = 10_000;
/** Lines of standard error that are more informative than later lines. */
const ERROR = /error|exception|denied|failed/i;

interface Program {
  readonly command: readonly string[];
  readonly folder?: string;
}

/** Returns the user's program from the environment, or in a user's image from a file above this program's folder. */
const programOf = (json: string | undefined): Program =>
  JSON.parse(json ?? readFileSync(new URL('../../program.json', import.meta.url), 'utf8')) as Program;

export type StartedProgram = ReturnType<typeof startProgram>;

/** Starts the program with the pod's environment and `variables`. Its standard input and output are used only if it lasts. */
export function startProgram(variables: NodeJS.ProcessEnv, lasts: boolean) {
  const { [PROGRAM_VARIABLE]: json, [LASTS_VARIABLE]: _, ...environment } = process.env;
  const { command, folder } = programOf(json);
  const [program = '', ...args] = command;
  const way = lasts ? 'pipe' : 'ignore';
  const env = { ...environment, ...variables };
  const child = spawn(program, args, { cwd: folder, env, stdio: [way, way, 'pipe'], detached: true });
  let lastWords = '';
  byLine(child.stderr!, (whole) => {
    const line = whole.slice(0, MOST_READ).trim();
    if (line !== '' && (ERROR.test(line) || !ERROR.test(lastWords))) lastWords = line;
  });
  return {
    child,
    /** Resolves when it exits: `code 0`, `signal SIGTERM` or `start: ENOENT`. */
    ended: once(child, 'exit').then(
      ([code, signal]: unknown[]) => (signal === null ? `code ${String(code)}` : `signal ${signal as string}`),
      (error: NodeJS.ErrnoException) => `start: ${error.code}`,
    ),
    /** The last line of standard error, or the last with an error. Truncated last, because part of a secret would not be recognized. */
    lastWords: () => redactor().text(lastWords).slice(0, MOST_QUOTED),
    /** Ends it with all its children. */
    end: (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has already ended.
      }
    },
  };
}
