import { JAVASCRIPT } from '../../components/clients/javascript/index.ts';
import { commandLine } from '../../foundation/node/command-line.ts';
import { EXIT } from '../../foundation/node/errors.ts';
import { option } from '../../foundation/node/options.ts';
import type { Command } from './command.ts';

export const KIND_IMAGES: Command = {
  name: 'kind-images',
  summary: 'builds the image of the reference agent, webhook and probe program for kind',
  about: `Builds the image of the reference agent, webhook and probe program for clusters of kind, unless Docker has it already, and
prints its reference. See docs/images.md.`,
  options: [
    option.text(
      'base IMAGE',
      `what it is built from: a Linux image with iproute2, and Node 20.19 or later, else this machine's Node serves (default: node:22-bookworm-slim, else a node image of ${commandLine('kind-node-image')})`,
    ),
    option.list('client NAME[@VERSION]', 'clients that it is to have (repeat, or a comma list)'),
    option.flag('force', 'build it even if it is there'),
  ],
  remarks: 'Exit codes: 0 it is there; 2 wrong usage; 3 it cannot be built; 130 interrupted.',
  async run({ text, flag, list }, io) {
    const signal = io.interruption();
    const [{ ensureComponentImage }, { chosenClients, installedClients }] = await Promise.all([
      import('../../clusters/kind/images/index.ts'),
      import('../../harness/plan/clients.ts'),
    ]);
    const progress = (line: string): void => void io.stderr.write(`${line}\n`);
    const base = text('base');
    try {
      const { environment } = io;
      const clients = await installedClients(chosenClients(list('client')), { environment, progress, signal });
      const reference = await ensureComponentImage({
        workload: { ...JAVASCRIPT, clients },
        ...(base !== undefined && { base }),
        baseFlag: '--base',
        force: flag('force'),
        progress,
        signal,
      });
      io.stdout.write(`${reference}\n`);
      return EXIT.conforms;
    } catch (error) {
      if (signal.aborted) return EXIT.interrupted;
      throw error;
    }
  },
};
