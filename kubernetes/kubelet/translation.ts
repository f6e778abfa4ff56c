import { join } from 'node:path';

/** Where a node's stand-ins for link-local addresses listen: `http://127.0.0.1:<port>`. */
export interface LinkLocalEndpoints {
  readonly agentV4: string;
  readonly agentV6: string;
  readonly instanceMetadata: string;
}

interface LinkLocalRow {
  readonly url: string;
  readonly pattern: RegExp;
  readonly endpoint: keyof LinkLocalEndpoints;
}

const END = '(?::80)?(?![\\w.:])';

/** The URLs that a container's environment and arguments may name and that lead to a loopback port here. */
const LINK_LOCAL: readonly LinkLocalRow[] = [
  { url: 'http://169.254.170.23', pattern: new RegExp(`http://169\\.254\\.170\\.23${END}`, 'gi'), endpoint: 'agentV4' },
  { url: 'http://[fd00:ec2::23]', pattern: new RegExp(`http://\\[fd00:ec2::23\\]${END}`, 'gi'), endpoint: 'agentV6' },
  {
    url: 'http://169.254.169.254',
    pattern: new RegExp(`http://169\\.254\\.169\\.254${END}`, 'gi'),
    endpoint: 'instanceMetadata',
  },
  {
    url: 'http://[fd00:ec2::254]',
    pattern: new RegExp(`http://\\[fd00:ec2::254\\]${END}`, 'gi'),
    endpoint: 'instanceMetadata',
  },
];

/**
 * All that a workload of the embedded cluster sees and a pod of a real one does not: a pod is a process without a mount
 * or network namespace of its own, so what would be at a fixed place there is told to it at another place here. Only
 * the values of environment variables and the command's arguments are rewritten; no file is.
 */
export const TRANSLATION: readonly { readonly inPod: string; readonly here: string }[] = [
  {
    inPod:
      'a path at or below a mountPath (or the terminationMessagePath) in an environment value, command or argument',
    here: "the same path below the container's own directory",
  },
  ...LINK_LOCAL.map(({ url, endpoint }) => ({
    inPod: url,
    here:
      endpoint === 'instanceMetadata'
        ? "a loopback port of the node's instance metadata service (IMDSv2 only)"
        : 'a loopback port of the node that hands requests to the agent with the link-local Host; without an agent the connection is reset',
  })),
  {
    inPod: 'AWS_EC2_METADATA_SERVICE_ENDPOINT is not set',
    here: "it is set to the loopback port of the node's instance metadata service, unless the pod sets it",
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
  endpoints: LinkLocalEndpoints,
): (value: string) => string {
  const known = [...new Set(paths.map(trimSlash))].filter((path) => path !== '/').sort((a, b) => b.length - a.length);
  const pathPattern =
    known.length === 0
      ? undefined
      : new RegExp(`(?<=^|file://|[^\\w./-])(?:${known.map(escape).join('|')})(?![\\w.-])`, 'g');
  return (value) => {
    let result = pathPattern === undefined ? value : value.replace(pathPattern, (path) => realPath(root, path));
    for (const { pattern, endpoint } of LINK_LOCAL) result = result.replace(pattern, endpoints[endpoint]);
    return result;
  };
}
