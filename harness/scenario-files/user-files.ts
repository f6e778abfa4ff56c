import { createRequire, register } from 'node:module';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { MessageChannel, receiveMessageOnPort, type MessagePort } from 'node:worker_threads';

interface ImportedFiles {
  has(file: string): boolean;
  /** Real paths of imports of reloaded files, including missing ones. */
  reloaded(): readonly string[];
}

/** A URL parameter with the number of the load. Imports inherit it, because Node caches a URL's module forever. */
const LOAD_PARAMETER = 'conformance-load';

/** Returns the query of a file's URL. If `time` is not 0, the file is reloaded with imports outside `node_modules`. */
export const queryOf = (time: number): string => (time === 0 ? '' : `?${LOAD_PARAMETER}=${time}`);

const { cache } = createRequire(import.meta.url);

export const requiredFiles = (): readonly string[] =>
  Object.keys(cache).filter((file) => isAbsolute(file) && !file.includes('/node_modules/'));

export function forgetRequired(): void {
  for (const file of requiredFiles()) delete cache[file];
}

/** Removes the parameter of reloaded files from paths in a text. */
export const withoutTime = (text: string): string => text.replaceAll(new RegExp(`[?&]${LOAD_PARAMETER}=\\d+`, 'g'), '');

/** Module hooks belong to the process, so they are registered once. */
let prepared: Promise<ImportedFiles> | undefined;

/** Lets files outside the package import it and its chai by name, and supports TypeScript. */
export const prepareForUserFiles = (): Promise<ImportedFiles> => (prepared ??= prepare());

/** The hook for the package is registered last, so that it runs first: suites must get this module, not a copy. */
async function prepare(): Promise<ImportedFiles> {
  const publicSurface = publicSurfaceUrl();
  // tsx would leave its cache in the temporary folder.
  process.env['TSX_DISABLE_CACHE'] ??= '1';
  const { register: registerTypeScript } = await import('tsx/esm/api');
  registerTypeScript();
  const hook = `let imported;
  export function initialize({ port }) { imported = port; }
  export async function resolve(specifier, context, next) {
    if (specifier === 'eks-pod-identity-conformance') return { url: ${JSON.stringify(publicSurface)}, shortCircuit: true };
    const [query] = /\\?${LOAD_PARAMETER}=\\d+/.exec(context.parentURL?.replace('&', '?') ?? '') ?? [''];
    const isOwn = /^\\.{0,2}\\//.test(specifier);
    const found = await next(specifier, context).catch((error) => {
      if (isOwn && query) imported.postMessage(new URL(specifier, context.parentURL).href + query);
      if (specifier !== 'chai') throw error;
      return next(specifier, { ...context, parentURL: ${JSON.stringify(publicSurface)} });
    });
    if (!found.url.startsWith('file:') || found.url.includes('/node_modules/')) return found;
    // Without "module" in a package.json, tsx treats imports of suites as CommonJS, and marks their URLs.
    const isTypeScript = /\\.ts(%3F|[?#]|$)/.test(found.url);
    const file = isTypeScript ? found.url.replace(/(%3F|\\?)tsx-commonjs-.*/, '') : found.url;
    const url = query && file + (file.includes('?') ? query.replace('?', '&') : query) || file;
    if (isOwn || query) imported.postMessage(url);
    // Suites are ES modules, even if the package.json of their folder does not say so.
    return isTypeScript ? { ...found, url, format: 'module' } : { ...found, url };
  }`;
  const { port1, port2 } = new MessageChannel();
  port1.unref();
  register(`data:text/javascript,${encodeURIComponent(hook)}`, { data: { port: port2 }, transferList: [port2] });
  return importedFiles(port1);
}

function importedFiles(port: MessagePort): ImportedFiles {
  const files = new Set<string>();
  const reloaded = new Set<string>();
  const receive = (): void => {
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
      const url = String((next as { readonly message: unknown }).message);
      const file = fileURLToPath(url.replace(/([?#]|%3F).*/, ''));
      files.add(file);
      if (url.includes(LOAD_PARAMETER)) reloaded.add(file);
    }
  };
  return {
    has: (file) => {
      receive();
      return files.has(file);
    },
    reloaded: () => {
      receive();
      return [...reloaded];
    },
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
