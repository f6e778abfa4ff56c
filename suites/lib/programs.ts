/** Pods in the scenario's namespace that run their own Node program in the image of workload `app`. */
import { expect } from 'chai';
import type { CheckContext } from '../../harness/index.ts';
import { askerOf, NAMESPACE } from './namespace-requests.ts';

export const MESSAGE = '/dev/termination-log';
export const API_ACCESS = '/var/run/secrets/kubernetes.io/serviceaccount';

export interface State {
  readonly waiting?: { readonly reason?: string };
  readonly running?: object;
  readonly terminated?: { readonly exitCode: number; readonly reason?: string; readonly message?: string };
}

interface ContainerStatus {
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state?: State;
  readonly lastState?: State;
}

export interface Pod {
  readonly metadata: {
    readonly uid: string;
    readonly deletionTimestamp?: string;
    readonly deletionGracePeriodSeconds?: number;
  };
  readonly spec: { readonly nodeName: string; readonly containers: readonly { readonly image: string }[] };
  readonly status: {
    readonly phase?: string;
    readonly qosClass?: string;
    readonly podIP?: string;
    readonly hostIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

export const asker = askerOf<Pod>;

interface Program {
  readonly name: string;
  readonly program: string;
  /** A field of the container. */
  readonly [setting: string]: unknown;
}

export interface Settings {
  readonly metadata?: object;
  readonly volumes?: readonly object[];
  /** Arguments of the programs. */
  readonly command?: readonly string[];
  readonly initContainers?: readonly Program[];
  /** Further containers, next to `app`. */
  readonly containers?: readonly Program[];
  /** Fields of the pod's specification. */
  readonly spec?: object;
  /** A field of container `app`. */
  readonly [setting: string]: unknown;
}

/** Returns a pod that runs a Node program in the workload's image, once unless `spec` sets another restart policy. */
export async function podOf(
  context: CheckContext,
  name: string,
  program: string,
  {
    metadata = {},
    volumes = [],
    command = [],
    initContainers = [],
    containers = [],
    spec = {},
    ...more
  }: Settings = {},
): Promise<object> {
  const { spec: sane } = await asker(context)('GET', `pods/${context.name('<pod:app>')}`);
  const { image } = sane.containers[0] ?? {};
  const { volumeMounts = [] } = more;
  const run = ({ program: code, ...own }: Program) => ({
    image,
    imagePullPolicy: 'IfNotPresent',
    command: ['node', '-e', code, '--', ...command],
    volumeMounts,
    ...own,
  });
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...metadata },
    spec: {
      serviceAccountName: 'app',
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      volumes,
      initContainers: initContainers.map(run),
      containers: [{ name: 'app', program, ...more }, ...containers].map(run),
      ...spec,
    },
  };
}

/** Waits for a status of the pod for which `holds` is true, and returns it. */
export async function statusOf(
  context: CheckContext,
  pod: string,
  what: string,
  holds: (status: Pod['status']) => boolean,
): Promise<Pod['status']> {
  const status = await context.eventually(async () => (await asker(context)('GET', `pods/${pod}`)).status, holds);
  if (holds(status)) return status;
  const { waiting } = status.containerStatuses?.[0]?.state ?? {};
  // A configuration error is a failure, not a sign of a slow machine.
  expect(waiting?.reason, `why pod ${pod} waits`).not.to.equal('CreateContainerConfigError');
  throw new Error(`Timed out: pod ${pod} has not ${what} (${waiting?.reason ?? 'no reason given'}).`);
}

/** Waits until a pod's program has ended, and returns its termination message. */
export async function messageOf(context: CheckContext, pod: string): Promise<string> {
  const terminated = ({ containerStatuses }: Pod['status']) => containerStatuses?.[0]?.state?.terminated;
  const ended = terminated(await statusOf(context, pod, 'ended', (status) => terminated(status) !== undefined));
  expect(ended?.exitCode, `the exit code of pod ${pod}`).to.equal(0);
  return ended?.message ?? '';
}

export const logOf = async ({ kubernetes, name }: CheckContext, pod: string, container = 'app'): Promise<string> =>
  (await kubernetes({ path: `${name(NAMESPACE)}/pods/${pod}/log?container=${container}` })).body;

export const tells = async (
  context: CheckContext,
  pod: string,
  what: RegExp,
  container?: string,
  seconds?: number,
): Promise<boolean> =>
  what.test(
    await context.eventually(
      () => logOf(context, pod, container),
      (log) => what.test(log),
      seconds,
    ),
  );

/** Adds these labels and annotations to a pod. */
export async function changePod({ kubernetes, name }: CheckContext, pod: string, metadata: object): Promise<void> {
  const headers = { 'content-type': 'application/merge-patch+json' };
  const path = name(`${NAMESPACE}/pods/${pod}`);
  const answer = await kubernetes({ method: 'PATCH', path, body: { metadata }, headers });
  expect(answer, `change of pod ${name(pod)}`).to.include({ status: 200 });
}

export const TOKEN_FOLDER = '/opt/tokens';

/** Returns settings of a pod that mounts these sources of tokens at `TOKEN_FOLDER`. */
export const mountedTokens = (sources: readonly object[]) => ({
  volumes: [{ name: 'tokens', projected: { sources } }],
  volumeMounts: [{ name: 'tokens', mountPath: TOKEN_FOLDER }],
});
