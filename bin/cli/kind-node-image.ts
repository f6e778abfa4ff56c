import { EXIT } from '../../foundation/node/errors.ts';
import { option } from '../../foundation/node/options.ts';
import type * as nodeImage from '../../scripts/node-image/main.ts';
import type { Command } from './command.ts';
import { fromSource } from './from-source.ts';

export const KIND_NODE_IMAGE: Command = {
  name: 'kind-node-image',
  summary: 'builds a node image for kind from packages and Go modules',
  about: `Builds the node image for clusters of kind from Debian packages and Go modules, pulling no image, and installs the kind
command beside it. What is up to date is not built again (docs/node-image.md).`,
  options: [
    option.flag('force', 'build the image though it is up to date'),
    option.flag('print-image', "print the image's name and exit"),
    option.flag('verbose', 'show what the tools say'),
  ],
  remarks: 'Exit codes: 0 it is there; 2 wrong usage; 3 it cannot be built; 130 interrupted.',
  fromClone: true,
  async run({ flag }, io) {
    const { buildNodeImage, imageName } = await fromSource<typeof nodeImage>('scripts/node-image/main.ts', io);
    if (!flag('print-image')) return buildNodeImage({ force: flag('force'), verbose: flag('verbose') }, io);
    io.stdout.write(`${imageName}\n`);
    return EXIT.conforms;
  },
};
