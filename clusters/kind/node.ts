import { ClusterError } from '../../foundation/node/cluster-error.ts';
import { poll } from '../../foundation/node/poll.ts';
import type { HostContext } from './context.ts';
import type { Docker, ImageInfo } from './docker/docker.ts';
import type { Reach } from './network.ts';
import type { NodeGroupSpec } from '../../emulator/index.ts';
import { startInstanceMetadata } from '../common/instance-metadata.ts';

export interface NodeContainer {
  readonly name: string;
  readonly address: string;
}

const LINK = 'pod-id-link0';
/** Amazon EKS User Guide, "Set up the Amazon EKS Pod Identity Agent". */
const AGENT_ADDRESS = '169.254.170.23';
const METADATA_ADDRESS = '169.254.169.254';
const RULE_COMMENT = 'eks-pod-identity-conformance';
/** Returns the path of the script on a node that undoes the run's changes; extended before each change. */
const undoFile = (run: string): string => `/run/eks-pod-identity-conformance-undo-${run}`;

/** Waits until the container runs; its containerd may not run yet. */
export async function containerRuns(docker: Docker, name: string, signal: AbortSignal): Promise<void> {
  await pollDocker(docker, ['inspect', '--format', '{{.State.Running}}', name], (answer) => answer === 'true', signal);
}

export async function containerExists(docker: Docker, name: string, signal: AbortSignal): Promise<void> {
  const isThere = pollDocker(docker, ['inspect', '--format', '{{.Id}}', name], (answer) => answer !== '', signal);
  await isThere.catch(() => undefined);
}

const pollDocker = (
  docker: Docker,
  args: readonly string[],
  isDone: (answer: string) => boolean,
  signal: AbortSignal,
): Promise<true> =>
  poll<true>(async () => (isDone(await docker.call(args)) ? true : undefined), {
    every: POLL_MILLISECONDS,
    signal,
    tolerates: () => true,
    what: 'docker',
  });

const POLL_MILLISECONDS = 100;

export async function addressIn(docker: Docker, container: string, network: string): Promise<string> {
  const format = `{{with index .NetworkSettings.Networks ${JSON.stringify(network)}}}{{.IPAddress}}{{end}}`;
  return docker.call(['inspect', '--format', format, container]);
}

/** Adds the removal of images that the node lacks to the undo script. */
export async function rememberImages(
  docker: Docker,
  node: string,
  run: string,
  imageInfo: ReadonlyMap<string, ImageInfo>,
  references: readonly string[],
): Promise<void> {
  // containerd lists full names and ids.
  const names = new Set(references.flatMap((reference) => [wholeName(reference), imageInfo.get(reference)?.Id ?? '']));
  const script = `
    undo=$1; shift
    there=$(ctr --namespace k8s.io images list --quiet)
    for name; do
      echo "$there" | grep -Fqx "$name" || echo "ctr --namespace k8s.io images remove $name" >>"$undo"
    done`;
  await docker.script(node, script, [undoFile(run), ...[...names].filter((name) => name !== '')]);
}

/** Returns the reference with the registry and tag that Docker omits. */
export function wholeName(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  const registry = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const name = registry ? reference : `docker.io/${rest.length === 0 ? 'library/' : ''}${reference}`;
  return /[:@][^/]*$/.test(name.slice(name.lastIndexOf('/'))) ? name : `${name}:latest`;
}

export async function loadImages(docker: Docker, node: string, archive: string, signal: AbortSignal): Promise<void> {
  await docker.script(node, importOf('-'), [], { inputFile: archive, signal });
}

/** Waits for containerd and loads a mounted archive, which is twice as fast as `loadImages`. */
export async function loadMountedImages(
  docker: Docker,
  node: string,
  archive: string,
  signal: AbortSignal,
): Promise<void> {
  const wait = 'until ctr --namespace k8s.io version >/dev/null 2>&1; do sleep 0.1; done';
  await docker.script(node, `${wait}; ${importOf('"$1"')}`, [archive], { signal });
}

const importOf = (archive: string): string => `exec ctr --namespace k8s.io images import ${archive} >/dev/null`;

/** Checks that a node can connect to a URL. Throws `ClusterError`. */
export async function checkReach(docker: Docker, node: string, url: string, signal: AbortSignal): Promise<void> {
  const { hostname, port } = new URL(url);
  try {
    await docker.script(node, 'timeout 10 bash -c \': <>"/dev/tcp/$0/$1"\' "$1" "$2"', [hostname, port], { signal });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ClusterError(
      'CLUSTER_FAILED',
      `Node ${node} cannot reach this machine at ${url}. Make the firewall accept connections from Docker's networks to it.`,
    );
  }
}

