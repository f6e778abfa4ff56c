import { EXIT } from '../../foundation/node/errors.ts';
import { option } from '../../foundation/node/options.ts';
import type * as nodeImage from '../../scripts/node-image/main.ts';
import type { Command } from './command.ts';
import { fromSource } from './from-source.ts';

export const KIND_NODE_IMAGE: Command = {
  name: 'kind-node-image',
  summary: 'build a node image for kind from packages and Go modules',
  about: `Build the node image for kind clusters from Debian packages and Go modules, without pulling an image, and install the kind
command. Skip parts that are up to date (docs/kind.md).`,
  options: [
    option.flag('force', 'build even if the image is up to date'),
    option.flag('print-image', "print the image's name and exit"),
    option.flag('verbose', 'show the output of the tools'),
  ],
  remarks: 'Exit codes: 0 the image exists; 2 wrong usage; 3 the build failed; 130 interrupted.',
  fromClone: true,
  forMaintainers: true,
  async run({ flag }, io) {
    const { buildNodeImage, imageName } = await fromSource<typeof nodeImage>('scripts/node-image/main.ts', io);
    if (!flag('print-image')) return buildNodeImage({ force: flag('force'), verbose: flag('verbose') }, io);
    io.stdout.write(`${imageName}\n`);
    return EXIT.conforms;
  },
};
