import { dirname, join } from 'node:path';
import { distFolder } from '../../foundation/dist-folder.ts';
import type { Client } from '../client.ts';

/**
 * A program of the user's own (docs/own-program.md).
 *
 * @param command a command of the shell
 * @param folder where it is run
 */
export const ownProgram = (command: string, folder: string): Client => ({
  name: 'own',
  title: command,
  versions: { newest: command },
  operations: new Set(['GetObject', 'PutObject']),
  chain: 'own',
  startsAnew: true,
  documentation: new URL('https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html'),
  install: (_, { environment }) => {
    const program = join(distFolder(), 'clients', 'own.mjs');
    return Promise.resolve({
      folder: dirname(program),
      command: [process.execPath, program],
      environment: {
        CLIENT_COMMAND: JSON.stringify(['/bin/sh', '-c', command]),
        CLIENT_FOLDER: folder,
        PATH: environment['PATH'] ?? '',
      },
    });
  },
});
