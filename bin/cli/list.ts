import type { Command } from './command.ts';
import type { Io } from '../../foundation/node/io.ts';
import { exitCodeOf, say, selected, selecting, SETTINGS, type Configured } from './scenarios.ts';

export const LIST: Command<Configured> = {
  name: 'list',
  summary: 'list scenarios',
  about: 'List the selected scenarios: id, suite and title.',
  ...selecting('list'),
  remarks: `${SETTINGS}\nExit codes: 0 listed; 2 wrong usage or configuration.`,
  run: list,
};

export async function list(configuration: Configured, io: Io): Promise<number> {
  const { scenarios, problems } = await selected(configuration, io);
  const { listText } = await import('../../harness/plan/print.ts');
  say(io, listText(scenarios));
  return exitCodeOf({ problems }, io);
}
