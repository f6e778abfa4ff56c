import { commandLine, isInstalled } from '../../foundation/node/command-line.ts';
import { EXIT } from '../../foundation/node/errors.ts';
import { suggestion } from '../../foundation/node/nearest.ts';
import { execute, type Command } from './command.ts';
import type { Io } from '../../foundation/node/io.ts';
import { CAN } from './can.ts';
import { CLONE_COMMANDS } from './clone-commands.ts';
import { COMPARE } from './compare.ts';
import { DOCTOR } from './doctor.ts';
import { emulatorCommand } from './emulator.ts';
import { EVALUATE } from './evaluate.ts';
import { INIT } from './init.ts';
import { LIST } from './list.ts';
import { KIND_IMAGES } from './kind-images.ts';
import { LOOSEN } from './loosen.ts';
import { MERGE } from './merge.ts';
import { NO_NEW_ACCESS } from './no-new-access.ts';
import { PLAN } from './plan.ts';
import { PREFLIGHT } from './preflight.ts';
import { REPLAY } from './replay.ts';
import { REPORT } from './report.ts';
import { runCommand } from './run.ts';
import { sweepCommand } from './sweep.ts';
import { CALLS } from './calls.ts';
import { DOWN, STATUS, UP } from './up.ts';

const RUN = runCommand();

export const COMMANDS: readonly Command[] = [
  RUN,
  LIST,
  PLAN,
  DOCTOR,
  CAN,
  NO_NEW_ACCESS,
  PREFLIGHT,
  emulatorCommand(),
  UP,
  STATUS,
  DOWN,
  CALLS,
  INIT,
  EVALUATE,
  LOOSEN,
  REPLAY,
  COMPARE,
  MERGE,
  REPORT,
  sweepCommand(),
  KIND_IMAGES,
  ...CLONE_COMMANDS,
];

/** All commands, each before its subcommands. */
export const ALL_COMMANDS: readonly Command[] = COMMANDS.flatMap((command) => [
  command,
  ...(command.subcommands ?? []),
]);

export async function main(argv: readonly string[], io: Io): Promise<number> {
  const [name = '', ...rest] = argv;
  if (name === '' || name.startsWith('-')) return execute(withCommands(RUN), argv, io);
  const available = COMMANDS.filter(({ fromClone }) => !fromClone || !isInstalled());
  const command = available.find((one) => one.name === name);
  if (command !== undefined) return execute(command === RUN ? withCommands(RUN) : command, rest, io);
  const names = available.map((one) => one.name);
  io.stderr.write(
    COMMANDS.some((one) => one.name === name)
      ? `Command ${name} needs the project's sources, which an installed package lacks. Run it in a clone.\n`
      : `Unknown command "${name}": ${suggestion(name, names)}\n`,
  );
  return EXIT.usage;
}

/** Lists the other commands in the help of a command; those of maintainers only in a clone. */
export function withCommands<Default extends Command>(command: Default, installed = isInstalled()): Default {
  const others = COMMANDS.filter(({ name }) => name !== command.name);
  const rowsOf = (commands: readonly Command[]) =>
    commands.map(({ name, summary }) => [commandLine(name, '', installed), summary] as const);
  const tables = [
    {
      title: 'Commands (each has its own --help):',
      rows: rowsOf(others.filter(({ forMaintainers }) => !forMaintainers)),
    },
    {
      title: 'Which command answers which question:',
      rows: others.flatMap(({ name, question }) => (question === undefined ? [] : [[name, question] as const])),
    },
    {
      title: 'Commands for maintainers of this project:',
      rows: installed ? [] : rowsOf(others.filter(({ forMaintainers }) => forMaintainers)),
    },
  ];
  return { ...command, tables };
}
