import type { Command } from '../../bin/cli/command.ts';
import type { Io } from '../../foundation/node/io.ts';

/** What a command came to. */
export interface Executed {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/**
 * Executes a command in this process: by its name, made for a test, or the one that the arguments name. `more` replaces parts
 * of the process; `wrote` receives standard output. Modules are imported as the commands import theirs: mocha requires test files, and
 * what is required and imported is there twice, each with error classes of its own.
 */
export async function executed(
  given: string | (() => Promise<Command>) | undefined,
  argv: readonly string[],
  more: Partial<Io> = {},
  wrote: (text: string) => void = () => {},
): Promise<Executed> {
  let [out, err] = ['', ''];
  const [{ execute }, { COMMANDS, main }, { endTimeLimit }] = await Promise.all([
    import('../../bin/cli/command.ts'),
    import('../../bin/cli/commands.ts'),
    import('../../harness/scenario-files/load-limit.ts'),
  ]);
  const io: Io = {
    stdout: { write: (text: string) => ((out += text), wrote(text), true) } as Io['stdout'],
    stderr: { write: (text: string) => ((err += text), true) } as Io['stderr'],
    environment: {},
    interruption: () => new AbortController().signal,
    root: '.',
    code: '.',
    ...more,
  };
  const command = typeof given === 'string' ? COMMANDS.find(({ name }) => name === given) : await given?.();
  if (given !== undefined && command === undefined) throw new Error(`no command ${String(given)}`);
  try {
    const code = await (command ? execute(command, argv, io) : main(argv, io));
    return { code, out, err };
  } finally {
    // Other tests may keep this process busy for longer.
    await endTimeLimit();
  }
}
