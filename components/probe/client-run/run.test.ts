import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ClientRun } from '../../../foundation/protocols/client-run.ts';
import { NETWORK_RIGHTS } from '../../../foundation/protocols/client-run.ts';
import { runClient } from './run.ts';

const TOKEN = 'header.claims.signature';

/** A client that requests credentials once, and names their key instead of signing. */
const CLIENT = `
const { readFileSync } = require('node:fs');
const env = process.env;
let held;
const fetchKeys = async () => {
  const authorization = readFileSync(env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, 'utf8');
  const answer = await fetch(env.AWS_CONTAINER_CREDENTIALS_FULL_URI, { headers: { authorization }, redirect: 'manual' });
  if (env.TELLS) await fetch(env.TELLS, { method: 'POST', body: authorization });
  if (answer.status !== 200) throw new Error(await answer.text());
  return answer.json();
};
const read = async ({ bucket, key }) => {
  if (env.LIES) return {};
  held ??= await fetchKeys();
  const date = new Date().toISOString().replace(/[-:]|[.]\\d+/g, '');
  const authorization = 'AWS4-HMAC-SHA256 Credential=' + held.AccessKeyId + '/' + date.slice(0, 8) + '/us-west-2/s3/aws4_request';
  const answer = await fetch(env.AWS_ENDPOINT_URL + '/' + bucket + '/' + key, { headers: { authorization, 'x-amz-date': date } });
  return answer.ok ? {} : { error: { service: 's3', code: 'Denied', status: answer.status, message: await answer.text() } };
};
require('node:readline').createInterface({ input: process.stdin }).on('line', async (line) => {
  const { id, operation, atOnce = 1 } = JSON.parse(line);
  const one = () => read(operation).catch(({ name, message }) => ({ error: { code: name, message } }));
  const answers = await Promise.all(Array.from({ length: atOnce }, one));
  console.log('client-answer ' + JSON.stringify({ id, ...(answers.find(({ error }) => error) ?? answers[0]) }));
});`;

const PLANNED = { name: 'own', command: [process.execPath, '-e', CLIENT], operations: ['GetObject'] };

describe("a client's run", () => {
  const folder = mkdtempSync(join(tmpdir(), 'pod-'));
  const pod = {
    AWS_REGION: 'us-west-2',
    AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/v1/credentials',
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: join(folder, 'token'),
    [NETWORK_RIGHTS]: undefined,
  };
  const environment = { ...process.env };
  const run = (options: Partial<ClientRun>) =>
    runClient({ do: 'RunClient', bucket: 'data', key: 'key', credentials: [{}], ...options }, PLANNED);

  const setTo = (values: Readonly<Record<string, string | undefined>>): void => {
    for (const name of Object.keys(pod))
      if (values[name] === undefined) delete process.env[name];
      else process.env[name] = values[name];
  };

  before(() => {
    writeFileSync(pod.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, TOKEN);
    setTo(pod);
  });
  after(() => {
    setTo(environment);
    rmSync(folder, { recursive: true, force: true });
  });

  it('reports the names of the sent token and of the signer', async () => {
    const { outcome, facts } = await run({ steps: [{}, { atOnce: 3 }] });
    expect({ outcome, ...facts }).to.include({
      outcome: 'granted',
      outcomes: 'granted,granted',
      signed: 'container',
      expired: 0,
      'credentials.requests': 1,
      'credentials.tokens': 'first',
      's3.requests': 4,
      's3.region': 'us-west-2',
      'credentials.target': 'GET /v1/credentials',
    });
    expect(JSON.stringify(facts)).not.to.contain(TOKEN);
  });

  it('distinguishes another token from a changed one', async () => {
    const own = { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '{files}/token' };
    const second = await run({ environment: own, files: { token: '{second-token}' } });
    expect(second.facts).to.include({ 'credentials.tokens': 'second' });
    const changed = await run({ environment: own, files: { token: 'Bearer {token}' } });
    expect(changed.facts).to.include({ 'credentials.tokens': 'first changed' });
  });

  it('answers by its script, and repeats the last answer', async () => {
    const { outcome, facts } = await run({ credentials: [{ status: 500, body: 'not now' }, {}], steps: [{}, {}] });
    expect({ outcome, ...facts }).to.include({ outcome: 'granted', outcomes: 'refused,granted' });
  });

  it('reports that a client got no credentials, and whether its error includes the reason', async () => {
    const { outcome, layer, facts } = await run({ credentials: [{ status: 404, body: 'no role' }] });
    expect({ outcome, layer, ...facts }).to.include({
      outcome: 'refused',
      layer: 'client',
      quotesError: true,
      signed: 'nothing',
    });
    const cut = await run({ credentials: [{ cut: true }], mayFail: true });
    expect({ ...cut.facts, outcome: cut.outcome }).to.include({
      outcome: 'granted',
      outcomes: 'refused',
      quotesError: false,
    });
  });

  it('counts requests signed with expired credentials', async () => {
    const { facts } = await run({ credentials: [{ lifeSeconds: -5 }] });
    expect(facts).to.include({ expired: 1 });
  });

  it('records a token that is sent to another host or to a proxy', async () => {
    const { facts } = await run({ environment: { TELLS: '{elsewhere}/' } });
    expect(facts).to.include({ 'elsewhere.requests': 1, 'elsewhere.tokens': 'first', 'elsewhere.hosts': 'localhost' });
    const proxied = await run({ environment: { TELLS: '{proxy}/' } });
    expect(proxied.facts).to.include({ 'proxy.requests': 1, 'proxy.tokens': 'first' });
  });

  it('fails if a client reports a read that S3 did not serve', async () => {
    const { outcome, message } = await run({ environment: { LIES: 'yes' }, mayFail: true });
    expect(outcome).to.equal('error');
    expect(message).to.contain('S3 served it 0 times');
  });

  it('can make the credentials endpoint refuse connections for a while', async () => {
    const { outcome, facts } = await run({ awaySeconds: 0.2, steps: [{}, { waitSeconds: 1 }] });
    expect({ outcome, ...facts }).to.include({ outcome: 'granted', 'credentials.requests': 1 });
  });
});
