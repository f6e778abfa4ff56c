import { JAVASCRIPT } from '../../components/clients/javascript/index.ts';
import { commandLine } from '../../foundation/node/command-line.ts';
import { EXIT } from '../../foundation/node/errors.ts';
import { option } from '../../foundation/node/options.ts';
import type { Command } from './command.ts';

export const KIND_IMAGES: Command = {
  name: 'kind-images',
  summary: 'build the image of agent, webhook and probe program for kind',
  about: `Build the image of the reference agent, webhook and probe program for kind clusters, unless Docker has it already, and
print its reference. See docs/kind.md.`,
  options: [
    option.text(
      'base IMAGE',
      `build from this Linux image with iproute2 and, unless this machine's Node is used, Node 20.19 or later (default: node:22-bookworm-slim, else a node image of ${commandLine('kind-node-image')})`,
    ),
    option.list('client NAME[@VERSION]', 'include this client (repeatable, or comma-separated)'),
    option.flag('force', 'build even if the image exists'),
  ],
  remarks: 'Exit codes: 0 the image exists; 2 wrong usage; 3 the build failed; 130 interrupted.',
  forMaintainers: true,
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
