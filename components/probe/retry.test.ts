import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import {
  REPORT_PREFIX,
  type ExpectedResult,
  type ProbePlan,
  type ProbeReport,
  type ProbeResult,
  type RetryUntil,
} from '../../foundation/protocols/probe-protocol.ts';
import { isExpected, mayChange, retryUntilExpected } from './retry.ts';

const ROLE = 'arn:aws:iam::111122223333:role/some/path/app';
const identity = (arn: string): ProbeResult => ({ outcome: 'granted', identity: { arn, account: '111122223333' } });
const denied: ProbeResult = {
  outcome: 'denied',
  layer: 's3',
  code: 'AccessDenied',
  status: 403,
  message: 'because no identity-based policy allows the s3:GetObject action',
};

describe("a probe's expected result", () => {
  const until = ({ roleArn, ...more }: Partial<ExpectedResult> & { readonly roleArn?: string } = {}): RetryUntil => ({
    expected: { outcome: 'denied', ...more },
    seconds: 60,
    ...(roleArn !== undefined && { roleArn }),
  });
  const cases: readonly (readonly [string, ProbeResult, RetryUntil, boolean])[] = [
    ['matches its outcome', denied, until(), true],
    ['does not match another outcome', { outcome: 'granted' }, until(), false],
    ['matches one of its layers', denied, until({ by: ['sts', 's3'] }), true],
    ['does not match another layer', denied, until({ by: ['sts'] }), false],
    ['matches one of its codes', denied, until({ code: ['AccessDenied', 'Other'] }), true],
    ['does not match another code', denied, until({ code: ['Other'] }), false],
    ['matches its status', denied, until({ status: 403 }), true],
    ['does not match another status', denied, until({ status: 400 }), false],
    ['matches the policy type in the message', denied, until({ policy: 'identity', explicit: false }), true],
    ['does not match another policy type', denied, until({ policy: 'resource' }), false],
    ['does not match an implicit denial if it must be explicit', denied, until({ explicit: true }), false],
    [
      'matches any policy if the message names none',
      { ...denied, message: 'no' },
      until({ policy: 'boundary', explicit: true }),
      true,
    ],
    [
      'matches a session of its role, whose path STS omits',
      identity('arn:aws:sts::111122223333:assumed-role/app/s'),
      until({ outcome: 'granted', roleArn: ROLE }),
      true,
    ],
    [
      'does not match a session of another role',
      identity('arn:aws:sts::111122223333:assumed-role/node/s'),
      until({ outcome: 'granted', roleArn: ROLE }),
      false,
    ],
    [
      'does not match a role with the same name in another account',
      identity('arn:aws:sts::444455556666:assumed-role/app/s'),
      until({ outcome: 'granted', roleArn: ROLE }),
      false,
    ],
    [
      'matches any identity if it has no role',
      identity('arn:aws:iam::111122223333:root'),
      until({ outcome: 'granted' }),
      true,
    ],
    [
      'matches if the result has no identity',
      { outcome: 'granted' },
      until({ outcome: 'granted', roleArn: ROLE }),
      true,
    ],
  ];
  for (const [what, result, expected, met] of cases) it(what, () => expect(isExpected(result, expected)).to.equal(met));
});

describe('a retry', () => {
  const granted: RetryUntil = { expected: { outcome: 'granted' }, seconds: 60 };
  const cases: readonly (readonly [string, ProbeResult, RetryUntil, boolean])[] = [
    ['may succeed after a denial', denied, granted, true],
    ["may succeed after EKS Auth's error", { outcome: 'refused', layer: 'eks-auth' }, granted, true],
    ['may be denied after a grant', { outcome: 'granted' }, { expected: { outcome: 'denied' }, seconds: 60 }, true],
    ['cannot succeed after a missing injection', { outcome: 'refused', layer: 'injection' }, granted, false],
    [
      'cannot fail at the injection after a grant',
      { outcome: 'granted' },
      { expected: { outcome: 'granted', by: ['injection'] }, seconds: 60 },
      false,
    ],
    ['cannot succeed after a denial by the network', { outcome: 'refused', layer: 'network' }, granted, false],
    ['may succeed after a broken connection', { outcome: 'error', layer: 's3', code: 'ECONNRESET' }, granted, true],
    ['cannot succeed after an error of the service', { outcome: 'error', layer: 's3', status: 500 }, granted, false],
    ['cannot succeed after an error of the probe', { outcome: 'error' }, granted, false],
  ];
  for (const [what, result, until, may] of cases) it(what, () => expect(mayChange(result, until)).to.equal(may));
});

