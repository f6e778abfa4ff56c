import type * as published from '../../scripts/published.ts';
import type { Command } from './command.ts';
import { fromSource } from './from-source.ts';

export const PUBLISHED: Command = {
  name: 'published',
  summary: 'publishes the results of a subject, and writes the page that compares all of them',
  about: `Publishes the results of a run as those of a subject, and writes the page that compares all that is published
(reports/published). Without words, it writes the page alone.`,
  files: { usage: '[SUBJECT VERSION REPORT]', least: 0, most: 3 },
  options: [],
  remarks: 'Exit codes: 0 written; 2 wrong usage, or a run that cannot be published.',
  fromClone: true,
  async run({ words }, io) {
    const { publish } = await fromSource<typeof published>('scripts/published.ts', io);
    return publish(words, io);
  },
};
