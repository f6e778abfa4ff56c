import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import type { ClientOperation } from '../../foundation/protocols/client-protocol.ts';
import { ClientProgram } from './client-program.ts';
import { setEnvironment } from '../../test/support/process-environment.ts';
import { runOperation } from './operations.ts';

const TOKEN = 'header.claims.signature';
const GET: ClientOperation = { do: 'GetObject', bucket: 'data', key: 'key' };

/** A client that does this with each `request`, where `say` prints an answer. */
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

describe('a client as a process', () => {
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

  it('is asked who it is before each operation', async () => {
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

  it('is not asked who it is where it cannot tell', async () => {
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
    ['an object that is not there', { service: 's3', status: 404 }, { outcome: 'absent', layer: 's3' }],
    ['another 4xx', { service: 's3', status: 400 }, { outcome: 'refused', layer: 's3' }],
    ['5xx', { service: 's3', status: 503 }, { outcome: 'error', layer: 's3' }],
    ['a service that was not reached', { service: 's3' }, { outcome: 'error', layer: 's3' }],
    ['a role that STS denies', { service: 'sts', status: 403 }, { outcome: 'denied', layer: 'sts' }],
    ['what no service has said', {}, { outcome: 'error', layer: 's3' }],
  ] as const)
    it(`has ${what} judged as the SDK's own`, async () => {
      const told = JSON.stringify({ code: 'Code', message: 'm', ...error });
      const client = start(script(`${WHO} else say({ id: request.id, error: ${told} });`));
      expect(await runOperation(client, GET)).to.deep.include({ ...result, code: 'Code', message: 'm' });
    });

  for (const [what, error, result] of [
    ['refused by STS', { service: 'sts', status: 400 }, { outcome: 'refused', layer: 'sts', status: 400 }],
    ['that cannot reach STS', { service: 'sts' }, { outcome: 'error', layer: 'sts' }],
    ['for whom nothing was injected', {}, { outcome: 'refused', layer: 'injection', code: 'NoCredentialsSettings' }],
  ] as const)
    it(`has no credentials: one ${what}`, async () => {
      const told = JSON.stringify({ code: 'Code', message: 'm', ...error });
      const client = start(script(`say({ id: request.id, error: ${told} });`));
      expect(await runOperation(client, GET)).to.deep.include(result);
    });

  it('finds its pod’s environment, what its entry says and changes, and no word to this program', async () => {
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

  it('starts anew when its credentials are to be forgotten, and after it has ended', async () => {
    const client = start(
      script(`if (request.id === 4) process.exit(); say({ id: request.id, facts: { pid: process.pid } });`),
    );
    const pid = async (): Promise<unknown> => (await client.answer(GET)).facts?.['pid'];
    const first = await pid();
    expect(await pid()).to.equal(first);
    client.renewCredentials();
    const second = await pid();
    expect(second).not.to.equal(first);
    expect(await failure(client)).to.contain('ended with exit code 0');
    expect(await pid()).not.to.equal(second);
  });

  it('may print whatever it likes beside its answer, be it megabytes', async () => {
    const noise = `process.stdout.write('x'.repeat(5e6)); console.error('y'.repeat(5e6)); console.log('\\nclient-answer {');`;
    const client = start(script(`${noise} say(null); say({ id: 99 }); say({ id: request.id, requestId: 'r' });`));
    expect(await client.answer(GET)).to.deep.equal({ requestId: 'r' });
  });

  for (const [what, command, said] of [
    ['cannot be started', ['/nowhere/client'], 'could not be started (ENOENT)'],
    ['ends without an answer', script('process.exit(0)'), 'and ended with exit code 0'],
    [
      'says why it ends',
      script(`console.error('no such module'); process.exit(3)`),
      'and ended with exit code 3; its last line on standard error: no such module',
    ],
    [
      'is ended',
      script(`process.kill(process.pid, 'SIGTERM'); setInterval(() => 0, 1000)`),
      'and was ended by SIGTERM',
    ],
    ['answers in another form', script(`say({ id: request.id, error: 'no' })`), 'gave an answer of another form'],
    [
      'prints its token',
      script(`console.log('my token: ${TOKEN}'); say({ id: request.id });`),
      'printed a token of its pod',
    ],
    ['logs its token', script(`console.error('${TOKEN}'); process.exit(1);`), 'printed a token of its pod'],
  ] as const)
    it(`that ${what} is told in a sentence`, async () => {
      const message = await failure(start(command));
      expect(message)
        .to.match(/^client own /)
        .and.contain(said);
      expect(message).not.to.contain(TOKEN);
    });

  it('that does not answer is ended with all that it has started', async () => {
    const forks = `if (request.id > 1) return;
      const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { detached: true, stdio: 'ignore' });
      child.unref();
      say({ id: request.id, facts: { pid: child.pid } });`;
    const client = start(script(forks));
    const { pid } = (await client.answer(GET)).facts ?? {};
    expect(isThere(pid)).to.equal(true);
    expect(await failure(client, GET, 100)).to.contain(
      'client own was asked for GetObject and gave no answer within 0.1 s',
    );
    while (isThere(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  it('is quoted without the colors of a terminal, which hide no secret', async () => {
    const red = (text: string): string => `\\u001b[31m${text}\\u001b[0m`;
    const [start_, rest] = [TOKEN.slice(0, 6), TOKEN.slice(6)];
    const message = `${red('↳')} no ${start_}${red('')}${rest}`;
    const answers = start(script(`say({ id: request.id, error: { code: '${red('Bad')}', message: '${message}' } });`));
    expect((await answers.answer(GET)).error).to.deep.equal({ code: 'Bad', message: '↳ no [redacted]' });
    const ends = start(script(`console.error('${red('no key')}'); process.exit(2);`));
    expect(await failure(ends)).to.match(/standard error: no key$/);
  });

  it('keeps secrets out of what it is quoted with', async () => {
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
    // One that has ended and was not yet asked about is no more.
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('Z');
  } catch {
    return false;
  }
};
