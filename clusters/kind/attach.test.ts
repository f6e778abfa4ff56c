import { createServer, type Server } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { JAVASCRIPT } from '../../components/clients/javascript/index.ts';
import { listen, stopServer } from '../../foundation/node/listen.ts';
import { detach } from './attach.ts';
import { kindHost } from './host.ts';
import type { KindOptions } from './options.ts';
import { ENGINE, fakeRunner, rejection } from '../../test/support/kind.ts';

describe('an existing kind cluster', () => {
  let folder: string;
  let api: Server;
  let port: number;
  /** The API server's response to a request for its nodes. */
  let nodes: { readonly status: number; readonly body: object };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'attach-test-'));
    nodes = { status: 200, body: { items: [node('kind://docker/blue/blue-control-plane')] } };
    api = createServer((request, response) => {
      if (request.url !== '/api/v1/nodes') response.writeHead(404).end('{}');
      else response.writeHead(nodes.status, { 'content-type': 'application/json' }).end(JSON.stringify(nodes.body));
    });
    port = await listen(api);
  });
  afterEach(async () => {
    await stopServer(api);
    rmSync(folder, { recursive: true });
  });

  const node = (providerID: string): object => ({ metadata: { name: 'blue-control-plane' }, spec: { providerID } });
  function kubeconfig(): string {
    const path = join(folder, 'config');
    const text = stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'blue', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'blue', user: {} }],
      contexts: [{ name: 'kind-blue', context: { cluster: 'blue', user: 'blue' } }],
      'current-context': 'kind-blue',
    });
    writeFileSync(path, text);
    return path;
  }
  const problem = (...answers: Parameters<typeof fakeRunner>[0]): ReturnType<typeof rejection> => {
    const options: KindOptions = {
      run: 'c1a2b3',
      images: { agent: 'agent', webhook: 'webhook', workload: 'workload' },
      workload: JAVASCRIPT,
      agentArgs: [],
      attach: { kubeconfig: kubeconfig() },
      readyMilliseconds: 1000,
      diagnosticsDirectory: folder,
      journal: { add: () => expect.fail('created something'), forget: () => undefined },
      progress: () => undefined,
      signal: new AbortController().signal,
    };
    const { run } = fakeRunner([...answers, [/^docker info/, JSON.stringify(ENGINE)]]);
    return rejection(kindHost(options, run));
  };

  it('is rejected if it does not answer', async () => {
    await stopServer(api);
    const error = await problem();
    expect(error).to.include({ code: 'CLUSTER_UNREACHABLE', blame: 'usage' });
    expect(error.message).to.contain('kind-blue').and.contain(`http://127.0.0.1:${port}`).and.contain('ECONNREFUSED');
  });

  it('is rejected if the caller is not its administrator', async () => {
    nodes = { status: 403, body: { kind: 'Status', reason: 'Forbidden', message: 'nodes is forbidden' } };
    const error = await problem();
    expect(error).to.include({ code: 'CLUSTER_UNREACHABLE', blame: 'usage' });
    expect(error.message).to.contain('403: nodes is forbidden').and.contain('administrator');
  });

  for (const id of ['aws:///us-west-2a/i-0123456789abcdef0', 'kind://podman/blue/blue-control-plane', '']) {
    it(`is rejected if a node's providerID is ${JSON.stringify(id)}`, async () => {
      nodes = { status: 200, body: { items: [node(id)] } };
      const error = await problem();
      expect(error).to.include({ code: 'BAD_KUBECONFIG', blame: 'usage' });
      expect(error.message).to.contain('blue-control-plane').and.contain(id);
    });
  }

  for (const [what, answer] of [
    ['no container', { exitCode: 1, stderr: 'Error: No such container' }],
    ['a container not created by kind', '\nbridge\n'],
  ] as const) {
    it(`is rejected if the local Docker has ${what} for a node`, async () => {
      const error = await problem([/^docker container inspect/, answer]);
      expect(error).to.include({ code: 'BAD_KUBECONFIG', blame: 'usage' });
      expect(error.message).to.contain('blue-control-plane').and.contain('is not a kind container in this Docker');
    });
  }

  it('needs no restoration if it no longer exists', async () => {
    await stopServer(api);
    const { run, lines } = fakeRunner([[/^docker ps/, '']]);
    const entry = {
      kind: 'attachment',
      kubeconfig: '/nonexistent',
      context: 'kind-blue',
      nodes: ['blue-control-plane'],
    } as const;
    await detach(entry, 'c1a2b3', run);
    expect(lines).to.deep.equal(['docker ps --all --filter name=^blue-control-plane$ --format {{.Names}}']);
  });

  it('cannot be restored while it does not answer', async () => {
    await stopServer(api);
    const { run } = fakeRunner([[/^docker ps/, 'blue-control-plane']]);
    const other = join(folder, 'other');
    writeFileSync(other, stringify({ apiVersion: 'v1', kind: 'Config', clusters: [], users: [], contexts: [] }));
    const entry = {
      kind: 'attachment',
      // Several files, as in the variable KUBECONFIG.
      kubeconfig: [other, kubeconfig()].join(delimiter),
      context: 'kind-blue',
      nodes: ['blue-control-plane'],
    } as const;
    expect(await rejection(detach(entry, 'c1a2b3', run))).to.include({ code: 'CLUSTER_UNREACHABLE' });
  });
});
