import { basename, join } from 'node:path';
import type { Client } from '../client.ts';
import { cachedFolder, PROGRAM } from './cached-folder.ts';
import { toolsFor } from './tool.ts';

export interface PythonProgram {
  /** Below `clients/`; the first is started. */
  readonly files: readonly [string, ...string[]];
  /** Requirements with exact versions, such as `boto3==1.44.8`. */
  readonly requirements: (version: string) => readonly string[];
}

/** Which Python it is, and what its packages depend on: where it lies, its version, its kind and the processor. */
const ASK =
  'import sys, sysconfig; print(sys.executable, sys.base_prefix, sys.implementation.cache_tag, sysconfig.get_platform(), sep="\\n")';
const OPTIONS = ['--quiet', '--disable-pip-version-check', '--no-input', '--retries', '2'];

/**
 * Installs a client's packages, and its program beside them, into a folder that can be moved: `--target` in place of a virtual
 * environment, which has its own path written into it.
 */
export const pipInstalled =
  ({ files, requirements }: PythonProgram): Client['install'] =>
  async (release, context) => {
    const tool = toolsFor(release, { needs: 'Python 3.9 or later with pip', minutes: 15 }, context);
    // Shims in the PATH choose among several: the interpreter itself always is the same one.
    const [python = '', home = '', ...kind] = (await tool(['python3', '-c', ASK])).split('\n');
    const wanted = requirements(release.version);
    const make = (folder: string) =>
      tool([python, '-m', 'pip', 'install', ...OPTIONS, '--target', join(folder, 'packages'), ...wanted]);
    const ingredients = [...kind, python, home, ...wanted];
    const folder = await cachedFolder(release, { files, ingredients, make }, context);
    return {
      folder,
      runtime: { name: 'python', program: python, home },
      command: [python, '-s', join(folder, PROGRAM, basename(files[0]))],
      environment: { PYTHONPATH: join(folder, 'packages'), PYTHONDONTWRITEBYTECODE: '1' },
    };
  };
