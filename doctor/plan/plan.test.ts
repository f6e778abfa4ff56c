import { expect } from 'chai';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { healthy, PAIRS } from '../../test/support/broken-snapshots.ts';
import { INCIDENTS } from '../../test/support/incidents.ts';
import { paste, shellWords } from '../../test/support/paste.ts';
import { temporaryFolder } from '../../test/support/run-cli.ts';
import { CHECKS } from '../checks/index.ts';
import { commandsOf } from '../checks/commands.ts';
import { judge } from '../judge/judge.ts';
import { planOf } from './plan.ts';
import { withRepairFiles } from './repair-files.ts';
import { planText } from './text.ts';

const incident = (title: string) => INCIDENTS.find((one) => one.title.includes(title))!.broken;

/** Returns a cluster with a stale caBundle, a trust policy that denies, and pods without variables. */
function broken() {
  const snapshot = healthy();
  PAIRS['PID202']!.broken(snapshot);
  PAIRS['PID401']!.broken(snapshot);
  PAIRS['PID807']!.broken(snapshot);
  incident('misspelt')(snapshot);
  PAIRS['PID203']!.broken(snapshot);
  return snapshot;
}
const findingsOf = (snapshot = broken()) => judge({ version: 1, clusters: [snapshot] }, CHECKS).findings;

describe('commandsOf', () => {
  it('divides a repair outside of quotes only', () => {
    const repair = `aws iam x --policy-document '{"Sid":"a && b"}' && kubectl annotate x 'it'\\''s && y' & kubectl get pods`;
    expect(commandsOf(repair)).to.deep.equal([
      `aws iam x --policy-document '{"Sid":"a && b"}'`,
      `kubectl annotate x 'it'\\''s && y' & kubectl get pods`,
    ]);
    expect(commandsOf('Restart the workload && wait.')).to.deep.equal([]);
  });
});

describe('the plan of repairs', () => {
  it('begins with causes of the whole cluster, and has each command once', () => {
    const { steps } = planOf({ clusters: [], findings: findingsOf(), notChecked: [] });
    expect(steps[0]?.command).to.match(/^kubectl --context prod patch mutatingwebhookconfiguration/);
    expect(steps.map(({ number }) => number)).to.deep.equal(steps.map((_, index) => index + 1));
    const commands = steps.flatMap(({ command }) => command ?? []);
    expect(commands).to.deep.equal([...new Set(commands)]);
  });

  it('restarts pods after the last change that concerns them', () => {
    const { steps } = planOf({ clusters: [], findings: findingsOf(), notChecked: [] });
    const isOf = (name: string) => (command?: string) => command?.includes(name) === true;
    const restart = steps.findIndex(({ command }) => isOf('rollout restart deployment/shop')(command));
    const annotation = steps.findIndex(({ command }) => isOf('annotate serviceaccount shop')(command));
    expect(restart).to.be.greaterThan(annotation);
    expect(annotation).to.be.greaterThan(-1);
  });

  it('gives one command for each policy, and says that the plan must be made again for others', () => {
    const [finding] = findingsOf().filter(({ change }) => change !== undefined);
    const other = {
      ...finding!,
      check: 'PID999',
      change: { ...finding!.change!, after: '{}' },
      repair: 'aws iam other',
    };
    const { steps } = planOf({ clusters: [], findings: [finding!, other], notChecked: [] });
    expect(steps.map(({ command }) => command?.slice(0, 7))).to.deep.equal(['aws iam', undefined]);
    expect(steps[1]?.fix).to.match(/Another step changes the trust policy of role .*: make the plan again after it\.$/);
  });

  it('as text has commands on lines of their own, and the new policy as a whole and as a diff', () => {
    const plan = planOf({ clusters: [], findings: findingsOf(), notChecked: [] });
    const lines = planText(plan, (text) => text, 80).split('\n');
    for (const { command } of plan.steps) if (command !== undefined) expect(lines).to.include(command);
    expect(lines.some((line) => /^ +\+ .*"Sid": "PodIdentity/.test(line))).to.equal(true);
    expect(lines.at(-2)).to.match(/^\d+ commands, \d+ changes? by hand\.$/);
  });
});

describe('withRepairFiles', () => {
  it('writes the documents of commands, for the owner only, and commands that name them repair as before', () => {
    const folder = join(temporaryFolder(), 'repairs');
    const snapshot = broken();
    const findings = withRepairFiles(findingsOf(snapshot), folder);
    const files = readdirSync(folder);
    expect(files).to.include('update-assume-role-policy-ledger.json');
    for (const file of files) expect(statSync(join(folder, file)).mode & 0o777).to.equal(0o600);
    const commands = planOf({ clusters: [], findings, notChecked: [] }).steps.flatMap(({ command }) => command ?? []);
    const named = commands.flatMap(shellWords).filter((word) => word.includes(folder));
    expect(new Set(named.map((word) => word.replace('file://', '')))).to.deep.equal(
      new Set(files.map((file) => join(folder, file))),
    );
    // As the AWS CLI and kubectl read files.
    for (const command of commands) {
      const inline = command.replaceAll(/(?:--patch-file |file:\/\/)(\S+\.json)/g, (all, file: string) => {
        const text = `'${readFileSync(file, 'utf8')}'`;
        return all.startsWith('--') ? `-p ${text}` : text;
      });
      paste(snapshot, inline);
    }
    const left = new Set(findingsOf(snapshot).map(({ check }) => check));
    for (const id of ['PID202', 'PID203', 'PID612', 'PID807']) expect(left, id).to.not.include(id);
  });

  it('overwrites no file, and writes none if one exists', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'update-assume-role-policy-ledger.json'), '{}');
    expect(() => withRepairFiles(findingsOf(), folder)).to.throw(/ledger\.json exists\. --repairs overwrites nothing/);
    expect(readdirSync(folder)).to.deep.equal(['update-assume-role-policy-ledger.json']);
    expect(existsSync(join(folder, 'other'))).to.equal(false);
  });
});
