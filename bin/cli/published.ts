import { badFlagValue } from '../../foundation/node/errors.ts';
import { option } from '../../foundation/node/options.ts';
import type * as published from '../../scripts/published.ts';
import type { Command } from './command.ts';
import { fromSource } from './from-source.ts';

export const PUBLISHED: Command = {
  name: 'published',
  summary: 'publishes the results of a subject, and writes the page that compares all of them',
  about: `Publishes the results of a run as those of a subject, and writes the page that compares all that is published
(reports/published). Without words, it writes the page alone.`,
  files: { usage: '[SUBJECT VERSION REPORT]', least: 0, most: 3 },
  options: [
    option.text(
      'emulator NAME',
      'run the suites against ministack, moto or localstack, which is started for it, and publish that',
    ),
  ],
  remarks: 'Exit codes: 0 written; 2 wrong usage, or a run that cannot be published; 3 an emulator could not be run.',
  fromClone: true,
  async run({ text, words }, io) {
    const emulator = text('emulator');
    const [word] = words;
    if (emulator !== undefined && word !== undefined)
      throw badFlagValue(`--emulator makes a run of its own: leave out "${word}".`);
    const { publish, publishEmulator } = await fromSource<typeof published>('scripts/published.ts', io);
    return emulator === undefined ? publish(words, io) : publishEmulator(emulator, io);
  },
};
