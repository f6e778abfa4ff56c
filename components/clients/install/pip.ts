import { basename, join } from 'node:path';
import type { Client } from '../client.ts';
import { cachedFolder, PROGRAM } from './cached-folder.ts';
import { toolsFor } from './tool.ts';

export interface PythonProgram {
  /** Paths of files below `clients/`. The first is the program. */
  readonly files: readonly [string, ...string[]];
  /** Returns requirements with exact versions, such as `boto3==1.44.8`. */
  readonly requirements: (version: string) => readonly string[];
}

/** Prints the path, prefix, version and platform of a Python. */
const ASK =
  'import sys, sysconfig; print(sys.executable, sys.base_prefix, sys.implementation.cache_tag, sysconfig.get_platform(), sep="\\n")';
const OPTIONS = ['--quiet', '--disable-pip-version-check', '--no-input', '--retries', '2'];

/** Installs into a movable folder with `--target`. A virtual environment would contain its own path. */
export const pipInstalled =
  ({ files, requirements }: PythonProgram): Client['install'] =>
  async (release, context) => {
    const tool = toolsFor(release, { needs: 'Python 3.9 or later with pip', minutes: 15 }, context);
    // A program in PATH may be a shim for several interpreters, so ask for the interpreter itself.
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

/** Installs a client of objects from one package. `folder` has its `client.py`; `more` are further requirements. */
export const pipObjectsInstalled = (folder: string, name = folder, ...more: readonly string[]): Client['install'] =>
  pipInstalled({
    files: [`${folder}/client.py`, 'python-common/objects.py', 'python-common/serve.py'],
    requirements: (version) => [`${name}==${version}`, ...more],
  });
