/** Sets up the network of this process, starts a client in it, and relays its connections. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { joined, NETWORK_PLAN, type NetworkPlan, type Relayed } from './network.ts';

/** Paths of certificate authorities in Debian and Fedora. */
const SYSTEM_AUTHORITIES = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt'];

export async function relay([program = '', ...args]: readonly string[]): Promise<void> {
  const plan = JSON.parse(process.env[NETWORK_PLAN] ?? '{}') as NetworkPlan;
  const relayedHosts = new Set(plan.relayed.map(({ host }) => host).filter((host) => !host.startsWith('127.')));
  const addresses = [...relayedHosts].map((host) =>
    host.includes(':') ? `address add ${host}/128 dev lo nodad` : `address add ${host}/32 dev lo`,
  );
  perform('ip', ['-batch', '-'], ['link set lo up', ...addresses, ''].join('\n'));
  if (plan.hosts !== '') {
    const file = `${plan.socket}-hosts`;
    writeFileSync(file, plan.hosts);
    perform('mount', ['--bind', file, '/etc/hosts']);
  }
  // Some clients read these files regardless of their environment.
  if (plan.authorities !== undefined)
    for (const system of SYSTEM_AUTHORITIES)
      if (existsSync(system)) perform('mount', ['--bind', plan.authorities, system]);
  const ports = new Map(plan.relayed.map((relayed) => [`${relayed.host} ${relayed.port}`, relayed]));
  await Promise.all([...ports.values()].map((relayed) => lead(relayed, plan.socket)));
  const { [NETWORK_PLAN]: _, ...env } = process.env;
  if (env['TMPDIR'] !== undefined)
    replaceTemporary(env['TMPDIR'], [program, ...args, process.cwd(), JSON.stringify(env)]);
  const client = spawn(program, args, { env, stdio: 'inherit' });
  client.once('error', ({ code }: NodeJS.ErrnoException) => fail(`${program} could not be started (${code})`));
  await new Promise(() => client.once('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 137)));
}

/** Puts a folder in the place of /tmp, with the entries that the texts name, such as the folder of a program. */
function replaceTemporary(folder: string, texts: readonly string[]): void {
  const names = texts.flatMap((text) =>
    [...text.matchAll(/(?<![\w./-])\/tmp\/([^/\s\\"':;,]+)/g)].map(([, name = '']) => name),
  );
  for (const name of new Set(names)) {
    const [entry, place] = [join('/tmp', name), join(folder, name)];
    const stats = statSync(entry, { throwIfNoEntry: false });
    if (stats === undefined) continue;
    if (stats.isDirectory()) mkdirSync(place, { recursive: true });
    else writeFileSync(place, '');
    perform('mount', ['--rbind', entry, place]);
  }
  perform('mount', ['--rbind', folder, '/tmp']);
}

async function lead({ host, port, to }: Relayed, path: string): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const out = connect({ path, allowHalfOpen: true });
    out.write(`${to}\n`);
    joined(socket, out);
  });
  await once(server.listen({ host, port }), 'listening');
}

function perform(program: string, args: readonly string[], input = ''): void {
  const { status, stderr, error } = spawnSync(program, args, { input, encoding: 'utf8' });
  if (status !== 0) fail(`${program} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`);
}

function fail(message: string): never {
  process.stderr.write(`cannot set up the client's network: ${message}\n`);
  process.exit(1);
}
