import { expect } from 'chai';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { UsageError } from '../../go/flags.ts';
import { certificate } from '../../../test/support/certificate.ts';
import { parseWebhookFlags } from './flags.ts';
import { run, type RunningProgram } from './run.ts';

const LISTS: Readonly<Record<string, unknown>> = {
  '/api/v1/serviceaccounts': {
    metadata: { resourceVersion: '1' },
    items: [
      { metadata: { namespace: 'ns', name: 'irsa', annotations: { 'x.io/role-arn': 'annotated' } } },
      { metadata: { namespace: 'ns', name: 'both', annotations: { 'x.io/role-arn': 'annotated' } } },
      { metadata: { namespace: 'ns', name: 'configured' } },
    ],
  },
  '/api/v1/namespaces/eks/configmaps': {
    metadata: { resourceVersion: '1' },
    items: [
      {
        metadata: { namespace: 'eks', name: 'pod-identity-webhook' },
        data: { config: '{"*/configured":{"RoleARN":"configured"}}' },
      },
    ],
  },
};

describe('the webhook as a program', () => {
  const api = createServer((asked, response) => {
    const url = new URL(asked.url ?? '', 'http://api');
    if (url.searchParams.has('watch')) response.flushHeaders();
    else response.end(JSON.stringify(LISTS[url.pathname]));
  });
  let folder: string;
  let program: RunningProgram;
  let ca: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'webhook-'));
    const tls = await certificate('webhook');
    ca = tls.certificate;
    await Promise.all([
      writeFile(join(folder, 'tls.crt'), tls.certificate),
      writeFile(join(folder, 'tls.key'), tls.key),
      writeFile(
        join(folder, 'identities'),
        '{"identities":[{"namespace":"ns","serviceAccount":"pi"},{"namespace":"ns","serviceAccount":"both"}]}',
      ),
      new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve)),
    ]);
    const flags = parseWebhookFlags([
      '--in-cluster=false',
      `--kube-api=http://127.0.0.1:${(api.address() as AddressInfo).port}`,
      `--tls-cert=${join(folder, 'tls.crt')}`,
      `--tls-key=${join(folder, 'tls.key')}`,
      `--watch-container-credentials-config=${join(folder, 'identities')}`,
      '--watch-config-map',
      '--annotation-prefix=x.io',
      '--port=0',
    ]);
    program = await run(flags, {}, () => undefined);
  });
  after(async () => {
    await program.stop();
    api.closeAllConnections();
    await new Promise((resolve) => api.close(resolve));
    await rm(folder, { recursive: true });
  });

  async function variables(serviceAccountName: string): Promise<readonly (string | undefined)[]> {
    const object = { spec: { serviceAccountName, containers: [{ name: 'app' }] } };
    const sent = request(`${program.webhook.url}/mutate`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      ca,
      checkServerIdentity: () => undefined,
    }).end(JSON.stringify({ request: { uid: 'u', namespace: 'ns', object } }));
    const [response] = (await once(sent, 'response')) as [NodeJS.ReadableStream];
    let body = '';
    for await (const chunk of response) body += String(chunk);
    const { response: answer } = JSON.parse(body) as { response: { patch?: string } };
    if (answer.patch === undefined) return [];
    const patch = JSON.parse(Buffer.from(answer.patch, 'base64').toString()) as { path: string; value: unknown }[];
    const [container] = patch.find(({ path }) => path === '/spec/containers')!.value as [{ env: { value: string }[] }];
    return container.env.map(({ value }) => value);
  }

  it("mutates according to the cluster's service accounts, the config map and the watched file", async () => {
    while ((await variables('irsa')).length === 0) await delay(5);
    expect((await variables('irsa'))[0]).to.equal('annotated');
    while ((await variables('configured')).length === 0) await delay(5);
    expect((await variables('configured'))[0]).to.equal('configured');
    expect((await variables('pi'))[0]).to.equal('http://169.254.170.23/v1/credentials');
    expect(await variables('nobody')).to.deep.equal([]);
  });

  for (const args of [['--in-cluster'], ['--in-cluster=false', '--compose-role-arn']]) {
    it(`rejects the unsupported ${args.join(' ')}`, async () => {
      const failure = await run(parseWebhookFlags(args), {}, () => undefined).catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(UsageError);
    });
  }
});