/** A node's preparation for the agent's addresses. */
export interface LinkLocal {
  /** Undefined: the agent's own `initialize` creates its link. */
  readonly link: 'dummy' | 'bridge' | undefined;
  readonly ipv6: boolean;
  /** Value of `--bind-hosts` if the node cannot have both addresses. */
  readonly bindHosts?: readonly string[];
}

/**
 * Prepares a node so that the agent's `initialize` can add both addresses. If the kernel has no dummy links, creates a
 * bridge, without duplicate address detection, which would delay listening. Enables IPv6 on the link and on loopback.
 */
export async function prepareLinkLocal(docker: Docker, node: string, run: string): Promise<LinkLocal> {
  const script = `
    link=$1 conf=/proc/sys/net/ipv6/conf
    ! ip link show "$link" >/dev/null 2>&1 || { echo present; exit 0; }
    echo "ip link delete $link" >>"$2"
    type=dummy
    ip link add "$link" type dummy 2>/dev/null || { type=bridge; ip link add "$link" type bridge; }
    ipv6=none
    if [ -e "$conf/$link/disable_ipv6" ]; then
      ipv6=on
      [ "$type" = dummy ] || echo 0 >"$conf/$link/accept_dad"
      for one in "$link" lo; do
        [ "$(cat "$conf/$one/disable_ipv6")" = 1 ] || continue
        ipv6=turned-on
        [ "$one" = "$link" ] || echo "echo 1 >$conf/$one/disable_ipv6" >>"$2"
        echo 0 >"$conf/$one/disable_ipv6"
      done
    fi
    case $type/$ipv6 in
      dummy/on | dummy/none) ip link delete "$link"; type=own ;;
    esac
    echo "$type $ipv6"`;
  const [type = '', ipv6] = (await docker.script(node, script, [LINK, undoFile(run)])).split(' ');
  return {
    link: type === 'dummy' || type === 'bridge' ? type : undefined,
    ipv6: ipv6 !== 'none',
    ...(ipv6 === 'none' && { bindHosts: [AGENT_ADDRESS] }),
  };
}

/** Redirects the metadata address to a port of this machine. Returns a function that undoes it. */
export async function redirectMetadata(
  docker: Docker,
  node: string,
  run: string,
  { host }: Reach,
  port: number,
): Promise<() => Promise<void>> {
  const rule = `-d ${METADATA_ADDRESS}/32 -p tcp --dport 80 -m comment --comment ${RULE_COMMENT} -j DNAT --to-destination`;
  const change = (action: string): string => `
    address=$(getent ahostsv4 "$1" | { read -r address rest; echo "$address"; })
    for chain in OUTPUT PREROUTING; do
      rule="$chain ${rule} $address:$2"
      ${action}
    done`;
  const args = [host, String(port), undoFile(run)];
  await docker.script(node, change(`echo "iptables -w 5 -t nat -D $rule" >>"$3"; iptables -w 5 -t nat -I $rule`), args);
  return async () => {
    await docker.script(node, change('iptables -w 5 -t nat -D $rule'), args);
  };
}

export async function undoChanges(docker: Docker, node: string, run: string): Promise<void> {
  await docker.script(node, '[ ! -e "$1" ] || { sh "$1" 2>/dev/null || true; rm -f "$1"; }', [undoFile(run)]);
}

/** Serves instance metadata with the group's role to a node. Returns a function that stops the service. */
export async function serveMetadata(
  { docker, reach, options }: HostContext,
  region: string,
  node: NodeContainer,
  group: NodeGroupSpec,
): Promise<() => Promise<void>> {
  const metadata = await startInstanceMetadata({
    instance: group.instance,
    region,
    hostName: node.name,
    roleArn: group.nodeRoleArn,
    credentials: group.credentials,
    clock: Date,
    bindAddress: reach.bindAddress,
    // Behind a proxy the callers' addresses are unknown, but then the server binds only loopback.
    answers: (address) => !reach.seesCallers || address === node.address,
  });
  try {
    const restore = await redirectMetadata(docker, node.name, options.run, reach, metadata.port);
    return async () => {
      await metadata.close();
      await restore();
    };
  } catch (error) {
    await metadata.close();
    throw error;
  }
}
