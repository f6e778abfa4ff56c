import type * as published from '../../scripts/published.ts';
import type { Command } from './command.ts';
import { fromSource } from './from-source.ts';

export const PUBLISHED: Command = {
  name: 'published',
  summary: 'publish the results of a subject, and update the page that compares all',
  about: `Publish the results of a run as those of a subject, and update the page that compares all published results
(docs/published). Without arguments, only update the page.`,
  operands: { usage: '[SUBJECT VERSION REPORT]', least: 0, most: 3 },
  options: [],
  remarks: 'Exit codes: 0 written; 2 wrong usage, or a run that cannot be published.',
  fromClone: true,
  forMaintainers: true,
  async run({ words }, io) {
    const { publish } = await fromSource<typeof published>('scripts/published.ts', io);
    return publish(words, io);
  },
};
