import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { badFlagValue } from '../../../foundation/node/errors.ts';
import { distFolder } from '../../../foundation/node/dist-folder.ts';
import type { Client, InstalledClient } from '../client.ts';
import { LASTS_VARIABLE } from './program.ts';

/** The command that starts Node in an image without libraries. It runs the program that starts the user's program. */
export const OWN_PROGRAM_IN_IMAGE = {
  node: ['/conformance/ld.so', '--library-path', '/conformance/lib', '/conformance/node'],
  program: '/conformance/clients/own/own.mjs',
} as const;

const lasting = (lasts: boolean): Readonly<Record<string, string>> => (lasts ? { [LASTS_VARIABLE]: 'true' } : {});

const startsIt = (): string => join(distFolder(), 'clients', 'own.mjs');

const clientFor = (title: string, lasts: boolean, install: Client['install']): Client => ({
  name: 'own',
  title,
  versions: { newest: title },
  operations: new Set(['GetObject', 'PutObject']),
  chain: 'own',
  ...(!lasts && { startsPerOperation: true }),
  documentation: new URL('https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html'),
  install,
});

/**
 * Returns a client for a user's program (docs/own-program.md), given as a shell command and its working folder. `lasts`: it
 * does one operation after another. Throws
 * `HarnessError` BAD_FLAG_VALUE if the shell does not find its first word.
 */
export function ownProgram(command: string, folder: string, lasts: boolean): Client {
  const [program = ''] = command.trim().split(/\s/);
  const look = () => spawnSync('/bin/sh', ['-c', 'command -v -- "$0"', program], { cwd: folder, stdio: 'ignore' });
  // Only the shell can resolve a first word with other characters, such as a variable.
  if (/^[\w./+-]+$/.test(program) && look().status !== 0)
    throw badFlagValue(
      `--client-command is "${command}", but "${program}" is not a program on this machine. Check its path.`,
    );
  return clientFor(command, lasts, (_, { environment }) => {
    const CLIENT_PROGRAM = JSON.stringify({ command: ['/bin/sh', '-c', command], folder });
    return Promise.resolve({
      folder: dirname(startsIt()),
      command: [process.execPath, startsIt()],
      environment: { CLIENT_PROGRAM, PATH: environment['PATH'] ?? '', ...lasting(lasts) },
    });
  });
}

/** Returns a client for an image's program, to which clusters/kind/images/client-image.ts adds the runtime. */
export const ownImage = (image: string, lasts: boolean): Client => {
  const { node, program } = OWN_PROGRAM_IN_IMAGE;
  const installed = { folder: dirname(startsIt()), command: [...node, program] as const, environment: lasting(lasts) };
  return clientFor(image, lasts, () => Promise.resolve(installed as InstalledClient));
};
