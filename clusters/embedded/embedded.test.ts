import { expect } from 'chai';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ManagedCluster } from '../../emulator/index.ts';
import { embeddedClusters } from './host.ts';
import { listen, stopServer } from '../../foundation/node/listen.ts';
import { anInstance } from '../../test/support/instance.ts';

/** Fetches its credentials like an SDK, then waits for an annotation and fetches them again. */
const PROGRAM = `
import { readFileSync } from 'node:fs';
const { AWS_CONTAINER_CREDENTIALS_FULL_URI: uri, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file } = process.env;
const get = async () => {
  const authorization = file === undefined ? undefined : readFileSync(file, 'utf8');
  try {
    const response = await fetch(uri, { headers: authorization === undefined ? {} : { authorization } });
    const text = await response.text();
    return response.status === 200 ? JSON.parse(text).AccessKeyId : text;
  } catch (error) {
    return error.cause.code;
  }
};
console.log(uri === undefined ? 'nothing injected' : await get());
if (process.argv[2] === 'wait') {
  while (!readFileSync(process.argv[3], 'utf8').includes('go')) await new Promise((r) => setTimeout(r, 5));
  console.log(await get());
}
`;

const ISSUER = 'https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF';
const PODS = '/api/v1/namespaces/default/pods';
const AGENT_PODS = '/api/v1/namespaces/kube-system/pods';
const AGENT = { name: 'eks-pod-identity-agent', version: 'v1.3.10-eksbuild.2' };

interface PodObject {
  metadata: { name: string; annotations?: Record<string, string> };
  status: { phase: string };
}

