import type { ClusterError } from '../../foundation/node/cluster-error.ts';
import { commandLine } from '../../foundation/node/command-line.ts';
import type { Io } from '../../foundation/node/io.ts';
import { EXIT, HarnessError } from '../../foundation/node/errors.ts';
import { suggestion } from '../../foundation/node/nearest.ts';
import { option, type OptionSpec } from '../../foundation/node/options.ts';
import { checkConflicts } from '../../harness/config/conflicts.ts';
import { checkForms, firstWord, readOptions, type GivenOptions } from '../../harness/config/read-options.ts';
import { helpText, type Described } from './help.ts';

/** A command. Its file only imports its options; `run` imports the implementation. */
export interface Command<Given extends GivenOptions = GivenOptions> extends Described {
  /** Whether it needs the project's sources, which an installed package lacks. */
  readonly fromClone?: boolean;
  /** Whether it is for maintainers of the project, so that help of the installed package does not list it. */
  readonly forMaintainers?: boolean;
  /** Named `<command> <word>`. A flag of the command with the name of the word selects the subcommand too. */
  readonly subcommands?: readonly Subcommand[];
  read?(argv: readonly string[], environment: Io['environment']): Given;
  /** Returns the exit code. Throws `HarnessError` and `ClusterError` that a user can act on. */
  run(given: Given, io: Io): Promise<number>;
}

export interface Subcommand extends Command {
  /** First words that select it too, and are its first operand. */
  readonly alias?: RegExp;
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

/** Runs the command or its subcommand; returns the exit code. Prints errors that a user can act on as a sentence on stderr. */
export async function execute(main: Command, argv: readonly string[], io: Io): Promise<number> {
  try {
    const [command, args] = chosen(main, argv);
    const options = allOptions(command);
    const commandsOf = (flag: string): readonly string[] =>
      [main, ...(main.subcommands ?? [])]
        .filter((other) => other.options.some(({ name, short }) => name === flag || short === flag))
        .map(({ name }) => name);
    const { environment } = io;
    const given = command.read?.(args, environment) ?? readOptions(options, { argv: args, environment, commandsOf });
    if (given.flag('help')) {
      io.stdout.write(helpText({ ...command, options }, given.words[0]));
      return EXIT.conforms;
    }
    if (!command.read) {
      checkForms(options, given);
      checkConflicts(options, given);
    }
    checkOperands(command, given);
    return await command.run(given, io);
  } catch (error) {
    return report(error, argv.includes('--verbose'), io);
  }
}

/** Returns the command, or the subcommand that the first word or a flag selects, and its arguments. */
function chosen(main: Command, argv: readonly string[]): readonly [Command, readonly string[]] {
  const { subcommands = [], options } = main;
  const first = firstWord(argv, [main, ...subcommands].flatMap(allOptions));
  for (const command of subcommands) {
    const word = command.name.slice(main.name.length + 1);
    const flag = options.some(({ name }) => name === word) ? argv.indexOf(`--${word}`) : -1;
    const index = first?.value === word ? first.index : flag;
    if (index >= 0) return [command, argv.toSpliced(index, 1)];
    if (command.alias?.test(first?.value ?? '')) return [command, argv];
  }
  return [main, argv];
}

function checkOperands({ name, operands, options, subcommands = [] }: Command, { words, values }: GivenOptions): void {
  const { least, most = Infinity, usage } = operands ?? { least: 0, most: 0, usage: '' };
  const help = `See \`${commandLine(name, '--help')}\`.`;
  const wrong = (problem: string): HarnessError => new HarnessError('UNKNOWN_FLAG', problem);
  const extra = words[most];
  if (extra !== undefined && most > 0) throw wrong(`Too many arguments ("${extra}"): give ${usage}. ${help}`);
  if (extra !== undefined && subcommands.length > 0) {
    const names = subcommands.map((one) => one.name.slice(name.length + 1));
    throw wrong(`Unknown subcommand "${extra}" of ${name}: ${suggestion(extra, names)} ${help}`);
  }
  if (extra !== undefined) throw wrong(`Unexpected argument "${extra}". ${help}`);
  const exits = options.some((one) => one.exits && values.get(one.name)?.value === true);
  if (words.length < least && !exits) throw wrong(`Too few arguments: give ${usage}. ${help}`);
  if (words.includes('')) throw new HarnessError('BAD_FLAG_VALUE', `An argument is empty. ${help}`);
}

function report(error: unknown, verbose: boolean, io: Io): number {
  const isExpected = isHarnessError(error) || isClusterError(error);
  const message = error instanceof Error ? error.message : String(error);
  io.stderr.write(
    isExpected ? `${message}\n` : `The harness failed: ${message.split('\n')[0]} (--verbose prints the stack trace).\n`,
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
