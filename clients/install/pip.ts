import { basename, join } from 'node:path';
import type { Client } from '../client.ts';
import { cachedFolder } from './cached-folder.ts';
import { contentsOf, copyPrograms } from './program-files.ts';
import { runTool, type ToolRun } from './tool.ts';

export interface PythonProgram {
  /** Below `clients/`; the first is started. */
  readonly files: readonly [string, ...string[]];
  /** Requirements with exact versions, such as `boto3==1.44.8`. */
  readonly requirements: (version: string) => readonly string[];
}

/** Which Python it is, and what its packages depend on: where it lies, its version, its kind and the processor. */
const ASK =
  'import sys, sysconfig; print(sys.executable, sys.base_prefix, sys.implementation.cache_tag, sysconfig.get_platform(), sep="\\n")';

/**
 * Installs a client's packages, and its program beside them, into a folder that can be moved: `--target` in place of a virtual
 * environment, which has its own path written into it.
 */
export const pipInstalled =
  ({ files, requirements }: PythonProgram): Client['install'] =>
  async ({ name, version }, context) => {
    const run = (command: ToolRun['command']): Promise<string> =>
      runTool({ whose: `${name} ${version}`, command, needs: 'Python 3.9 or later with pip' }, context);
    // Shims in the PATH choose among several: the interpreter itself always is the same one.
    const [python = '', home = '', ...kind] = (await run(['python3', '-c', ASK])).split('\n');
    const packages = requirements(version);
    const folder = await cachedFolder(
      {
        ...{ name, version },
        ingredients: [...kind, python, home, ...packages, ...contentsOf(files)],
        make: async (part) => {
          await copyPrograms(files, join(part, 'program'));
          const options = ['--quiet', '--disable-pip-version-check', '--no-input', '--retries', '2'];
          await run([python, '-m', 'pip', 'install', ...options, '--target', join(part, 'packages'), ...packages]);
        },
      },
      context,
    );
    return {
      folder,
      python: { program: python, home },
      command: [python, '-s', join(folder, 'program', basename(files[0]))],
      environment: { PYTHONPATH: join(folder, 'packages'), PYTHONDONTWRITEBYTECODE: '1' },
    };
  };
