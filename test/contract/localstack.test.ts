import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { PROFILES } from '../../harness/scenario/profiles.ts';
import type { Scenario } from '../../harness/scenario/spec.ts';
import { columnOf, scenariosOfServices } from './fidelity.ts';
import type { RunResults } from '../../harness/results/results.ts';
import { ownScenarios } from '../support/own-suites.ts';
import { ROOT, temporaryFolder } from '../support/run-cli.ts';
import { publishedColumn } from './fidelity-page.ts';
import {
  startLine,
  startSubject,
  subjectTools,
  SUBJECTS,
  versionOf,
  type ContractSubject,
  type SubjectName,
} from './subjects.ts';

const PAGE = readFileSync(join(ROOT, 'docs', 'other-aws.md'), 'utf8');
/** Lines of the page's commands for LocalStack. */
const COMMANDS = /## LocalStack\n[\s\S]*?```sh\n([\s\S]*?)```/.exec(PAGE)![1]!.trim().split('\n');

describe('LocalStack with the commands in docs/other-aws.md', function () {
  // Installing and starting it takes long on a loaded machine.
  this.timeout(1_800_000);
  let localStack: ContractSubject;

  before(async function () {
    const tools = subjectTools('localstack');
    if ('missing' in tools) {
      process.stderr.write(`Skipping the tests with LocalStack: ${tools.missing}.\n`);
      return this.skip();
    }
    localStack = await startSubject('localstack');
  });
  after(() => (localStack as ContractSubject | undefined)?.close());

  /** Runs scenarios with the page's command, at the port of LocalStack. */
  async function run(isAbout: (scenario: Scenario) => boolean): Promise<RunResults> {
    const selected = (await ownScenarios()).filter((one) => PROFILES.full.includes(one.spec.profile) && isAbout(one));
    const exports = COMMANDS.filter((line) => line.startsWith('export '));
    const command = COMMANDS.find((line) => line.includes('--aws-endpoint http://127.0.0.1:4566'))!;
    expect(command, 'the page has a command with --aws-endpoint').to.match(/^npm run conformance -- /);
    const script = [...exports, command].join('\n').replaceAll('http://127.0.0.1:4566', localStack.endpoint);
    const folder = temporaryFolder();
    const { PATH, HOME } = process.env;
    await execa('bash', ['-c', script], {
      cwd: ROOT,
      extendEnv: false,
      // Other tests run at the same time, so the scenario that needs all processors is left out.
      env: {
        PATH,
        HOME,
        CONFORMANCE_REPORT_DIR: folder,
        CONFORMANCE_QUIET: 'true',
        CONFORMANCE_TIMEOUT: '300',
        CONFORMANCE_SCENARIO: selected.map(({ id }) => id).join(','),
        CONFORMANCE_GREP_INVERT: 'AP-25',
      },
      reject: false,
      stdio: 'ignore',
    });
    return JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')) as RunResults;
  }

  it('is installed and started as documented', () => {
    expect(COMMANDS[0]).to.include(`python${SUBJECTS.localstack.python} -m venv`);
    expect(COMMANDS[0]).to.include('--requirement test/contract/localstack.txt');
    expect(COMMANDS[1]).to.equal(`${startLine('localstack')} &`);
    const fidelity = readFileSync(join(ROOT, 'docs', 'fidelity.md'), 'utf8');
    for (const name of Object.keys(SUBJECTS) as SubjectName[]) expect(fidelity).to.include(startLine(name));
    expect(PAGE).to.include(`| LocalStack (core ${versionOf('localstack')}) | ${SUBJECTS.localstack.licence} |`);
  });

  it('has the results in docs/fidelity.md as --aws-endpoint', async () => {
    const services = await scenariosOfServices();
    const results = await run(({ id }) => services.has(id));
    const column = columnOf(results);
    expect(Object.fromEntries(column)).to.deep.equal(Object.fromEntries(publishedColumn('localstack')));
    expect([...column.values()].filter((cell) => cell.includes('**'))).to.have.length.greaterThan(10);
    const errors = results.scenarios.filter(({ verdict }) => verdict === 'error');
    expect(errors.map(({ id, reason }) => `${id} ${reason}`)).to.deep.equal([]);
    expect(results.run.exitCode).to.equal(1);
  });
});
