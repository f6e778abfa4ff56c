/** Paths of clients in the workload program's image, for clusters whose pods do not have this machine's files. */
import type { ChosenClient, InstalledClient, Runtime } from './client.ts';

/** Contains a folder for each client and each runtime. */
export const CLIENTS_FOLDER = '/clients';
/** Returns the folder of this machine's Python or Java, with libraries and loader, independent of the image's. */
export const runtimeFolder = ({ name }: Pick<Runtime, 'name'>): string => `${CLIENTS_FOLDER}/runtime/${name}`;
export const runtimeProgram = ({ name }: Pick<Runtime, 'name'>): string =>
  `${runtimeFolder({ name })}/bin/${name === 'python' ? 'python3' : name}`;
export const LIBRARIES_FOLDER = `${CLIENTS_FOLDER}/runtime/lib`;
export const LOADER = `${LIBRARIES_FOLDER}/loader`;
const NODE = '/usr/local/bin/node';

export function inImage({ label, installed }: Pick<ChosenClient, 'label' | 'installed'>): InstalledClient | undefined {
  if (installed === undefined) return undefined;
  const folder = `${CLIENTS_FOLDER}/${label}`;
  const moved = (text: string): string => text.replaceAll(installed.folder, folder);
  const [program, ...args] = installed.command;
  const environment = Object.entries(installed.environment ?? {}).map(([name, value]) => [name, moved(value)] as const);
  const runtime = program === installed.runtime?.program ? installed.runtime : undefined;
  const isLoaded = runtime !== undefined || installed.isLinkedDynamically === true;
  const programPath = program === process.execPath ? NODE : moved(program);
  const command = [
    ...(isLoaded ? [LOADER, '--library-path', LIBRARIES_FOLDER] : []),
    runtime === undefined ? programPath : runtimeProgram(runtime),
  ];
  return {
    folder,
    command: [...command, ...args.map(moved)] as [string, ...string[]],
    environment: {
      ...Object.fromEntries(environment),
      ...(runtime?.name === 'python' && { PYTHONHOME: runtimeFolder(runtime) }),
    },
  };
}
