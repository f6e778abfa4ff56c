import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import type { ClientOperation } from '../../foundation/protocols/client-protocol.ts';
import { ClientProgram } from './client-program.ts';
import { setEnvironment } from '../../test/support/process-environment.ts';
import { runOperation } from './operations.ts';

const TOKEN = 'header.claims.signature';
const GET: ClientOperation = { do: 'GetObject', bucket: 'data', key: 'key' };

/** Returns the command of a client that runs `body` for each `request`. `say` prints an answer. */
const script = (body: string): string[] => [
  process.execPath,
  '-e',
  `const say = (answer) => console.log('client-answer ' + JSON.stringify(answer));
   require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
     const request = JSON.parse(line);
     ${body}
   });`,
];
const WHO = `if (request.operation.do === 'GetCallerIdentity')
  say({ id: request.id, identity: { arn: 'arn:aws:sts::1:assumed-role/app/session', account: '1' } });`;

describe('a client process', () => {
  const clients: ClientProgram[] = [];
  const start = (
    command: readonly string[],
    options: Partial<ConstructorParameters<typeof ClientProgram>[0]> = {},
  ): ClientProgram => {
    const given = { name: 'own', command, operations: ['GetCallerIdentity'], ...options };
    const client = new ClientProgram(given, () => [TOKEN, '']);
    clients.push(client);
    return client;
  };
  const failure = (client: ClientProgram, operation = GET, milliseconds?: number): Promise<string> =>
    client.answer(operation, { milliseconds }).then(
      (answer) => `answered ${JSON.stringify(answer)}`,
      (error: Error) => error.message,
    );
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });

  it('is asked for its identity before each operation', async () => {
    const client = start(script(`${WHO} else say({ id: request.id, facts: { bytes: 3 }, requestId: 'r' });`));
    const identity = { arn: 'arn:aws:sts::1:assumed-role/app/session', account: '1' };
    expect(await runOperation(client, GET)).to.deep.equal({
      outcome: 'granted',
      identity,
      facts: { bytes: 3 },
      requestId: 'r',
    });
    expect(await runOperation(client, { do: 'GetCallerIdentity' })).to.deep.equal({
      outcome: 'granted',
      identity,
      facts: { sessionName: 'session' },
    });
  });

  it('is not asked for its identity if it does not support that', async () => {
    const client = start(
      script(`say({ id: request.id, error: { service: 's3', code: 'AccessDenied', status: 403, message: 'no' } });`),
      { operations: ['GetObject'] },
    );
    expect(await runOperation(client, GET)).to.deep.equal({
      outcome: 'denied',
      layer: 's3',
      code: 'AccessDenied',
      status: 403,
      message: 'no',
    });
  });

  for (const [what, error, result] of [
    ['a denial', { service: 's3', status: 403 }, { outcome: 'denied', layer: 's3' }],
    ['a missing object', { service: 's3', status: 404 }, { outcome: 'absent', layer: 's3' }],
    ['another 4xx', { service: 's3', status: 400 }, { outcome: 'refused', layer: 's3' }],
    ['5xx', { service: 's3', status: 503 }, { outcome: 'error', layer: 's3' }],
    ['an unreachable service', { service: 's3' }, { outcome: 'error', layer: 's3' }],
    ['a role that STS denies', { service: 'sts', status: 403 }, { outcome: 'denied', layer: 'sts' }],
    ['an error without a service', {}, { outcome: 'error', layer: 's3' }],
  ] as const)
    it(`reports ${what} like the SDK`, async () => {
      const errorJson = JSON.stringify({ code: 'Code', message: 'm', ...error });
      const client = start(script(`${WHO} else say({ id: request.id, error: ${errorJson} });`));
      expect(await runOperation(client, GET)).to.deep.include({ ...result, code: 'Code', message: 'm' });
    });

  for (const [what, error, result] of [
    ['STS rejects it', { service: 'sts', status: 400 }, { outcome: 'refused', layer: 'sts', status: 400 }],
    ['it cannot reach STS', { service: 'sts' }, { outcome: 'error', layer: 'sts' }],
    ['nothing was injected', {}, { outcome: 'refused', layer: 'injection', code: 'NoCredentialsSettings' }],
  ] as const)
    it(`has no credentials if ${what}`, async () => {
      const errorJson = JSON.stringify({ code: 'Code', message: 'm', ...error });
      const client = start(script(`say({ id: request.id, error: ${errorJson} });`));
      expect(await runOperation(client, GET)).to.deep.include(result);
    });

  it("gets the pod's environment with its own variables and changes, but not the probe program's settings", async () => {
    const saved = { ...process.env };
    process.env['PROBE_PLAN'] = '{}';
    process.env['AWS_REGION'] = 'us-west-2';
    process.env['AWS_PROFILE'] = 'p';
    const client = start(
      script(
        `const { PROBE_PLAN = 'none', AWS_REGION, AWS_PROFILE = 'none', OWN } = process.env;
         say({ id: request.id, requestId: [PROBE_PLAN, AWS_REGION, AWS_PROFILE, OWN].join() });`,
      ),
      { environment: { OWN: 'own' }, changes: { AWS_PROFILE: undefined } },
    );
    expect(await client.answer(GET)).to.deep.equal({ requestId: 'none,us-west-2,none,own' });
    setEnvironment(saved);
  });

  it('is restarted to renew credentials, and after it has exited', async () => {
    const client = start(
      script(`if (request.id === 4) process.exit(); say({ id: request.id, facts: { pid: process.pid } });`),
    );
    const pid = async (): Promise<unknown> => (await client.answer(GET)).facts?.['pid'];
    const first = await pid();
    expect(await pid()).to.equal(first);
    client.renewCredentials();
    const second = await pid();
    expect(second).not.to.equal(first);
    expect(await failure(client)).to.contain('exited with code 0');
    expect(await pid()).not.to.equal(second);
  });

  it('may print megabytes of other output', async () => {
    const noise = `process.stdout.write('x'.repeat(5e6)); console.error('y'.repeat(5e6)); console.log('\\nclient-answer {');`;
    const client = start(script(`${noise} say(null); say({ id: 99 }); say({ id: request.id, requestId: 'r' });`));
    expect(await client.answer(GET)).to.deep.equal({ requestId: 'r' });
  });

  for (const [what, command, reason] of [
    ['cannot start', ['/nowhere/client'], 'it could not be started (ENOENT)'],
    ['exits without an answer', script('process.exit(0)'), 'it exited with code 0'],
    [
      'exits with an error message',
      script(`console.error('no such module'); process.exit(3)`),
      'it exited with code 3; its last line on standard error: no such module',
    ],
    [
      'is killed',
      script(`process.kill(process.pid, 'SIGTERM'); setInterval(() => 0, 1000)`),
      'it was ended by SIGTERM',
    ],
    ['answers in an invalid format', script(`say({ id: request.id, error: 'no' })`), 'gave an invalid answer'],
    [
      'prints its token',
      script(`console.log('my token: ${TOKEN}'); say({ id: request.id });`),
      'printed a token of its pod',
    ],
    ['logs its token', script(`console.error('${TOKEN}'); process.exit(1);`), 'printed a token of its pod'],
  ] as const)
    it(`that ${what} is reported in one sentence`, async () => {
      const message = await failure(start(command));
      expect(message)
        .to.match(/^client own /)
        .and.contain(reason);
      expect(message).not.to.contain(TOKEN);
    });

  it('that does not answer is killed with all its child processes', async () => {
    const forks = `if (request.id > 1) return;
      const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { detached: true, stdio: 'ignore' });
      child.unref();
      say({ id: request.id, facts: { pid: child.pid } });`;
    const client = start(script(forks));
    const { pid } = (await client.answer(GET)).facts ?? {};
    expect(isThere(pid)).to.equal(true);
    expect(await failure(client, GET, 100)).to.contain(
      'client own failed at GetObject: it did not answer within 0.1 s',
    );
    while (isThere(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  it('is quoted without terminal colors, so that they cannot hide a secret', async () => {
    const red = (text: string): string => `\\u001b[31m${text}\\u001b[0m`;
    const [start_, rest] = [TOKEN.slice(0, 6), TOKEN.slice(6)];
    const message = `${red('↳')} no ${start_}${red('')}${rest}`;
    const answers = start(script(`say({ id: request.id, error: { code: '${red('Bad')}', message: '${message}' } });`));
    expect((await answers.answer(GET)).error).to.deep.equal({ code: 'Bad', message: '↳ no [redacted]' });
    const ends = start(script(`console.error('${red('no key')}'); process.exit(2);`));
    expect(await failure(ends)).to.match(/standard error: no key$/);
  });

  it('is quoted without secrets', async () => {
    const key = ['wJalrXUtnFEMI', 'K7MDENG', 'bPxRfiCYEXAMPLEKEY'].join('/');
    const client = start(
      script(
        `say({ id: request.id, error: { code: 'Bad', message: 'secret_access_key=${key}' }, facts: { key: '${key}' } });`,
      ),
    );
    expect(JSON.stringify(await client.answer(GET)))
      .to.contain('Bad')
      .and.not.contain(key);
    expect(await failure(start(script(`console.error('${key}'); process.exit(1)`)))).not.to.contain(key);
  });
});

const isThere = (pid: unknown): boolean => {
  try {
    // A zombie has already ended.
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('Z');
  } catch {
    return false;
  }
};
