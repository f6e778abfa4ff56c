import { cpSync, existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { commandLine } from '../../foundation/node/command-line.ts';
import { EXIT, HarnessError, unreadable } from '../../foundation/node/errors.ts';
import type { Command } from './command.ts';

/** Folders of the package to copy. Its own tests run them. */
const SOURCES = [
  ['examples/starter', '.'],
  ['examples/my-suites', 'conformance'],
] as const;

export const INIT: Command = {
  name: 'init',
  summary: 'set up a suite, policies, a config file and a workflow in a repository',
  about: `Set a repository up to test its own policies: write a suite with policy files to conformance/, a config file, a workflow for
GitHub Actions, and settings that make Visual Studio Code check policy files. Existing files are kept.

DIR is the root of the repository (default: this folder).`,
  operands: { usage: '[DIR]', least: 0, most: 1 },
  options: [],
  remarks: 'Exit codes: 0 written, or everything existed; 2 DIR is not a folder, or is not writable.',
  async run({ words: [folder = '.'] }, { root, stdout }) {
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
      throw new HarnessError(
        'BAD_FILE',
        `${folder} is not a folder: give the root of your repository, or create it first.`,
      );
    for (const [source, target] of SOURCES)
      for (const file of filesOf(join(root, source))) {
        const path = join(target, file);
        const exists = existsSync(join(folder, path));
        if (!exists) copy(join(root, source, file), join(folder, path));
        stdout.write(`${exists ? 'kept ' : 'wrote'}  ${path}\n`);
      }
    stdout.write(next(folder));
    return Promise.resolve(EXIT.conforms);
  },
};

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
    .sort();

function copy(from: string, to: string): void {
  try {
    cpSync(from, to);
  } catch (error) {
    throw new HarnessError('BAD_FILE', `${to} cannot be written (${unreadable(error)}): give a writable folder.`, {
      cause: error,
    });
  }
}

/** The package is on no registry yet. */
const INSTALL =
  '  npm install --save-dev ./TARBALL   # packed into this folder, in a clone: npm pack --pack-destination FOLDER\n';

const next = (folder: string): string => `
Now:
${folder === '.' ? '' : `  cd ${folder}\n`}${existsSync(join(folder, 'node_modules', 'eks-pod-identity-conformance')) ? '' : INSTALL}\
  ${commandLine('run', '--config conformance/config.yaml', true)}
Then put your policies into conformance/policies/ and declare the expected access in conformance/payments.ts.
`;
