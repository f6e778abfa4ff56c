import { expect } from 'chai';
import type { AwsTarget } from '../aws-target/target.ts';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import {
  agentGet,
  control,
  denied,
  fetchCredentials,
  getObject,
  granted,
  refused,
  succeeds,
  whoAmI,
} from '../operations/index.ts';
import type { ProbeStep } from '../scenario/spec.ts';
import { anEnvironment, aWorld } from '../../test/support/environment.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import type { ProvisionedCluster } from '../scenario/scenario-context.ts';
import { judged, outcomeOf } from './outcome.ts';

describe('the outcome of a probe', () => {
  const aws = { region: 'us-west-2', accountId: () => '111122223333' } as unknown as AwsTarget;
  const cluster = { cluster: { nodeRoleArn: 'arn:aws:iam::111122223333:role/node' } } as ProvisionedCluster;
  const context = aWorld(aScenario(), anEnvironment(aws, { clusters: new Map([['c1', cluster]]) }));
  const verdict = (step: ProbeStep, result: ProbeResult, unreliableReason?: string): readonly [string, string] => {
    const outcome = outcomeOf(context, { number: 0, step }, judged(context, step, result), {
      unreliableReason,
      tries: 1,
      milliseconds: 1,
    });
    return [outcome.verdict, outcome.reason];
  };
  const reset: ProbeResult = {
    outcome: 'refused',
    layer: 'agent',
    code: 'ECONNRESET',
    message: 'the agent cannot be reached (ECONNRESET)',
  };
  const nobody = { ...reset, code: 'ECONNREFUSED', message: 'the agent cannot be reached (ECONNREFUSED)' };

  it('is an error if a connection broke, even for a control', () => {
    expect(verdict(granted('red', fetchCredentials()), reset)).to.deep.equal([
      'error',
      'A connection broke or timed out (ECONNRESET), which proves nothing about the agent. Access was expected, but the probe was refused credentials. Expected granted; observed refused by agent with ECONNRESET ("the agent cannot be reached (ECONNRESET)").',
    ]);
    expect(verdict(control('red', fetchCredentials()), reset)[0]).to.equal('error');
    const byProxy = { ...reset, code: '502', message: 'error trying to reach service: i/o timeout' };
    expect(verdict(succeeds(agentGet(2705, '/metrics')), byProxy)[0]).to.equal('error');
  });

  it('passes if a broken connection is expected, as of a stopped agent', () => {
    const away = refused('red', fetchCredentials(), { by: 'agent', message: 'cannot be reached' });
    expect(verdict(away, reset)[0]).to.equal('passed');
    expect(verdict(away, nobody)[0]).to.equal('passed');
  });

  it('is a failure if the connection is refused', () =>
    expect(verdict(granted('red', fetchCredentials()), nobody)[0]).to.equal('failed'));

  describe('of a scenario in which the event loop stalled', () => {
    const verdictAfter = (milliseconds: number, step: ProbeStep, result: ProbeResult): string => {
      const controls = { calls: () => [] } as unknown as AwsTarget['controls'];
      // Stalled before this probe, such as when the agent renewed credentials.
      const between = (from: number, to: number): number => (to - from > 500 ? milliseconds : 0);
      const lateness = { between, stop: () => undefined };
      const environment = anEnvironment({ ...aws, controls }, { clusters: new Map([['c1', cluster]]), lateness });
      const own = { ...aWorld(aScenario(), environment), startedAt: Date.now() - 60_000 };
      return outcomeOf(own, { number: 0, step }, judged(own, step, result), { tries: 1, milliseconds: 2 }).verdict;
    };
    const counter = granted('red', fetchCredentials(), { facts: { body: 'code="InternalServerException"' } });
    const unknown: ProbeResult = { outcome: 'granted', facts: { body: 'code="Unknown"' } };
    const refusal: ProbeResult = { outcome: 'refused', layer: 'agent', code: '500', status: 500 };
    const denial: ProbeResult = { outcome: 'denied', layer: 's3', code: 'AccessDenied' };
    for (const [what, milliseconds, step, result, expected] of [
      ['another text', 1000, counter, unknown, 'error'],
      ['another text after a short delay', 999, counter, unknown, 'failed'],
      ['another code', 1000, refused('red', fetchCredentials(), { by: 'agent', code: '400' }), refusal, 'error'],
      ['no credentials', 1000, granted('red', fetchCredentials()), refusal, 'error'],
      [
        'a grant instead of a denial',
        1000,
        denied('red', getObject('data/key'), { by: 's3' }),
        { outcome: 'granted' },
        'failed',
      ],
      ['a denial instead of a grant', 1000, granted('red', getObject('data/key')), denial, 'failed'],
    ] as const)
      it(`${what}: ${expected}`, () => expect(verdictAfter(milliseconds, step, result)).to.equal(expected));
  });

  it('is an error if AWS was late during the probe, otherwise a failure', () => {
    const controls = { calls: () => [] } as unknown as AwsTarget['controls'];
    const between = (from: number): number => (from === 7 ? 800 : 0);
    const inProcess = anEnvironment(
      { ...aws, controls },
      {
        clusters: new Map([['c1', cluster]]),
        lateness: { between, stop: () => undefined },
      },
    );
    const late = (startedAt: number) => {
      const report = {
        ...({ number: 0, startedAt, endedAt: 9, outcome: 'refused', layer: 'agent' } as const),
        code: 'CredentialsProviderError',
        message: 'the SDK found no credentials, yet the agent answers',
      };
      const trial = { tries: 1, milliseconds: 2 };
      const step = granted('red', whoAmI());
      const own = aWorld(aScenario(), inProcess);
      return outcomeOf(own, { number: 0, step }, judged(own, step, report), trial);
    };
    expect(late(7).verdict).to.equal('error');
    expect(late(7).reason).to.match(/^The event loop stalled for 800 ms/);
    expect(late(8).verdict).to.equal('failed');
  });

  it('is an error if it is unreliable, unless it is as expected', () => {
    const counted = granted('red', fetchCredentials(), { facts: { upstreamCalls: 1 } });
    const result = (upstreamCalls: number): ProbeResult => ({ outcome: 'granted', facts: { upstreamCalls } });
    expect(verdict(counted, result(2), 'It was slow.')).to.deep.equal([
      'error',
      'It was slow. upstreamCalls is 2, not 1. Expected granted where upstreamCalls is 1; observed granted.',
    ]);
    expect(verdict(counted, result(1), 'It was slow.')[0]).to.equal('passed');
    expect(verdict(counted, result(2))[0]).to.equal('failed');
  });

  it('is an error if the probe had an error', () =>
    expect(verdict(granted('red', fetchCredentials()), { outcome: 'error', message: 'it broke' })[0]).to.equal(
      'error',
    ));

  it("recognizes the node's role, and names the workload", () => {
    const arn = 'arn:aws:sts::111122223333:assumed-role/node/i-0';
    const result: ProbeResult = { outcome: 'granted', requestId: 'r', identity: { arn, account: '111122223333' } };
    const outcomeFor = (step: ProbeStep, met: ProbeResult) =>
      outcomeOf(context, { number: 0, step }, judged(context, step, met), { tries: 1, milliseconds: 1 });
    expect(outcomeFor(granted('red', getObject('data/red/key'), { as: 'node' }), result)).to.include({
      verdict: 'passed',
      workload: 'red',
    });
    expect(outcomeFor(succeeds(agentGet(80, '/')), { outcome: 'granted' })).to.include({
      verdict: 'passed',
      workload: null,
    });
  });

  describe('with a call record', () => {
    const arn = 'arn:aws:sts::111122223333:assumed-role/conformance-cabcdef-ab-01-app/session';
    const decision = { value: 'explicitlyDenied', reason: 'denied by statement 1', statements: [] };
    const call = {
      requestId: 'r',
      service: 's3',
      operation: 'GetObject',
      notes: [],
      authorizations: [{ action: 's3:GetObject', resource: 'arn', decision }],
    };
    const opening = { ...call, requestId: 'o', notes: [`opened the session ${arn.replace('-app', '-other')}`] };
    const findCall = (id: string | undefined) =>
      id === undefined ? expect.fail('unexpected lookup') : id === 'r' ? call : undefined;
    const controls = { calls: () => [opening], findCall };
    const recorded = aWorld(
      aScenario(),
      anEnvironment({ ...aws, controls } as unknown as AwsTarget, { clusters: new Map([['c1', cluster]]) }),
    );
    const outcomeFor = (step: ProbeStep, result: ProbeResult, tries = 1) =>
      outcomeOf(recorded, { number: 4, step }, judged(recorded, step, result), {
        why: 'It may be late.',
        tries,
        milliseconds: 1234.5,
      });
    const identity = { arn, account: '111122223333' };
    const denial: ProbeResult = { outcome: 'denied', layer: 's3', code: 'AccessDenied', identity, requestId: 'r' };

    it('explains denials and unexpected results, but not expected access', () => {
      const asExpected = outcomeFor(denied('red', getObject('data/blue/key'), { by: 's3' }), denial);
      expect(asExpected).to.include({ verdict: 'passed', number: 4, milliseconds: 1235 });
      expect(asExpected.decisiveCall).to.equal('r');
      expect(asExpected).not.to.have.any.keys('why', 'tries');
      const access = granted('red', getObject('data/red/key'));
      expect(outcomeFor(access, { outcome: 'granted', identity, requestId: 'r' })).not.to.have.property('decisiveCall');
      const missed = outcomeFor(access, denial, 3);
      expect(missed).to.include({ verdict: 'failed', why: 's3:GetObject denied by statement 1', tries: 3 });
      expect(missed.reason).to.match(/^It may be late\. Access was expected.*, after 3 tries in 1\.2 s\.$/);
      expect(missed.expected.text).to.equal('granted as role app');
    });
    it('explains a wrong identity by the call that opened its session', () => {
      const other = { ...identity, arn: arn.replace('-app', '-other') };
      const wrong = outcomeFor(granted('red', getObject('data/red/key')), {
        outcome: 'granted',
        identity: other,
        requestId: 'r',
      });
      expect(wrong).to.include({ verdict: 'failed', decisiveCall: 'o' });
    });
    it('has no decisive call if the result names none', () =>
      expect(
        outcomeFor(granted('red', getObject('data/red/key')), { outcome: 'denied', layer: 's3' }),
      ).not.to.have.property('decisiveCall'));
    it('takes the denying policy from the message, or else from the record', () => {
      const by = (policy: 'identity' | 'session', message?: string) =>
        outcomeFor(denied('red', getObject('data/blue/key'), { by: 's3', policy }), {
          ...denial,
          ...(message && { message }),
        });
      const message = 'because no session policy allows the s3:GetObject action';
      expect(by('session', message).verdict).to.equal('passed');
      expect(by('identity', message).verdict).to.equal('failed');
    });
    it('says that denials are inconclusive if a control failed', () => {
      const failed = outcomeFor(control('red', getObject('data/red/key')), denial);
      expect(failed).to.include({ verdict: 'inconclusive', control: true });
      expect(failed.reason).to.match(
        /^The control failed, so the denials of this scenario are inconclusive\. It may be late\. /,
      );
    });
  });
});
