import { join } from 'node:path';

/** A fixed address, such as a link-local one, and its local replacement. */
export interface TranslatedAddress {
  /** Such as `http://169.254.169.254`, with the scheme's default port. */
  readonly inPod: string;
  /** `http://127.0.0.1:<port>` */
  readonly here: string;
}

/** Describes a difference from a container on a real node. */
export interface Translation {
  readonly inPod: string;
  readonly here: string;
}

/**
 * Differences that pods can see. They have no mount or network namespace, so fixed paths and addresses are translated in
 * variables and arguments, but not in files.
 */
export const TRANSLATIONS: readonly Translation[] = [
  {
    inPod:
      'a path at or below a mountPath (or the terminationMessagePath) in an environment value, command or argument',
    here: "the same path below the container's own directory",
  },
  {
    inPod: 'the image sets the working directory and HOME; / is the root of the image',
    here: "both are the container's own directory; / is the root of this machine",
  },
  { inPod: 'pod and host have different addresses', here: 'both have 127.0.0.1 and share its ports' },
  { inPod: 'readOnly mounts, resource limits and capabilities are enforced', here: 'they are not' },
];

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const trimSlash = (path: string): string => (path.length > 1 ? path.replace(/\/+$/, '') : path);

/** Returns the real path of a container's path. `..` stays below the root, as in a container. */
export function realPath(root: string, path: string): string {
  return join(root, join('/', path).slice(1));
}

/** Returns a function that translates `paths` to `root` if they are whole names: in `--file=/data/x`, not `s3://b/data`. */
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