describe('a retried probe', () => {
  /** Retries a probe with these results in turn; the last one repeats. */
  const tried = async (
    results: readonly ProbeResult[],
    until: RetryUntil | undefined,
  ): Promise<{ readonly report: ProbeReport; readonly firsts: readonly boolean[] }> => {
    const firsts: boolean[] = [];
    const report = await retryUntilExpected(until, {
      openedAt: Date.now(),
      pauseMilliseconds: 5,
      run: async (isFirst) => {
        const result = results[Math.min(firsts.length, results.length - 1)] as ProbeResult;
        firsts.push(isFirst);
        return { number: 7, startedAt: firsts.length, endedAt: firsts.length + 1, ...result };
      },
    });
    return { report, firsts };
  };
  const until: RetryUntil = { expected: { outcome: 'granted' }, seconds: 60 };

  it('is not repeated if the first result is expected', async () =>
    expect((await tried([{ outcome: 'granted' }], until)).report).to.deep.equal({
      number: 7,
      startedAt: 1,
      endedAt: 2,
      outcome: 'granted',
    }));

  it('is not repeated without an expected result', async () =>
    expect((await tried([denied], undefined)).firsts).to.deep.equal([true]));

  it('is repeated until the result is expected, and reports the number of tries and the first start', async () => {
    const { report, firsts } = await tried([denied, denied, { outcome: 'granted' }], until);
    expect(firsts).to.deep.equal([true, false, false]);
    expect(report).to.deep.equal({
      number: 7,
      startedAt: 3,
      endedAt: 4,
      outcome: 'granted',
      tries: { count: 3, firstStartedAt: 1 },
    });
  });

  it('returns the last result after its timeout', async () => {
    const { report, firsts } = await tried([denied], { ...until, seconds: 0.1 });
    expect(firsts.length).to.be.greaterThan(1);
    expect(report).to.include({ outcome: 'denied' });
    expect(report.tries).to.deep.equal({ count: firsts.length, firstStartedAt: 1 });
  });

  it('is not repeated if its time has already passed', async () =>
    expect((await tried([denied], { ...until, seconds: 0 })).firsts).to.deep.equal([true]));

  it('is not repeated after a result that cannot change', async () =>
    expect((await tried([denied, { outcome: 'error' }, { outcome: 'granted' }], until)).firsts).to.have.length(2));
});

describe('the probe program', () => {
  it('runs the whole credential chain again in each try', async () => {
    const keys: string[] = [];
    let given = 0;
    const server = createServer((request, response) => {
      request.resume();
      if (request.url === '/credentials') {
        given += 1;
        const Expiration = new Date(Date.now() + 3_600_000).toISOString();
        const credentials = {
          AccessKeyId: `KEY${given}`,
          SecretAccessKey: 's',
          Token: 't',
          AccountId: '1',
          Expiration,
        };
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(credentials));
        return;
      }
      const key = /Credential=([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? '';
      keys.push(key);
      const role = key === 'KEY1' ? 'before' : 'after';
      response
        .writeHead(200, { 'content-type': 'text/xml' })
        .end(
          `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:sts::111122223333:assumed-role/${role}/s</Arn><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
        );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const roleArn = 'arn:aws:iam::111122223333:role/after';
    const plan: ProbePlan = {
      phases: [
        {
          phase: 0,
          probes: [
            {
              number: 0,
              operation: { do: 'GetCallerIdentity' },
              retry: { expected: { outcome: 'granted' }, roleArn, seconds: 60 },
            },
            { number: 1, operation: { do: 'GetCallerIdentity' } },
          ],
        },
      ],
    };
    const program = spawn(process.execPath, ['--import=tsx', 'components/probe/main.ts'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PATH: process.env['PATH'],
        HOME: '/nonexistent',
        AWS_REGION: 'us-west-2',
        AWS_ENDPOINT_URL: endpoint,
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `${endpoint}/credentials`,
        PROBE_PLAN: JSON.stringify(plan),
      },
    });
    const lines = (await text(program.stdout)).split('\n').filter((line) => line.startsWith(REPORT_PREFIX));
    server.close();
    const reports = lines.map((line) => JSON.parse(line.slice(REPORT_PREFIX.length)) as ProbeReport);
    expect(reports.map(({ number, outcome, tries }) => [number, outcome, tries?.count])).to.deep.equal([
      [0, 'granted', 2],
      [1, 'granted', undefined],
    ]);
    expect(reports[0]?.identity?.arn).to.contain('/after/');
    // The second probe uses the credentials of the last try.
    expect(keys).to.deep.equal(['KEY1', 'KEY2', 'KEY2']);
  });
});
