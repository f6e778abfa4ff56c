import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { CoreV1EventList, KubeConfig, V1Job, V1Pod, V1PodList } from '@kubernetes/client-node';
import type { Report } from '../../components/preflight/report.ts';
import { poll } from '../../foundation/node/poll.ts';
import { clip } from '../../foundation/node/text.ts';
import { connect, ignoring, isTransient, type Connection } from '../../foundation/protocols/kubernetes-connection.ts';
import type { ClusterFacts } from '../facts/cluster-facts.ts';
import type { Pod } from '../snapshot/kubernetes.ts';
import { DEADLINE, jobOf, KEPT, programOf } from './job.ts';

interface InsideOptions {
  readonly config: KubeConfig;
  readonly facts: ClusterFacts;
  readonly pod: Pod;
  readonly image: string;
  /** The text of `dist/preflight.cjs`. */
  readonly program: string;
  readonly signal: AbortSignal;
  /** Receives a sentence before anything is created, and one for each problem of the removal. */
  readonly announce: (sentence: string) => void;
  readonly progress: (line: string) => void;
}

/** Milliseconds for the removal, also after an interrupt. */
const REMOVAL = 10_000;
/** Reasons of a waiting container that time does not mend (Kubernetes, "Images", ImagePullBackOff). */
const STUCK = /^(ImagePullBackOff|InvalidImageName|CreateContainer\w*Error|RunContainerError)$/;

/** Runs preflight in a Job like the pod, and removes the Job. Returns the report, or the reason for a missing one. */
export async function runInside(options: InsideOptions): Promise<Report | string> {
  const { config, facts, pod, image, program, signal, announce } = options;
  const { name: podName, namespace = 'default' } = pod.metadata;
  const connection = connect(config);
  const name = `preflight-${randomBytes(4).toString('hex')}`;
  const core = `/api/v1/namespaces/${namespace}`;
  const jobs = `/apis/batch/v1/namespaces/${namespace}`;
  const remove = async (): Promise<void> => {
    const how = { propagationPolicy: 'Background' };
    const path = `${jobs}/jobs/${name}`;
    await connection.json('DELETE', path, how, AbortSignal.timeout(REMOVAL)).catch(ignoring(404));
  };
  try {
    const live = await connection.json<V1Pod>('GET', `${core}/pods/${podName}`, undefined, signal);
    const wanted = jobOf(live, facts, name, image);
    const node = wanted.spec!.template.spec!.affinity && ` on node ${pod.nodeName}`;
    announce(
      `Creates Job ${name} and its ConfigMap in namespace ${namespace}, under service account ${pod.serviceAccountName}${node ?? ''}, with image ${image}. Removes both at the end; if it is killed, Kubernetes does so within ${DEADLINE + KEPT} s.`,
    );
    try {
      const job = await connection.json<V1Job>('POST', `${jobs}/jobs`, wanted, signal);
      await connection.json('POST', `${core}/configmaps`, programOf(job, program), signal);
      return await reportOf(connection, core, job, options);
    } finally {
      await remove().catch(({ message }: Error) =>
        announce(`Job ${name} was not deleted (${message}). Run kubectl delete job ${name} -n ${namespace}.`),
      );
    }
  } catch (error) {
    return signal.aborted ? 'Interrupted.' : (error as Error).message;
  } finally {
    connection.close();
  }
}

/** Waits for the Job's pod, and reads its output. Throws an error with the reason if it cannot run. */
async function reportOf(
  connection: Connection,
  core: string,
  { metadata, spec }: V1Job,
  { signal, progress }: InsideOptions,
): Promise<Report> {
  const { name } = metadata!;
  const container = spec!.template.spec!.containers[0]!.name;
  let reason = 'it has no pod';
  const get = <T>(query: string, attempt: AbortSignal) =>
    connection.json<T>('GET', `${core}/${query}`, undefined, attempt);
  const pod = await poll(
    async (attempt) => {
      const { items } = await get<V1PodList>(`pods?labelSelector=job-name%3D${name}`, attempt);
      const events = `events?fieldSelector=involvedObject.name%3D${name}%2Creason%3DFailedCreate`;
      const refused = items.length > 0 ? [] : (await get<CoreV1EventList>(events, attempt)).items;
      if (refused[0]?.message !== undefined) throw new Error(`The Job's pod was refused: ${refused[0].message}`);
      const { conditions = [], containerStatuses = [], phase = 'Pending' } = items[0]?.status ?? {};
      const state = containerStatuses.find((one) => one.name === container)?.state ?? {};
      if (state.terminated) return { name: items[0]!.metadata!.name!, ...state.terminated };
      const { reason: waiting = '', message = waiting } = state.waiting ?? {};
      if (STUCK.test(waiting))
        throw new Error(`The Job's container cannot start (${waiting}): ${clip(message)} --image names another image.`);
      reason = message || (conditions.find(({ status }) => status === 'False')?.message ?? phase);
      progress(`waiting for Job ${name}: ${reason}`);
      return undefined;
    },
    {
      ...{ every: 500, within: DEADLINE * 1000, signal, tolerates: isTransient },
      late: () => new Error(`The Job's pod did not end within ${DEADLINE} s: ${reason}`),
    },
  );
  const log = await text(await connection.open(`${core}/pods/${pod.name}/log?container=${container}`, signal));
  try {
    return JSON.parse(log.slice(log.indexOf('{'))) as Report;
  } catch {
    const line = pod.message ?? log.trim().split('\n')[0] ?? '';
    throw new Error(`The Job's container ended with ${pod.exitCode} instead of a report: ${clip(line)}`);
  }
}
