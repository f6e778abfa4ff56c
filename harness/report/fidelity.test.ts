import { expect } from 'chai';
import { aResult, anOutcome, someResults } from '../../test/support/scenarios.ts';
import { fidelityMarkdown } from './fidelity.ts';
import { summarize, type RunResults, type ScenarioResult } from '../results/results.ts';

const scenarios: readonly ScenarioResult[] = [
  aResult({ id: 'AB-01', title: 'tags | policies', suite: 'abac' }),
  aResult({
    id: 'AB-02',
    suite: 'abac',
    verdict: 'failed',
    reason: 'Probe 2 failed.',
    probes: [
      anOutcome(),
      anOutcome({
        verdict: 'failed',
        operation: 'GetObject s3://data/<key>',
        expected: { text: 'denied by s3 with AccessDenied', outcome: 'denied' },
        observed: {
          outcome: 'granted',
          identity: { arn: 'arn:aws:sts::1:assumed-role/app/x', account: '1' },
        },
      }),
      anOutcome({
        verdict: 'failed',
        expected: { text: 'refused by eks', outcome: 'refused' },
        observed: { outcome: 'refused', layer: 'eks', code: 'ValidationError', status: 400 },
      }),
    ],
  }),
  aResult({ id: 'IR-01', suite: 'irsa', verdict: 'skipped', reason: 'Needs *STS*.', probes: [] }),
  aResult({
    id: 'IR-02',
    suite: 'irsa',
    verdict: 'inconclusive',
    probes: [anOutcome({ verdict: 'inconclusive', observed: null, reason: 'Its control failed.' })],
  }),
];

function markdown(items = scenarios, run: Partial<RunResults['run']> = {}): string {
  const results = someResults(items, summarize(items), run);
  const endpoints = { s3: 'http://127.0.0.1:4566', iam: 'http://127.0.0.1:4566' };
  const environment = {
    ...results.environment,
    aws: 'endpoint',
    endpoints,
    services: ['s3', 'sts', 'eks', 'eks-auth'],
  } as const;
  return fidelityMarkdown({ ...results, environment });
}

describe('the fidelity of an AWS', () => {
  it('begins with the counts, and the share of judged scenarios that are as AWS', () => {
    const lines = markdown().split('\n');
    expect(lines[0]).to.equal('# Fidelity of the AWS at http://127.0.0.1:4566');
    expect(lines[2]).to.equal(
      '**4 scenarios: 1 as AWS, 1 differs, 1 inconclusive, 1 not available** (50 % of the judged scenarios are as AWS).',
    );
  });

  it('lists the services and their endpoints', () => {
    const text = markdown();
    expect(text).to.include('| S3 | http://127.0.0.1:4566 | yes |');
    expect(text).to.include('| IAM | http://127.0.0.1:4566 | no |');
    expect(text).to.include("| STS | the harness' emulator | yes |");
  });

  it('has a table for each suite, with a row for each deviating probe', () => {
    const text = markdown();
    expect(text).to.include('## abac\n\n1 of 2 scenarios as AWS.\n');
    expect(text).to.include('| AB-01 tags \\| policies | as AWS | 1 probe | the same |');
    expect(text).to.include(
      '| AB-02 a title | differs | red: GetObject s3://data/\\<key\\>: denied by s3 with AccessDenied | granted as arn:aws:sts::1:assumed-role/app/x |',
    );
    expect(text).to.include(
      '|  |  | red: GetObject s3://data/red/key: refused by eks | refused by eks (ValidationError, status 400) |',
    );
    expect(text).to.include('## irsa\n\n0 of 1 scenario as AWS, 1 not available.\n');
    expect(text).to.include('| IR-01 a title | not available |  | Needs \\*STS\\*. |');
    expect(text).to.include(
      '| IR-02 a title | inconclusive | red: GetObject s3://data/red/key: granted as role app | Its control failed. |',
    );
  });

  it('has the error of a run that judged nothing', () => {
    const text = markdown([], { error: 'The cluster could not be made.' });
    expect(text).to.include('(none was judged)').and.include('The cluster could not be made.');
  });
});
