import { join } from 'node:path';

/** An address that containers name by a fixed URL and that is at another one of this machine, such as a link-local one. */
export interface TranslatedAddress {
  /** Scheme and host, such as `http://169.254.169.254`; the port is the scheme's own. */
  readonly inPod: string;
  /** `http://127.0.0.1:<port>` */
  readonly here: string;
}

/** One difference between a container here and one of a real node, in words. */
export interface Translation {
  readonly inPod: string;
  readonly here: string;
}

/**
 * All that a workload sees here and a pod of a real node does not: a pod is a process without a mount or network
 * namespace of its own, so what would be at a fixed place there is told to it at another place here. Only the values of
 * environment variables and the command's arguments are rewritten; no file is.
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

/** Where a path of the container is on this machine; as in a container, `..` does not lead above the root. */
export function realPath(root: string, path: string): string {
  return join(root, join('/', path).slice(1));
}

/**
 * Rewrites a value for a container whose directory is `root` and that has something at each of `paths`. A path counts
 * where a name could not go on: `/data` is found in `--file=/data/x` and `file:///data`, not in `s3://b/data` or `/data2`.
 */
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
