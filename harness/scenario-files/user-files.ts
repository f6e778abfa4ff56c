import { register } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { MessageChannel, receiveMessageOnPort, type MessagePort } from 'node:worker_threads';

/** Whether a relative import named a file, by its real path. */
type IsImported = (file: string) => boolean;

/** Module hooks belong to the process, so they are registered once. */
let prepared: Promise<IsImported> | undefined;

/** Lets files outside the package import it and its chai by name, and supports TypeScript. */
export const prepareForUserFiles = (): Promise<IsImported> => (prepared ??= prepare());

/** The hook for the package is registered last, so that it runs first: suites must get this module, not a copy. */
async function prepare(): Promise<IsImported> {
  const publicSurface = publicSurfaceUrl();
  // tsx would leave its cache in the temporary folder.
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
    if (!found.url.startsWith('file:') || found.url.includes('/node_modules/')) return found;
    // Without "module" in a package.json, tsx treats imports of suites as CommonJS, and marks their URLs.
    const isTypeScript = /\\.ts(%3F|[?#]|$)/.test(found.url);
    const url = isTypeScript ? found.url.replace(/(%3F|\\?)tsx-commonjs-.*/, '') : found.url;
    if (/^\\.{0,2}\\//.test(specifier)) imported.postMessage(url);
    // Suites are ES modules, even if the package.json of their folder does not say so.
    return isTypeScript ? { ...found, url, format: 'module' } : found;
  }`;
  const { port1, port2 } = new MessageChannel();
  port1.unref();
  register(`data:text/javascript,${encodeURIComponent(hook)}`, { data: { port: port2 }, transferList: [port2] });
  return importedFiles(port1);
}

function importedFiles(port: MessagePort): IsImported {
  const files = new Set<string>();
  return (file) => {
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
      const url = String((next as { readonly message: unknown }).message);
      files.add(fileURLToPath(url.replace(/([?#]|%3F).*/, '')));
    }
    return files.has(file);
  };
}

const publicSurfaceUrl = (): string =>
  new URL(import.meta.url.endsWith('.ts') ? '../index.ts' : publicSurfaceInDist(), import.meta.url).href;

export const publicExports = (): Promise<object> => import(publicSurfaceUrl()) as Promise<object>;

/** In a bundle, the folder of this module is next to the folder of the public API. */
function publicSurfaceInDist(): string {
  const build = dirname(dirname(fileURLToPath(import.meta.url)));
  return pathToFileURL(join(build, 'harness', 'index.js')).href;
}
