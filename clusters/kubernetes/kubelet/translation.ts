import { existsSync } from 'node:fs';
import { escapePattern } from '../../../foundation/node/text.ts';
import { join } from 'node:path';

/** A fixed address, such as a link-local one, and its local replacement. */
export interface TranslatedAddress {
  /** For example `http://169.254.169.254`, with the scheme's default port. */
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
    inPod: '/tmp is in the container, and TMPDIR is not set',
    here: "TMPDIR and paths below /tmp lead to the container's own directory, except paths that exist on this machine. Paths in a program's code do so only where the program has its own network.",
  },
  {
    inPod: 'the image sets the working directory and HOME; / is the root of the image',
    here: "both are the container's own directory; / is the root of this machine",
  },
  { inPod: 'pod and host have different addresses', here: 'both have 127.0.0.1 and share its ports' },
  { inPod: 'readOnly mounts, resource limits and capabilities are enforced', here: 'they are not' },
];

const trimSlash = (path: string): string => (path.length > 1 ? path.replace(/\/+$/, '') : path);

/** Returns the real path of a container's path. `..` stays below the root, as in a container. */
export function realPath(root: string, path: string): string {
  return join(root, join('/', path).slice(1));
}

export const TEMPORARY = '/tmp';

/** Returns whether the rest of a path names an entry of this machine's /tmp, such as the folder of a program. */
function isOnMachine(rest: string): boolean {
  const [name] = /^\/[^/\s\\"':;,]+/.exec(rest) ?? [];
  return name !== undefined && existsSync(`${TEMPORARY}${name}`);
}

/**
 * Returns a function that translates `paths` to `root` if they are whole names: in `--file=/data/x`, not `s3://b/data`.
 *
 * /tmp is translated too. Existing paths below this machine's /tmp stay, unless /tmp is one of `paths`.
 */
export function translator(
  root: string,
  paths: readonly string[],
  addresses: readonly TranslatedAddress[],
): (value: string) => string {
  const mounts = new Set(paths.map(trimSlash));
  const roots = [...mounts, TEMPORARY].filter((path) => path !== '/').sort((a, b) => b.length - a.length);
  const pathPattern = new RegExp(`(?<=^|file://|[^\\w./-])(?:${roots.map(escapePattern).join('|')})(?![\\w.-])`, 'g');
  const elsewhere = addresses.map(({ inPod, here }) => ({
    pattern: new RegExp(`${escapePattern(inPod)}(?::80)?(?![\\w.:])`, 'gi'),
    here,
  }));
  return (value) => {
    let result = value.replace(pathPattern, (path, start: number) =>
      mounts.has(path) || !isOnMachine(value.slice(start + path.length)) ? realPath(root, path) : path,
    );
    for (const { pattern, here } of elsewhere) result = result.replace(pattern, here);
    return result;
  };
}
