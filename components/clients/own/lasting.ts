/** A user's program that reads a request a line and prints an answer a line (docs/own-program.md). */
import { byLine } from '../../probe/lines.ts';
import { redactor } from '../../../foundation/node/redact.ts';
import { startProgram, type StartedProgram } from './program.ts';

export interface LastingRequest {
  readonly action: 'read' | 'write';
  readonly bucket: string;
  readonly key: string;
}

interface LastingAnswer {
  readonly ok: boolean;
  readonly error?: unknown;
}

/** Starts the program for the first request, and again after it has exited. */
export function lastingProgram(variables: Readonly<Record<string, string>>) {
  const waiting: ((answer: LastingAnswer) => void)[] = [];
  let current: StartedProgram | undefined;

  function start(): StartedProgram {
    const started = startProgram(variables, true);
    // A failed write shows as the exit of the process.
    started.child.stdin?.on('error', () => undefined);
    void started.ended.then(() => {
      current = undefined;
    });
    byLine(started.child.stdout!, (line) => {
      const answer = answerIn(line);
      if (answer !== undefined) waiting.shift()?.(answer);
    });
    return started;
  }

  /** Returns how it ended, `none` if it still runs, and its error; undefined if it does not answer before `late`. */
  async function ask(
    request: LastingRequest,
    late: Promise<undefined>,
  ): Promise<{ readonly exit: string; readonly lastWords: string } | undefined> {
    const isNew = current === undefined;
    const running = (current ??= start());
    let give: (answer: LastingAnswer) => void = () => undefined;
    const answered = new Promise<LastingAnswer>((resolve) => {
      give = resolve;
      waiting.push(resolve);
    });
    running.child.stdin?.write(`${JSON.stringify(request)}\n`);
    const came = await Promise.race([answered, running.ended, late]);
    if (waiting.includes(give)) waiting.splice(waiting.indexOf(give), 1);
    if (came === undefined) return undefined;
    // It may have exited after its last answer, before it could read this request.
    if (typeof came === 'string' && !isNew) return ask(request, late);
    if (typeof came === 'string') return { exit: came, lastWords: running.lastWords() };
    return { exit: 'none', lastWords: typeof came.error === 'string' ? redactor().text(came.error) : '' };
  }

  return { ask, end: () => current?.end() };
}

/** Returns the answer in a line; undefined for the program's other output. */
function answerIn(line: string): LastingAnswer | undefined {
  try {
    const answer = JSON.parse(line) as Partial<LastingAnswer> | null;
    return typeof answer?.ok === 'boolean' ? (answer as LastingAnswer) : undefined;
  } catch {
    return undefined;
  }
}
