import { createRequire, register } from 'node:module';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { MessageChannel, receiveMessageOnPort, type MessagePort } from 'node:worker_threads';

/** Files that were imported by others, as far as those are outside of `node_modules`. */
export interface ImportedFiles {
  /** `file`: a real path. */
  has(file: string): boolean;
  /** Real paths of what was imported, or should have been, by files that were loaded anew. */
  ofLoadedAnew(): readonly string[];
}

/**
 * A parameter of the URL of a file that is loaded anew, which all that it imports inherits: Node keeps what a URL has given for
 * good. Its value is the number of the time.
 */
const ANEW = 'conformance-load';

/** The URL by which a file is loaded, where `time` is not 0 anew with all that it imports outside of `node_modules`. */
export const urlOf = (file: string, time: number): string =>
  `${pathToFileURL(file).href}${time === 0 ? '' : `?${ANEW}=${time}`}`;

const { cache } = createRequire(import.meta.url);

/** Files of users that `require` has loaded. */
export const requiredFiles = (): readonly string[] =>
  Object.keys(cache).filter((file) => isAbsolute(file) && !file.includes('/node_modules/'));

/** Lets `require` load users' files anew. */
export function forgetRequired(): void {
  for (const file of requiredFiles()) delete cache[file];
}

/** A text with paths as they are on disk: those of files that are loaded anew have a parameter. */
export const withoutTime = (text: string): string => text.replaceAll(new RegExp(`[?&]${ANEW}=\\d+`, 'g'), '');

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
    const [anew] = /\\?${ANEW}=\\d+/.exec(context.parentURL?.replace('&', '?') ?? '') ?? [''];
    const isOwn = /^\\.{0,2}\\//.test(specifier);
    const found = await next(specifier, context).catch((error) => {
      if (isOwn && anew) imported.postMessage(new URL(specifier, context.parentURL).href + anew);
      if (specifier !== 'chai') throw error;
      return next(specifier, { ...context, parentURL: ${JSON.stringify(publicSurface)} });
    });
    if (!found.url.startsWith('file:') || found.url.includes('/node_modules/')) return found;
    // Where no package.json says "module", tsx takes what a suite imports for CommonJS, and marks its URL so.
    const isTypeScript = /\\.ts(%3F|[?#]|$)/.test(found.url);
    const file = isTypeScript ? found.url.replace(/(%3F|\\?)tsx-commonjs-.*/, '') : found.url;
    const url = anew && file + (file.includes('?') ? anew.replace('?', '&') : anew) || file;
    if (isOwn || anew) imported.postMessage(url);
    // Suites are ES modules, also in a folder whose package.json does not say so.
    return isTypeScript ? { ...found, url, format: 'module' } : { ...found, url };
  }`;
  const { port1, port2 } = new MessageChannel();
  port1.unref();
  register(`data:text/javascript,${encodeURIComponent(hook)}`, { data: { port: port2 }, transferList: [port2] });
  return importedFiles(port1);
}

function importedFiles(port: MessagePort): ImportedFiles {
  const files = new Set<string>();
  const anew = new Set<string>();
  const receive = (): void => {
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
      const url = String((next as { readonly message: unknown }).message);
      const file = fileURLToPath(url.replace(/([?#]|%3F).*/, ''));
      files.add(file);
      if (url.includes(ANEW)) anew.add(file);
    }
  };
  return {
    has: (file) => {
      receive();
      return files.has(file);
    },
    ofLoadedAnew: () => {
      receive();
      return [...anew];
    },
  };
}

/** Bundled, this module lies in a folder of the build, such as that of chunks: the public surface lies in the one beside it. */
function publicSurfaceInDist(): string {
  const build = dirname(dirname(fileURLToPath(import.meta.url)));
  return pathToFileURL(join(build, 'harness', 'index.js')).href;
}
