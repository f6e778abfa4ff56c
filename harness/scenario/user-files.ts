import { register } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { MessageChannel, receiveMessageOnPort, type MessagePort } from 'node:worker_threads';

/** Files that were imported by others, as far as those are outside of `node_modules`. */
export interface ImportedFiles {
  /** `file`: a real path. */
  has(file: string): boolean;
}

/** Hooks are of the process, which needs them once. */
let prepared: Promise<ImportedFiles> | undefined;

/** Lets files outside the package import it and its chai by name, and TypeScript be loaded. */
export const prepareForUserFiles = (): Promise<ImportedFiles> => (prepared ??= prepare());

/**
 * The hook that finds the package is registered last, since the last one is asked first: a suite must get the module that
 * collects, not a copy of it.
 */
async function prepare(): Promise<ImportedFiles> {
  const publicSurface = new URL(
    import.meta.url.endsWith('.ts') ? '../index.ts' : publicSurfaceInDist(),
    import.meta.url,
  ).href;
  // Its cache would be left behind in the temporary folder.
  process.env['TSX_DISABLE_CACHE'] ??= '1';
  const { register: registerTypeScript } = await import('tsx/esm/api');
  registerTypeScript();
  const hook = `let imported;
  export function initialize({ port }) { imported = port; }
  export async function resolve(specifier, context, next) {
    if (specifier === 'eks-pod-identity-conformance') return { url: ${JSON.stringify(publicSurface)}, shortCircuit: true };
    const found = await next(specifier, context).catch((error) => {
      if (specifier !== 'chai') throw error;
      return next(specifier, { ...context, parentURL: ${JSON.stringify(publicSurface)} });
    });
    const isUsers = found.url.startsWith('file:') && !found.url.includes('/node_modules/');
    if (isUsers && /^\\.{0,2}\\//.test(specifier)) imported.postMessage(found.url);
    // Suites are ES modules, also in a folder whose package.json does not say so.
    return isUsers && /\\.ts$/.test(found.url) ? { ...found, format: 'module' } : found;
  }`;
  const { port1, port2 } = new MessageChannel();
  port1.unref();
  register(`data:text/javascript,${encodeURIComponent(hook)}`, { data: { port: port2 }, transferList: [port2] });
  return importedFiles(port1);
}

function importedFiles(port: MessagePort): ImportedFiles {
  const files = new Set<string>();
  return {
    has: (file) => {
      for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port))
        files.add(fileURLToPath(String((next as { readonly message: unknown }).message).replace(/([?#]|%3F).*/, '')));
      return files.has(file);
    },
  };
}

/** Bundled, this module lies in a folder of the build, such as that of chunks: the public surface lies in the one beside it. */
function publicSurfaceInDist(): string {
  const build = dirname(dirname(fileURLToPath(import.meta.url)));
  return pathToFileURL(join(build, 'harness', 'index.js')).href;
}
