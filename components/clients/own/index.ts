import { dirname, join } from 'node:path';
import { distFolder } from '../../../foundation/node/dist-folder.ts';
import type { Client } from '../client.ts';

/** How an image without libraries starts Node and the program that starts the user's. */
export const OWN_PROGRAM_IN_IMAGE = {
  node: ['/conformance/ld.so', '--library-path', '/conformance/lib', '/conformance/node'],
  program: '/conformance/clients/own/own.mjs',
} as const;

const startsIt = (): string => join(distFolder(), 'clients', 'own.mjs');

const own = (title: string, install: Client['install']): Client => ({
  name: 'own',
  title,
  versions: { newest: title },
  operations: new Set(['GetObject', 'PutObject']),
  chain: 'own',
  startsAnew: true,
  documentation: new URL('https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html'),
  install,
});

/** A user's program (docs/own-program.md): a command of the shell, and its working folder. */
export const ownProgram = (command: string, folder: string): Client =>
  own(command, (_, { environment }) => {
    const CLIENT_PROGRAM = JSON.stringify({ command: ['/bin/sh', '-c', command], folder });
    return Promise.resolve({
      folder: dirname(startsIt()),
      command: [process.execPath, startsIt()],
      environment: { CLIENT_PROGRAM, PATH: environment['PATH'] ?? '' },
    });
  });

/** The program of an image; clusters/kind/images/client-image.ts adds its runtime. */
export const ownImage = (image: string): Client => {
  const { node, program } = OWN_PROGRAM_IN_IMAGE;
  return own(image, () => Promise.resolve({ folder: dirname(startsIt()), command: [...node, program] }));
};