describe('an embedded cluster', () => {
  // On a busy host, creating the signing key can take most of a second.

  let cluster: ManagedCluster;
  let eksAuth: Server;
  let directory: string;
  let issued = 0;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'embedded-'));
    chmodSync(directory, 0o755);
    const program = join(directory, 'program.mjs');
    writeFileSync(program, PROGRAM);
    issued = 0;
    eksAuth = createServer((_request, response) => {
      issued += 1;
      const credentials = {
        accessKeyId: `ASIAPOD${issued}`,
        secretAccessKey: 'secret',
        sessionToken: 'session',
        expiration: Date.now() / 1000 + 3600,
      };
      const arn = 'arn:aws:sts::111122223333:assumed-role/app/session';
      const body = {
        credentials,
        assumedRoleUser: { arn, assumeRoleId: 'AROA:session' },
        subject: { namespace: 'default', serviceAccount: 'default' },
        podIdentityAssociation: {
          associationArn: 'arn:aws:eks:eu-west-1:111122223333:podidentityassociation/test/a-1',
          associationId: 'a-1',
        },
        audience: 'pods.eks.amazonaws.com',
      };
      response
        .writeHead(200, { 'content-type': 'application/json', 'x-amzn-requestid': 'r' })
        .end(JSON.stringify(body));
    });
    const awsEndpoint = `http://127.0.0.1:${await listen(eksAuth)}`;
    const provider = embeddedClusters({
      images: new Map([['app', { entrypoint: [process.execPath, program] }]]),
      directory,
    })('0.1');
    cluster = await provider.createCluster({
      name: 'test',
      arn: 'arn:aws:eks:eu-west-1:111122223333:cluster/test',
      accountId: '111122223333',
      region: 'eu-west-1',
      version: '1.34',
      issuer: ISSUER,
      awsEndpoint,
      authenticate: async (token) =>
        token === 'admin' ? { username: 'admin', groups: ['system:masters'] } : undefined,
    });
    await cluster.addNodes({
      name: 'workers',
      nodeRoleArn: 'arn:aws:iam::111122223333:role/node',
      instance: anInstance(),
      credentials: async () => ({ accessKeyId: 'ASIANODE', secretAccessKey: 'secret', sessionToken: 'session' }),
    });
  });
  afterEach(async () => {
    await cluster.delete();
    await stopServer(eksAuth);
    rmSync(directory, { recursive: true, force: true });
  });

  function call(method: string, path: string, body?: object): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const headers = {
        authorization: 'Bearer admin',
        'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      };
      const ca = Buffer.from(cluster.certificateAuthorityData, 'base64');
      const outgoing = request(cluster.endpoint + path, { method, headers, ca, agent: false }, (response) => {
        response
          .toArray()
          .then(
            (chunks) =>
              resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks as Buffer[]).toString() }),
            reject,
          );
      });
      outgoing.once('error', reject);
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
  async function json<T>(path: string): Promise<T> {
    return JSON.parse((await call('GET', path)).text) as T;
  }
  async function eventually(check: () => Promise<boolean>): Promise<void> {
    while (!(await check())) await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const install = (configurationValues?: string): Promise<void> =>
    cluster.installAddon({ ...AGENT, configurationValues });
  const associate = (): Promise<void> =>
    cluster.associationsChanged([{ namespace: 'default', serviceAccount: 'default' }]);
  const agentPods = async (): Promise<PodObject[]> => (await json<{ items: PodObject[] }>(AGENT_PODS)).items;

  async function createPod(name: string, args: string[] = []): Promise<void> {
    const volumeMounts = [{ name: 'notes', mountPath: '/notes' }];
    const items = [{ path: 'annotations', fieldRef: { fieldPath: 'metadata.annotations' } }];
    const { status } = await call('POST', PODS, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: {
        restartPolicy: 'Never',
        volumes: [{ name: 'notes', downwardAPI: { items } }],
        containers: [{ name: 'main', image: 'app', args, volumeMounts }],
      },
    });
    expect(status).to.equal(201);
  }
  const phase = async (name: string): Promise<string> => (await json<PodObject>(`${PODS}/${name}`)).status.phase;
  async function finished(name: string): Promise<string> {
    await eventually(async () => ['Succeeded', 'Failed'].includes(await phase(name)));
    return (await call('GET', `${PODS}/${name}/log`)).text;
  }

  it('has key ids in the format of EKS', async () => {
    const { keys } = await cluster.jwks();
    expect(keys.map(({ kid }) => kid).join()).to.match(/^[0-9a-f]{40}$/);
  });

  it('provides credentials to a pod with an association, through webhook, kubelet and agent', async () => {
    await install();
    await createPod('before');
    await associate();
    await createPod('after');
    expect(await finished('before')).to.equal('nothing injected\n');
    expect(await finished('after')).to.equal('ASIAPOD1\n');
  });

  it("replaces the agent's deleted pod by one with an empty cache, and runs no agent without the add-on", async () => {
    await install();
    await associate();
    await createPod('app', ['wait', '/notes/annotations']);
    await eventually(async () => (await call('GET', `${PODS}/app/log`)).text === 'ASIAPOD1\n');
    const [first] = await agentPods();
    await call('DELETE', `${AGENT_PODS}/${first?.metadata.name}`);
    await eventually(async () => {
      const [next] = await agentPods();
      return next !== undefined && next.metadata.name !== first?.metadata.name && next.status.phase === 'Running';
    });
    await call('PATCH', `${PODS}/app`, { metadata: { annotations: { signal: 'go' } } });
    expect(await finished('app')).to.equal('ASIAPOD1\nASIAPOD2\n');

    await cluster.removeAddon(AGENT.name);
    expect(await agentPods()).to.deep.equal([]);
    await createPod('alone');
    expect(await finished('alone')).to.equal('ECONNREFUSED\n');
  });

  it("serves the agent's probes and metrics through the API server's proxy", async () => {
    await install();
    const [agent] = await agentPods();
    const through = (port: number, path: string): ReturnType<typeof call> =>
      call('GET', `${AGENT_PODS}/${agent?.metadata.name}:${port}/proxy/${path}`);
    expect((await through(2703, 'healthz')).status).to.equal(200);
    expect((await through(2705, 'metrics')).status).to.equal(200);
    expect((await through(1234, 'metrics')).status).to.equal(503);
  });

  it('rejects an add-on whose agent does not start, and then accepts a valid configuration', async () => {
    const refused = await install('{"agent":{"additionalArgs":{"--no-such-flag":"1"}}}').catch(String);
    expect(refused).to.contain('unknown flag: --no-such-flag');
    await install('{"agent":{"additionalArgs":{"-b":"169.254.170.23"}}}');
    expect((await agentPods()).map(({ status }) => status.phase)).to.deep.equal(['Running']);
  });

  it('adds nodes with labels and taints, on which the agent runs', async () => {
    await install();
    await cluster.addNodes({
      name: 'tools',
      nodeRoleArn: 'arn:aws:iam::111122223333:role/node',
      instance: {
        ...anInstance(),
        id: 'i-00000000000000002',
        privateDnsName: 'ip-10-0-0-11.eu-west-1.compute.internal',
      },
      labels: { team: 'blue' },
      taints: [{ key: 'dedicated', value: 'gpu', effect: 'NoSchedule' }],
      credentials: () => Promise.reject(new Error('unexpected request for credentials')),
    });
    const { items } = await json<{
      items: { metadata: { labels: Record<string, string> }; spec: { providerID: string; taints?: object[] } }[];
    }>('/api/v1/nodes');
    const tools = items.find(({ metadata }) => metadata.labels['team'] === 'blue')!;
    expect(tools.spec).to.deep.equal({
      providerID: 'aws:///eu-west-1b/i-00000000000000002',
      taints: [{ key: 'dedicated', value: 'gpu', effect: 'NoSchedule' }],
    });
    expect((await agentPods()).map(({ status }) => status.phase)).to.deep.equal(['Running', 'Running']);
    expect(cluster.addonProblem?.(AGENT.name)).to.equal(undefined);
  });

  it('removes its pods with their nodes, and its files on deletion', async () => {
    await install();
    await createPod('app', ['wait', '/notes/annotations']);
    await cluster.removeNodes('workers');
    expect((await call('GET', `${PODS}/app`)).status).to.equal(404);
    expect(await agentPods()).to.deep.equal([]);
    await cluster.delete();
    expect(readdirSync(directory)).to.deep.equal(['program.mjs']);
    expect(existsSync(directory)).to.be.true;
  });
});
