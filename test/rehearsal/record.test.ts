import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { GUESSES } from '../../harness/record/guesses.ts';
import type { RecordedResult, Recording } from '../../harness/record/recording-schema.ts';
import { timing } from '../../scripts/rehearsal/timing.ts';
import { rehearsalCloud, type RehearsalCloud } from '../../scripts/cloud/cloud.ts';
import { runConformance, temporaryFolder, type CliRun } from '../support/run-cli.ts';
import { SECRETS } from '../support/secrets.ts';
import { secretsOf } from './support.ts';

const settled = GUESSES.filter(({ scenario }) => scenario !== undefined);
const file = join(temporaryFolder(), 'aws.json');

describe('recording of rehearsed EKS', () => {
  let cloud: RehearsalCloud;
  let run: CliRun;
  let text: string;
  let recording: Recording;

  before(async () => {
    cloud = await rehearsalCloud({ settings: timing(60, 60) });
    run = await runConformance({
      args: [
        ...['--cluster', 'eks', '--aws-endpoint', cloud.emulator.endpoint],
        ...['--other-account-role', cloud.otherAccountRole, '--record', file],
        ...['--scenario', settled.map(({ scenario }) => scenario).join(',')],
      ],
      env: cloud.environment,
    });
    text = readFileSync(file, 'utf8');
    recording = JSON.parse(text) as Recording;
  });
  after(() => cloud.close());

  const replay = (path: string): Promise<CliRun> => runConformance({ command: 'replay', reports: 'own', args: [path] });

  it('contains an answer to every guess that a scenario settles', () => {
    expect(recording.unanswered, run.stderr).to.deep.equal([]);
    expect(recording.answers.map(({ guess }) => guess)).to.deep.equal(settled.map(({ id }) => id));
    expect(recording.run).to.include({ aws: 'endpoint', cluster: 'eks', region: 'us-west-2' });
  });

  it('contains no tokens or keys', () => {
    for (const [what, pattern] of Object.entries(SECRETS)) expect(text, what).to.not.match(pattern);
    for (const secret of secretsOf(cloud)) expect(text.includes(secret)).to.equal(false);
    expect(text).to.not.include(cloud.emulator.accountId).and.not.include(run.results!.run.id);
  });

  it("equals the emulator's answers", async () => {
    const { stdout, stderr, exitCode } = await replay(file);
    expect(stdout, stderr).to.equal(`${settled.length} exchanges, 0 differ\n`);
    expect(exitCode).to.equal(0);
  });

  it('with a changed answer reports the guess and its consequence', async () => {
    const answers = recording.answers
      .filter(({ scenario }) => scenario === 'PI-11' || scenario === 'PI-12')
      .map((answer): RecordedResult =>
        answer.scenario === 'PI-11' ? { ...answer, code: 'InvalidRequestException' } : answer,
      );
    const changed = join(temporaryFolder(), 'changed.json');
    writeFileSync(changed, JSON.stringify({ ...recording, answers }));
    const { id, otherwise } = GUESSES.find(({ scenario }) => scenario === 'PI-11')!;
    const { stdout, exitCode } = await replay(changed);
    expect(exitCode).to.equal(1);
    expect(stdout).to.include(`${id} (PI-11, probe 1)`).and.include(`What changes: ${otherwise}`);
    expect(stdout).to.match(/expected .*InvalidRequestException.*\n.*actual .*InvalidParameterException/);
    expect(stdout).to.match(/\n2 exchanges, 1 differ\n$/);
  });
});
