/** Where clients lie in the image of the workload program, for clusters whose pods find nothing of this machine. */
import type { ChosenClient, InstalledClient } from './client.ts';

/** Below it, a folder for each client and one for interpreters. */
export const CLIENTS_FOLDER = '/clients';
/** A machine's Python with its libraries, and their loader: it does not depend on the image's. */
export const PYTHON_FOLDER = `${CLIENTS_FOLDER}/runtime/python`;
export const LIBRARIES_FOLDER = `${CLIENTS_FOLDER}/runtime/lib`;
export const LOADER = `${LIBRARIES_FOLDER}/loader`;
const NODE = '/usr/local/bin/node';

/** How a pod of such an image starts a client that is installed here. */
export function inImage({ label, installed }: Pick<ChosenClient, 'label' | 'installed'>): InstalledClient | undefined {
  if (installed === undefined) return undefined;
  const folder = `${CLIENTS_FOLDER}/${label}`;
  const moved = (text: string): string => text.replaceAll(installed.folder, folder);
  const [program, ...args] = installed.command;
  const own = Object.entries(installed.environment ?? {}).map(([name, value]) => [name, moved(value)] as const);
  const isPython = program === installed.python?.program;
  const command: readonly string[] = isPython
    ? [LOADER, '--library-path', LIBRARIES_FOLDER, `${PYTHON_FOLDER}/bin/python3`]
    : [program === process.execPath ? NODE : moved(program)];
  return {
    folder,
    command: [...command, ...args.map(moved)] as [string, ...string[]],
    environment: { ...Object.fromEntries(own), ...(isPython && { PYTHONHOME: PYTHON_FOLDER }) },
  };
}
