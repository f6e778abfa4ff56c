import type { V1DaemonSet, V1Deployment, V1Pod, V1Secret, V1Service } from '@kubernetes/client-node';
import { text as textOf } from 'node:stream/consumers';
import { commandLine } from '../../foundation/node/command-line.ts';
import { HarnessError } from '../../foundation/node/errors.ts';
import { find } from '../../clusters/in-cluster/objects.ts';
import { connect } from '../../foundation/protocols/kubernetes-connection.ts';
import type { NamedContext } from '../../foundation/node/named-context.ts';
import { EMULATOR, EMULATOR_PORT, KEYS, NAMESPACE } from '../in-cluster/manifest.ts';
import { readCalls, type RecordedCall } from './calls.ts';
import { RUN } from './up.ts';
import { RUN_LABEL } from '../../foundation/protocols/labels.ts';

const EMULATOR_POD = `/api/v1/namespaces/${NAMESPACE}/pods/${EMULATOR}`;

/** A program of the emulated AWS in a cluster. */
interface Part {
  /** Kind, namespace and name. */
  readonly where: string;
  readonly image: string;
  /** Undefined if it runs. */
  readonly problem: string | undefined;
}

export interface Status {
  readonly parts: readonly Part[];
  readonly isRunning: boolean;
  /** URL for AWS_ENDPOINT_URL of pods. */
  readonly endpoint: string;
  /** Arguments of kubectl that forward a port of this machine. */
  readonly forward: string;
  /** Variables of an AWS client that uses the port. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Reads the state of agent, webhook and emulator. Throws `HarnessError` BAD_CLUSTER if nothing is installed. */
export async function statusOf({ config, context }: NamedContext): Promise<Status> {
  const connection = connect(config);
  try {
    const workload = <T extends V1DaemonSet | V1Deployment>(path: string) =>
      find<T>(connection, `/apis/apps/v1/namespaces/kube-system/${path}`);
    const [agent, webhook, service, emulator, keys] = await Promise.all([
      workload<V1DaemonSet>('daemonsets/eks-pod-identity-agent'),
      workload<V1Deployment>('deployments/pod-identity-webhook'),
      find<V1Service>(connection, `/api/v1/namespaces/${NAMESPACE}/services/${EMULATOR}`),
      find<V1Pod>(connection, EMULATOR_POD),
      find<V1Secret>(connection, `/api/v1/namespaces/${NAMESPACE}/secrets/${KEYS}`),
    ]);
    if (keys?.metadata?.labels?.[RUN_LABEL] !== RUN)
      throw new HarnessError(
        'BAD_CLUSTER',
        `Context ${context} has no emulated AWS. Install it with \`${commandLine('up', `--context ${context}`)}\`.`,
      );
    const part = (name: string, object: V1DaemonSet | V1Deployment | undefined, ready = 0, desired = 1): Part => ({
      where: `${name} in namespace kube-system`,
      image: object?.spec?.template.spec?.containers[0]?.image ?? '',
      problem: object === undefined ? 'is missing' : ready < desired ? `is ready on ${ready} of ${desired}` : undefined,
    });
    const phase = emulator?.status?.phase;
    const parts = [
      part('Agent', agent, agent?.status?.numberReady, agent?.status?.desiredNumberScheduled),
      part('Webhook', webhook, webhook?.status?.readyReplicas),
      {
        where: `Emulator in namespace ${NAMESPACE}`,
        image: emulator?.spec?.containers[0]?.image ?? '',
        problem: phase === 'Running' ? undefined : `is ${phase ?? 'missing'}`,
      },
    ];
    const secret = (name: string): string => Buffer.from(keys.data?.[name] ?? '', 'base64').toString();
    return {
      parts,
      isRunning: parts.every(({ problem }) => problem === undefined),
      // An address, because SDKs would add the names of buckets to a host name.
      endpoint: `http://${service?.spec?.clusterIP}:${EMULATOR_PORT}`,
      forward: `--namespace ${NAMESPACE} port-forward pod/${EMULATOR} ${EMULATOR_PORT}`,
      variables: {
        AWS_ENDPOINT_URL: `http://127.0.0.1:${EMULATOR_PORT}`,
        AWS_REGION: secret('AWS_REGION'),
        AWS_ACCESS_KEY_ID: secret('AWS_ACCESS_KEY_ID'),
        AWS_SECRET_ACCESS_KEY: secret('AWS_SECRET_ACCESS_KEY'),
      },
    };
  } finally {
    connection.close();
  }
}

/** Reads the calls of the emulator in a cluster. */
export async function callsIn({ config, context }: NamedContext): Promise<readonly RecordedCall[]> {
  const connection = connect(config);
  try {
    const log = await connection.open(`${EMULATOR_POD}/log`, AbortSignal.timeout(60_000));
    return readCalls(await textOf(log), `The emulated AWS of context ${context}`);
  } finally {
    connection.close();
  }
}
