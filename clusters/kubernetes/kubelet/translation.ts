import { join } from 'node:path';

/** Replacement of a fixed address, such as a link-local one. */
export interface TranslatedAddress {
  /** Such as `http://169.254.169.254`, with the scheme's port. */
  readonly inPod: string;
  /** `http://127.0.0.1:<port>` */
  readonly here: string;
}

/** A difference from a real node's container, in words. */
export interface Translation {
  readonly inPod: string;
  readonly here: string;
}

/**
 * Visible differences: pods have no mount or network namespace, so fixed places are translated, in variables and arguments
 * only, never in files.
 */
export const TRANSLATIONS: readonly Translation[] = [
  {
    inPod:
      'a path at or below a mountPath (or the terminationMessagePath) in an environment value, command or argument',
    here: "the same path below the container's own directory",
  },
  {
    inPod: 'the working directory and HOME are those of the image; / is the image',
    here: "both are the container's own directory; / is this machine's",
  },
  { inPod: 'pod and host have addresses of their own', here: 'both are 127.0.0.1, and ports are shared' },
  { inPod: 'readOnly mounts, resource limits and capabilities are enforced', here: 'they are not' },
];

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const trimSlash = (path: string): string => (path.length > 1 ? path.replace(/\/+$/, '') : path);

/** As in a container, `..` stays below the root. */
export function realPath(root: string, path: string): string {
  return join(root, join('/', path).slice(1));
}

/** Translates `paths` below `root`, where no name continues: in `--file=/data/x` and `file:///data`, not `s3://b/data`. */
export function translator(
  root: string,
  paths: readonly string[],
  addresses: readonly TranslatedAddress[],
): (value: string) => string {
  const known = [...new Set(paths.map(trimSlash))].filter((path) => path !== '/').sort((a, b) => b.length - a.length);
  const pathPattern =
    known.length === 0
      ? undefined
      : new RegExp(`(?<=^|file://|[^\\w./-])(?:${known.map(escape).join('|')})(?![\\w.-])`, 'g');
  const elsewhere = addresses.map(({ inPod, here }) => ({
    pattern: new RegExp(`${escape(inPod)}(?::80)?(?![\\w.:])`, 'gi'),
    here,
  }));
  return (value) => {
    let result = pathPattern === undefined ? value : value.replace(pathPattern, (path) => realPath(root, path));
    for (const { pattern, here } of elsewhere) result = result.replace(pattern, here);
    return result;
  };
}
