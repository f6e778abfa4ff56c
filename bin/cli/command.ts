import type { ClusterError } from '../../foundation/node/cluster-error.ts';
import { commandLine } from '../../foundation/node/command-line.ts';
import type { Io } from '../../foundation/node/io.ts';
import { EXIT, HarnessError } from '../../foundation/node/errors.ts';
import { option, type OptionSpec } from '../../foundation/node/options.ts';
import { checkForms, readOptions, type GivenOptions } from '../../harness/config/read-options.ts';
import { helpText, type Described } from './help.ts';

/** A command. Its file only imports its options; `run` imports the implementation. */
export interface Command<Given extends GivenOptions = GivenOptions> extends Described {
  /** Whether it needs the project's sources, which an installed package lacks. */
  readonly fromClone?: boolean;
  read?(argv: readonly string[], environment: Io['environment']): Given;
  /** Returns the exit code. Throws `HarnessError` and `ClusterError` that a user can act on. */
  run(given: Given, io: Io): Promise<number>;
}

const COMMON: readonly OptionSpec[] = [
  option.flag('verbose', 'print stack traces of errors'),
  option.flag('help', 'print this help and exit', { short: 'h' }),
];

/** Returns the command's options and the common ones. Without `read`, they are flags only unless the option allows more. */
export const allOptions = ({ options, read }: Pick<Command, 'options' | 'read'>): readonly OptionSpec[] =>
  [...options, ...COMMON.filter(({ name }) => !options.some((option) => option.name === name))].map((option) => ({
    commandLineOnly: read === undefined,
    ...option,
  }));

/** Runs the command; returns the exit code. Prints errors that a user can act on as a sentence on stderr. */
export async function execute(command: Command, argv: readonly string[], io: Io): Promise<number> {
  const options = allOptions(command);
  try {
    const given = command.read?.(argv, io.environment) ?? readOptions(options, { argv, environment: io.environment });
    if (given.flag('help')) {
      io.stdout.write(helpText({ ...command, options }, given.words[0]));
      return EXIT.conforms;
    }
    if (!command.read) checkForms(options, given);
    checkWords(command, given.words);
    return await command.run(given, io);
  } catch (error) {
    return report(error, argv.includes('--verbose'), io);
  }
}

function checkWords({ name, files }: Command, words: readonly string[]): void {
  const { least, most = Infinity, usage } = files ?? { least: 0, most: 0, usage: 'no files' };
  const help = `See \`${commandLine(name, '--help')}\`.`;
  if (words.length < least || words.length > most)
    throw new HarnessError(
      'UNKNOWN_FLAG',
      `Expected ${usage}, got ${words.length} ${words.length === 1 ? `file (${words[0]})` : 'files'}. ${help}`,
    );
  if (words.includes('')) throw new HarnessError('BAD_FLAG_VALUE', `A file name is empty. ${help}`);
}

function report(error: unknown, verbose: boolean, io: Io): number {
  const known = isHarnessError(error) || isClusterError(error);
  const message = error instanceof Error ? error.message : String(error);
  io.stderr.write(
    known ? `${message}\n` : `The harness failed: ${message.split('\n')[0]} (--verbose prints the stack trace).\n`,
  );
  if (verbose && error instanceof Error) io.stderr.write(`${error.stack}\n`);
  if (isHarnessError(error)) return error.exitCode;
  return isClusterError(error) && error.blame === 'usage' ? EXIT.usage : EXIT.environment;
}

// Compares names, because a command that runs from source (`fromSource`) has its own copy of the classes.
const isHarnessError = (error: unknown): error is HarnessError =>
  error instanceof Error && error.name === 'HarnessError';
const isClusterError = (error: unknown): error is ClusterError =>
  error instanceof Error && error.name === 'ClusterError';
