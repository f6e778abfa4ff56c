import { tmpdir } from 'node:os';
import { expect } from 'chai';
import { aResult, anOutcome, someResults } from '../../test/support/scenarios.ts';
import { SECRETS } from '../../test/support/secrets.ts';
import { summarize, type ScenarioResult } from '../results/results.ts';
import type { ProbeResult } from '../../foundation/protocols/probe-protocol.ts';
import { GUESSES } from './guesses.ts';
import { isSame, recordingOf, recordReporter } from './recording.ts';
import type { RecordedResult } from './recording-schema.ts';

const RUN = 'cabcdef';
const guess = (scenario: string) => GUESSES.find((one) => one.scenario === scenario)!;

/** Returns a result of a guess's scenario whose probe observed this. */
function settled(scenario: string, observed: ProbeResult | null, reason = 'As expected.'): ScenarioResult {
  const number = guess(scenario).probe! - 1;
  return aResult({ id: scenario, reason, probes: [anOutcome({ number, observed })] });
}

function recorded(...scenarios: readonly ScenarioResult[]) {
  const results = someResults(scenarios, summarize(scenarios), { id: RUN });
  const clusters = [{ alias: 'c1', name: 'green', facts: { kubernetesVersion: '1.34' } }];
  return recordingOf({ ...results, environment: { ...results.environment, clusters } });
}

const refusal = (message: string): ProbeResult => ({
  outcome: 'refused',
  layer: 'eks',
  code: 'InvalidParameterException',
  status: 400,
  message,
});

describe('the recording of a run', () => {
  it('has the answer to each guess', () => {
    const { answers, run } = recorded(settled('PI-11', refusal('Trust policy of the role provided is invalid')));
    expect(answers).to.deep.equal([
      {
        guess: guess('PI-11').id,
        scenario: 'PI-11',
        probe: 1,
        outcome: 'refused',
        by: 'eks',
        code: 'InvalidParameterException',
        status: 400,
        message: 'Trust policy of the role provided is invalid',
      },
    ]);
    expect(run).to.include({ kubernetesVersion: '1.34', at: '2026-01-02' });
  });

  it('only has facts that the guess is about', () => {
    const facts = { secondsLeft: 21_600, session: 'abc' };
    const { answers } = recorded(settled('AP-01', { outcome: 'granted', facts }));
    expect(answers[0]!.facts).to.deep.equal({ secondsLeft: 21_600 });
  });

  it('has a reason for each guess without an answer', () => {
    const { answers, unanswered } = recorded(settled('PI-11', null, 'Not available here: S3 (s3).'));
    expect(answers).to.deep.equal([]);
    expect(unanswered).to.deep.include({
      guess: guess('PI-11').id,
      scenario: 'PI-11',
      reason: 'Not available here: S3 (s3).',
    });
    expect(unanswered).to.have.length(GUESSES.filter(({ scenario }) => scenario !== undefined).length);
  });

  it('has no names of the run and no ids, which differ between runs', () => {
    const message = `User: arn:aws:sts::111122223333:assumed-role/conformance-${RUN}-pi-11-app/eks-green-app-1-84782bd2-427a-4501-a853-1bdd91d6d0ab is not a-ipwbnrjjk3uaiw5wj of cluster green at http://127.0.0.1:4566, i-0123456789abcdef0, AROAEXAMPLE`;
    expect(recorded(settled('PI-11', refusal(message))).answers[0]!.message).to.equal(
      'User: arn:aws:sts::<account>:assumed-role/<run>-pi-11-app/<session> is not <association> of cluster <cluster:c1> at <endpoint>, <instance>, <id>',
    );
  });

  it('has no mark of a later attempt', () => {
    const result = settled('AB-21', refusal(`role/conformance-${RUN}-ab-21-0002-app`));
    expect(recorded({ ...result, attempts: 2 }).answers[0]!.message).to.equal('role/<run>-ab-21-app');
  });

  const token = `eyJ${'a'.repeat(40)}.eyJ${'b'.repeat(40)}.${'c'.repeat(40)}`;
  const secrets = {
    'a token': token,
    'an access key id': 'ASIAABCDEFGHIJKLMNOP',
    'a secret access key': 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    'a session token': `IQoJb3JpZ2luX2Vj${'Ab1/'.repeat(30)}`,
    'a signature': `X-Amz-Signature=${'0f'.repeat(32)}`,
    "a cluster's token": 'k8s-aws-v1.aHR0cHM6Ly9zdHMudXMtd2VzdC0y',
  };
  for (const [what, secret] of Object.entries(secrets))
    it(`does not contain ${what} from an AWS error message`, () => {
      const facts = { injected: secret };
      const place = GUESSES.find(({ facts: names }) => names?.includes('injected'))!.scenario!;
      const text = JSON.stringify([
        recorded(settled('PI-11', refusal(`It was ${secret}`))),
        recorded(settled('PI-11', null, `It was ${secret}`)),
        recorded(settled(place, { outcome: 'granted', facts })),
      ]);
      expect(text).to.not.include(secret);
      for (const [name, pattern] of Object.entries(SECRETS)) expect(text, name).to.not.match(pattern);
    });

  for (const path of ['/nowhere/file.json', tmpdir()])
    it(`is rejected at once if it cannot be written: ${path}`, () =>
      expect(() => recordReporter(path)).to.throw(`--record is "${path}": give a file in a writable folder.`));
});

describe('two answers', () => {
  const one: RecordedResult = {
    guess: 'G',
    scenario: 'AP-01',
    probe: 1,
    outcome: 'granted',
    status: 200,
    message: 'yes',
  };
  const about = { id: 'G', guess: '', otherwise: '' };

  it('are equal despite different wording, unless the guess is about the wording', () => {
    const other = { ...one, message: 'no' };
    expect(isSame(one, other, about)).to.equal(true);
    expect(isSame(one, other, { ...about, message: true })).to.equal(false);
  });

  it('are equal despite different times in the message', () => {
    const at = (time: string, minutes = 15): RecordedResult => ({
      ...one,
      message: `expired: ${time} - ${minutes} min.`,
    });
    const worded = { ...about, message: true };
    expect(isSame(at('20261126T114335Z'), at('20261126T114422Z'), worded)).to.equal(true);
    expect(isSame(at('20261126T114335Z'), at('20261126T114335Z', 5), worded)).to.equal(false);
  });

  for (const change of [{ outcome: 'refused' }, { by: 'eks' }, { code: 'X' }, { status: 403 }])
    it(`differ by ${Object.keys(change)[0]}`, () => expect(isSame(one, { ...one, ...change }, about)).to.equal(false));

  it('are equal if durations differ by at most a twentieth', () => {
    const lasting = (secondsLeft: number): RecordedResult => ({ ...one, facts: { secondsLeft } });
    const lengths = { ...about, facts: ['secondsLeft'] };
    expect(isSame(lasting(21_600), lasting(21_000), lengths)).to.equal(true);
    expect(isSame(lasting(21_600), lasting(3600), lengths)).to.equal(false);
    expect(isSame(lasting(21_600), one, lengths)).to.equal(false);
  });
});
