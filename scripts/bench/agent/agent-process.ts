/** The reference agent in a process of its own, as in its image. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, copyFileSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { LIMITER_VARIABLE } from '../../../components/agent/index.ts';
import { switchingOn } from '../../../faults/switch.ts';
import { poll } from '../../../foundation/node/poll.ts';

export interface AgentOrder {
  /** The built package. */
  readonly dist: string;
  /** An empty folder of this measurement. */
  readonly folder: string;
  readonly eksAuth: string;
  /** Whether the agent limits requests. Default true. */
  readonly limiter?: boolean;
  /** A fault of the catalogue that is on. */
  readonly fault?: string;
  /** Further flags of `server`. */
  readonly flags?: readonly string[];
}

/** What the agent has used of the machine. */
export interface AgentUsage {
  /** Bytes of resident memory. */
  readonly rss: number;
  /** Bytes of the heap. */
  readonly heapUsed: number;
  /** Of processor time since its start. */
  readonly seconds: number;
}

export interface AgentProcess {
  /** Of its credentials endpoint. */
  readonly url: string;
  /** `collected`: after a full garbage collection, for which requests wait. Default true. */
  usage(collected?: boolean): Promise<AgentUsage>;
  stop(): Promise<void>;
}

/** Loaded ahead of the program: tells memory and processor time on file descriptor 3 when it is asked by a signal. */
const REPORTER =
  "import{writeSync}from'node:fs';for(const signal of['SIGUSR2','SIGHUP'])process.on(signal,()=>{if(signal==='SIGUSR2')gc();const{rss,heapUsed}=process.memoryUsage();const{user,system}=process.cpuUsage();writeSync(3,JSON.stringify({rss,heapUsed,seconds:(user+system)/1e6})+'\\n')});";

const imported = (code: string): readonly string[] => ['--import', `data:text/javascript,${encodeURIComponent(code)}`];

/**
 * Starts it on loopback and waits until it listens. On Linux it gets the first core alone. Its log goes to a file of the folder.
 *
 * @throws Error with what it wrote to standard error when it ends instead
 */
export async function startAgentProcess(order: AgentOrder): Promise<AgentProcess> {
  const { dist, folder, fault, limiter = true, eksAuth } = order;
  const [program, log] = [join(folder, 'agent.cjs'), join(folder, 'agent.log')];
  copyFileSync(join(dist, fault === undefined ? '' : 'faults', 'image', 'root', 'eks-pod-identity-agent'), program);
  const preloaded = [...imported(REPORTER), ...(fault === undefined ? [] : imported(switchingOn([fault])))];
  const flags = ['--cluster-name', 'load', '--bind-hosts', '127.0.0.1', '--metrics-address', '127.0.0.1'];
  const ports = ['--port', '0', '--probe-port', '0', '--metrics-port', '0'];
  const command = [process.execPath, '--expose-gc', ...preloaded, program, 'server', ...flags, ...ports];
  const [first = '', ...rest] = [...onCore(0), ...command, '--endpoint', eksAuth, ...(order.flags ?? [])];
  const output = openSync(log, 'w', 0o600);
  const child = spawn(first, rest, {
    env: {
      AWS_REGION: 'us-west-2',
      AWS_ACCESS_KEY_ID: 'AKIAEXAMPLEEXAMPLE12',
      AWS_SECRET_ACCESS_KEY: 'a-secret-of-no-account',
      [LIMITER_VARIABLE]: limiter ? 'on' : 'off',
    },
    stdio: ['ignore', output, 'pipe', 'pipe'],
  });
  closeSync(output);
  const errors = text(child.stderr as Readable);
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdio[3] as Readable });
  const address = await poll(
    async () => {
      if (child.exitCode !== null) throw new Error(`The agent ended: ${await errors}`);
      // The first that it tells: a server tells it when it listens.
      return /"bind-addr":"([^"]+)"/.exec(readFileSync(log, 'utf8'))?.[1];
    },
    { every: 50, within: 60_000, what: 'the agent to listen' },
  );
  return {
    url: `http://${address}/v1/credentials`,
    usage: async (collected = true) => {
      const line = once(lines, 'line') as Promise<[string]>;
      child.kill(collected ? 'SIGUSR2' : 'SIGHUP');
      return JSON.parse((await line)[0]) as AgentUsage;
    },
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** What makes a command run on one core alone, where there is util-linux' `taskset` and more than one core. */
export function onCore(core: 0 | 1): readonly string[] {
  const isThere = process.platform === 'linux' && existsSync('/usr/bin/taskset');
  return isThere ? ['/usr/bin/taskset', '--cpu-list', String(core)] : [];
}
