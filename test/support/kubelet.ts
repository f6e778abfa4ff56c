import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryStore } from '../../clusters/kubernetes/api-server/store/memory-store.ts';
import type { KubeObject, TokenIssuer, TokenRequestSpec } from '../../clusters/kubernetes/api-server/model/types.ts';
import { startKubelet } from '../../clusters/kubernetes/kubelet/kubelet.ts';
import type { KubeletOptions } from '../../clusters/kubernetes/kubelet/context.ts';
import type { RunningKubelet } from '../../clusters/kubernetes/kubelet/kubelet.ts';
import type { Pod, PodSpec } from '../../clusters/kubernetes/kubelet/spec.ts';

/** A program for tests. Its arguments select what it does. */
const PROGRAM = `
import { readFileSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
const [what, ...args] = process.argv.slice(2);
const hold = () => setInterval(() => {}, 1000);
const actions = {
  env: () => console.log(JSON.stringify(process.env)),
  args: () => console.log(JSON.stringify({ args, cwd: process.cwd(), uid: process.geteuid(), gid: process.getegid() })),
  cat: () => args.forEach((path) => process.stdout.write(readFileSync(path, 'utf8'))),
  write: () => writeFileSync(args[0], args[1]),
  exit: () => process.exit(Number(args[0])),
  die: () => process.kill(process.pid, 'SIGKILL'),
  hold: () => { console.log('holding'); hold(); },
  stubborn: () => { process.on('SIGTERM', () => console.log('ignored')); console.log('holding'); hold(); },
  child: () => { const c = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' }); console.log(c.pid); hold(); },
  lines: () => { let n = 0; const t = setInterval(() => { console.log('line ' + n); if (++n === Number(args[0])) clearInterval(t); }, 5); },
  fetch: async () => { const r = await fetch(args[0], { headers: JSON.parse(args[1] ?? '{}') }); console.log(r.status, await r.text()); },
};
await actions[what]();
`;

const NODE = { name: 'node-1', uid: 'node-uid' };

export interface TestCluster {
  readonly store: MemoryStore;
  readonly kubelet: RunningKubelet;
  readonly directory: string;
  /** Token requests so far. */
  readonly tokenRequests: TokenRequestSpec[];
  /** Clock of kubelet and store, which tests advance. */
  readonly clock: { now(): number; advance(milliseconds: number): void };
  createPod(name: string, spec: Partial<PodSpec>, metadata?: Partial<KubeObject['metadata']>): Pod;
  pod(name: string): Pod | undefined;
  /** Waits until the pod is as wanted, and returns it. Undefined stands for a deleted pod. */
  until(name: string, wanted: (pod: Pod | undefined) => boolean): Promise<Pod | undefined>;
  ready(name: string): Promise<Pod>;
  ended(name: string): Promise<Pod>;
  log(pod: string, container?: string): Promise<string>;
  deletePod(name: string, graceSeconds?: number): void;
  reasons(pod: string): string[];
  close(): Promise<void>;
}

/** Starts a kubelet on the API server's store, with images `test` (the program above) and `shell`, and numbered tokens. */
export async function testCluster(options: Partial<KubeletOptions> = {}): Promise<TestCluster> {
  let offset = 0;
  const clock = {
    now: () => Date.now() + offset,
    advance: (milliseconds: number) => {
      offset += milliseconds;
    },
  };
  const store = new MemoryStore(clock);
  const directory = mkdtempSync(join(tmpdir(), 'kubelet-'));
  chmodSync(directory, 0o755);
  const program = join(directory, 'program.mjs');
  writeFileSync(program, PROGRAM, { mode: 0o644 });
  store.create('serviceaccounts', {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: 'default' },
  });
  const tokenRequests: TokenRequestSpec[] = [];
  const tokens: TokenIssuer = {
    issuer: 'https://issuer.test',
    issue: async (_account, request) => {
      tokenRequests.push(request);
      const end = new Date(clock.now() + request.expirationSeconds * 1000);
      return { token: `token-${tokenRequests.length}`, expirationTimestamp: end.toISOString() };
    },
    jwks: () => Promise.resolve({ keys: [] }),
  };
  const kubelet = await startKubelet({
    store,
    tokens,
    apiServerUrl: 'https://127.0.0.1:6443',
    node: NODE,
    images: new Map([
      ['test', { entrypoint: [process.execPath, program] }],
      ['shell', { entrypoint: ['/bin/sh', '-c'] }],
    ]),
    addresses: [{ inPod: 'http://169.254.1.1', here: 'http://127.0.0.1:8001' }],
    environment: { METADATA_ENDPOINT: 'http://127.0.0.1:8003' },
    directory: join(directory, 'pods'),
    clock,
    tokenCheckInterval: 10,
    restartBackoff: { initial: 20, max: 40 },
    ...options,
  });
  const pod = (name: string): Pod | undefined => store.get('pods', 'default', name) as Pod | undefined;
  const until: TestCluster['until'] = (name, wanted) =>
    new Promise((resolve) => {
      const look = (): boolean => {
        const found = pod(name);
        if (!wanted(found)) return false;
        unsubscribe();
        resolve(found);
        return true;
      };
      const unsubscribe = store.watch('pods', look);
      look();
    });
  return {
    store,
    kubelet,
    directory,
    tokenRequests,
    clock,
    pod,
    until,
    createPod: (name, spec, metadata = {}) =>
      store.create('pods', {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'default', ...metadata },
        spec: { nodeName: NODE.name, restartPolicy: 'Never', containers: [], ...spec },
        status: { phase: 'Pending' },
      }) as Pod,
    ready: async (name) =>
      (await until(name, (found) => {
        const ready = found?.status?.conditions?.find(({ type }) => type === 'Ready');
        return ready?.status === 'True';
      })) as Pod,
    ended: async (name) =>
      (await until(name, (found) => ['Succeeded', 'Failed'].includes(found?.status?.phase ?? ''))) as Pod,
    log: async (name, container = 'main') => {
      const stream = kubelet.logs('default', name, { container, follow: false });
      return Buffer.concat((await stream.toArray()) as Buffer[]).toString();
    },
    deletePod: (name, graceSeconds = 30) => {
      const found = store.get('pods', 'default', name);
      if (found === undefined) return;
      const deletionTimestamp = new Date(clock.now()).toISOString();
      const metadata = { ...found.metadata, deletionTimestamp, deletionGracePeriodSeconds: graceSeconds };
      store.update('pods', { ...found, metadata });
    },
    reasons: (name) =>
      store
        .list('events')
        .filter((event) => (event['involvedObject'] as { name: string }).name === name)
        .map((event) => event['reason'] as string),
    close: async () => {
      await kubelet.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
