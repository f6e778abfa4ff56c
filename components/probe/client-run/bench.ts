import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientRun, ClientStep, Facts } from '../../../foundation/protocols/client-run.ts';
import { Aws, upstreams } from './aws.ts';
import { observedHost, throughProxy } from './observed-host.ts';
import { Credentials } from './credentials.ts';
import { certifiedSts, hostsWithSts, STS_ADDRESSES } from './sts-by-tls.ts';
import { Endpoint, Script, type Handler } from './endpoint.ts';
import { Lateness } from '../../../foundation/node/lateness.ts';
import { instanceMetadata } from './metadata.ts';
import { Names } from './names.ts';
import type { Relayed } from './network.ts';
import {
  defaults,
  ELSEWHERE,
  expand,
  NEAR_ADDRESSES,
  NEAR_NAMES,
  placeholders,
  type Environment,
} from './placeholders.ts';
import { unbracketed } from '../../../foundation/node/unbracketed.ts';

const UPSTREAM = [{ from: 'upstream' }] as const;

/**
 * The endpoints' hosts in a pod (Amazon EKS, ECS and EC2 User Guides). `elsewhere` has an unused address. Only clients
 * that require it find STS by its names, with TLS.
 */
const ADDRESSES: Readonly<Record<string, { readonly hosts: readonly string[]; readonly port: number }>> = {
  credentials: { hosts: ['169.254.170.23', 'fd00:ec2::23', '169.254.170.2'], port: 80 },
  metadata: { hosts: ['169.254.169.254', 'fd00:ec2::254'], port: 80 },
  elsewhere: { hosts: [ELSEWHERE, ...NEAR_ADDRESSES], port: 80 },
  'sts.regional': { hosts: [STS_ADDRESSES['sts.regional']], port: 443 },
  'sts.global': { hosts: [STS_ADDRESSES['sts.global']], port: 443 },
};

interface Part {
  readonly handle: Handler;
  readonly facts: () => Facts;
  readonly connected?: (host?: string) => void;
}

export type Bench = Awaited<ReturnType<typeof openBench>>;

/** Opens the endpoints of a client's run. `asksStsByTls`: the client only finds STS by its names. */
export async function openBench(run: ClientRun, pod: Environment, asksStsByTls = false) {
  const names = new Names();
  const folder = mkdtempSync(join(pod['PROBE_PLAN'] === undefined ? tmpdir() : writable(), 'client-'));
  const region = pod['AWS_REGION'] ?? 'us-east-1';
  const scripts = { credentials: new Script([]), sts: new Script([]), s3: new Script([]) };
  const agent = pod['AWS_CONTAINER_CREDENTIALS_FULL_URI'];
  const refuse = async () => ({ status: 403, body: 'not for you' });
  const aws = new Aws(names, scripts, upstreams(pod));
  const certified = asksStsByTls ? await certifiedSts(region, folder) : undefined;
  const sts = certified === undefined ? refuse : aws.handle;
  const parts: Readonly<Record<string, Part>> = {
    credentials: new Credentials(names, scripts.credentials, agent === undefined ? undefined : new URL(agent)),
    metadata: instanceMetadata(names, region),
    aws,
    proxy: observedHost('proxy', names, (request) => throughProxy(request, (url) => reachable(url, endpoints))),
    elsewhere: observedHost('elsewhere', names, refuse),
    'sts.regional': observedHost('sts.regional', names, sts),
    'sts.global': observedHost('sts.global', names, sts),
  };
  const late = new Lateness();
  const endpoints = new Map<string, Endpoint>();
  for (const [name, { handle, connected }] of Object.entries(parts)) {
    const tls = name in STS_ADDRESSES ? certified?.tls : undefined;
    endpoints.set(name, await Endpoint.open(handle, late, { connected, tls }));
  }
  const port = (name: string): number => endpoints.get(name)?.port ?? 0;
  const values = placeholders(names, folder, pod, port);
  const write = (files: Readonly<Record<string, string>> = {}): void => {
    for (const [name, content] of Object.entries(expand(files, values))) writeFileSync(join(folder, name), content);
  };
  scripts.credentials.replace(expand(run.credentials ?? UPSTREAM, values));
  scripts.sts.replace(expand(run.sts ?? UPSTREAM, values));
  scripts.s3.replace(expand(run.s3 ?? [], values));
  write(run.files);
  if (run.awaySeconds !== undefined) await endpoints.get('credentials')?.away(run.awaySeconds);
  const environment = expand({ ...defaults(pod, run.addresses !== undefined), ...run.environment }, values);
  return {
    names,
    folder,
    environment: {
      ...certified?.environment,
      ...Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, value ?? undefined])),
    },
    authorities: certified?.file,
    /** Addresses of the client's own network other than loopback. */
    relayed: Object.entries(ADDRESSES).flatMap(([name, { hosts, port: at }]): Relayed[] =>
      hosts.map((host) => ({ host, port: at, to: port(name) })),
    ),
    /** Host names of that network, in the format of /etc/hosts. */
    hosts: hostsWithSts(region) + NEAR_NAMES.map((host) => `${ELSEWHERE} ${host}\n`).join(''),
    ports: [...endpoints.values()].map((endpoint) => endpoint.port),
    change: ({ files, credentials }: ClientStep): void => {
      write(files);
      if (credentials !== undefined) scripts.credentials.replace(expand(credentials, values));
    },
    facts: (): Facts => ({
      ...(Object.assign({}, ...Object.values(parts).map((part) => part.facts())) as Facts),
      lateMilliseconds: late.milliseconds,
    }),
    close: (): void => {
      late.stop();
      for (const endpoint of endpoints.values()) endpoint.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function writable(): string {
  try {
    accessSync(process.cwd(), constants.W_OK);
    return process.cwd();
  } catch {
    return tmpdir();
  }
}

/** Returns the target of a proxy's request, which must be an endpoint at its own address or at a pod's address. */
function reachable({ hostname, port }: URL, endpoints: ReadonlyMap<string, Endpoint>): URL | undefined {
  const host = unbracketed(hostname);
  for (const [name, { url, port: endpointPort }] of endpoints)
    if (Number(port) === endpointPort || ADDRESSES[name]?.hosts.includes(host)) return new URL(url);
  return undefined;
}
