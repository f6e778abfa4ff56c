import type { Command } from '../../bin/cli/command.ts';
import type { Io } from '../../foundation/node/io.ts';

/** Exit code and output of a command. */
export interface Executed {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/**
 * Executes a command in this process. It is given by name or by the test, or is the one that the arguments name. `more` replaces
 * parts of the process, `wrote` receives standard output. Modules are imported dynamically like in commands: since mocha requires
 * test files, modules that are both required and imported exist twice, with different error classes.
 */
export async function executed(
  given: string | (() => Promise<Command>) | undefined,
  argv: readonly string[],
  more: Partial<Io> = {},
  wrote: (text: string) => void = () => {},
): Promise<Executed> {
  let [out, err] = ['', ''];
  const [{ execute }, { COMMANDS, main }] = await Promise.all([
    import('../../bin/cli/command.ts'),
    import('../../bin/cli/commands.ts'),
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
  if (given !== undefined && command === undefined) throw new Error(`Unknown command ${String(given)}.`);
  const code = await (command ? execute(command, argv, io) : main(argv, io));
  return { code, out, err };
}
