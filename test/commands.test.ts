import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { COMMANDS } from '../bin/cli/commands.ts';
import { executed } from './support/executed.ts';
import { invocationOf, pageCommands, pageSamples, type PageCommand } from './support/page-commands.ts';
import { builtPackage, ROOT, temporaryFolder } from './support/run-cli.ts';

/** Commands that this test does not run, with the reason. The first matching entry counts. */
const NOT_RUN: readonly (readonly [pattern: RegExp, reason: string, page?: RegExp])[] = [
  [/^/, 'needs a public client or its pod', /client-differences/],
  [/^/, 'test/contract/emulator-page.test.ts runs it', /docs\/emulator/],
  [/^/, 'starts another emulator, which pip installs', /fidelity/],
  [
    /^(?!npm)|--organization /,
    'test/organization/listing.test.ts and bin/cli/no-new-access.test.ts run it',
    /docs\/organizations/,
  ],
  [/^npm (ci|test|run (check|format))\b|npm test/, '.ci/run runs it'],
  [/^npm (pack|install)\b/, 'test/package.test.ts installs the package'],
  [/^npx \S+ --config conformance\/config\.yaml$/, 'test/package.test.ts runs it'],
  [/--suites-dir examples\/terraform /, 'test/examples.test.ts runs it'],
  [/docker|--cluster kind|kind:|runner-image|^kind |--image/, 'needs Docker'],
  [/--cluster eks|allow-account|^aws |\$ACCOUNT/, 'needs an AWS account'],
  [/--context|kubectl|doctor pod|preflight\.cjs|--since/, 'needs a live cluster'],
  [/--client |npm run clients|^python|localstack|pip install|#python/, 'installs clients or emulators'],
  [/--(aws|s3)-endpoint|AWS_ACCESS_KEY_ID=/, 'needs another AWS'],
  [/npm run (rehearse|bench|detect)\b/, 'takes minutes; CI and nightly workflows run it'],
  [/npm run emulator|--watch/, 'serves until Ctrl-C'],
  [/--shard|npm run merge/, 'needs several machines'],
  [/npm run (sweep|published)(?! -- --list)/, 'changes what other runs of this machine left, or the repository'],
  [/^(terraform|valgrind|perf|xdg-open|node --cpu-prof)\b/, 'needs another program'],
  [/reports\/(<|\*|embedded|reference)|(aws|mutants|compare)\.json/, 'needs results of a command that is not run'],
  [/slowest\.js|^npx mocha/, 'test/cli/reporting.test.ts runs it'],
  [/--before git:/, 'bin/cli/no-new-access.test.ts reads commits'],
  [/\[flags\]/, 'is the form of all commands'],
];

/** Whole runs. `COMMANDS=all` runs them too, as a nightly workflow does. */
const LONG = [
  /^npm run conformance( -- --fault iam-ignores-deny)?$/,
  /--suite (agent|client|lifecycle|load)\b|abac,irsa|--reporter|LO-01|iam-ignores-deny$/,
  /npm run compare -- reports\/before|^npx \S+ loosen/,
];

/** Whole runs of suites. Only a part of the scenarios is run, another each time, unless `COMMANDS=all` is set. */
const IN_PART = /--suite (pod-identity|abac)( --report-dir \S+)?$/;
const PARTS = 10;
const PART = `${1 + (Date.now() % PARTS)}/${PARTS}`;

/** Commands that another one needs. */
const BEFORE: readonly (readonly [pattern: RegExp, command: string])[] = [
  [/--last-failed/, 'npm run conformance -- --scenario AB-05 --fault eks-auth-drops-session-tags'],
];

/** Exit codes other than 0. */
const EXIT_CODES: readonly (readonly [pattern: RegExp, code: number])[] = [
  [/--fault /, 1],
  [/--demo/, 1],
  [/^npm run no-new-access/, 1],
  // CL-49 fails, as the page shows.
  [/own-program\/app\.py.* --scenario/, 1],
];

const NAMES = COMMANDS.map(({ name }) => name);
/** Values for what a reader must fill in. */
const FILLED: readonly (readonly [placeholder: RegExp, value: string])[] = [
  [/\$ACCOUNT|\$OTHER_ROLE/, '111122223333'],
  [/conformance\/config\.yaml/, join(ROOT, 'examples', 'starter', 'conformance', 'config.yaml')],
  [/<run id>|<run>|"?\$image"?|IMAGE|…/, 'example'],
];

const SAMPLES = new Set(pageSamples().map(({ command }) => `npm run ${command}`));

const reasonOf = ({ page, text }: PageCommand): string | undefined =>
  (SAMPLES.has(text) ? 'test/samples.test.ts runs it' : undefined) ??
  NOT_RUN.find(([pattern, , pages = /^/]) => pattern.test(text) && pages.test(page))?.[1] ??
  (process.env['COMMANDS'] !== 'all' && LONG.some((pattern) => pattern.test(text)) ? 'is a whole run' : undefined);

describe('commands in pages', () => {
  const commands = pageCommands();
  /** A checkout without sources, so that commands do not build. */
  let checkout: string;
  /** The repository of a user, with the package installed. */
  let team: string;
  before(() => {
    [checkout, team] = [temporaryFolder(), temporaryFolder()];
    for (const part of ['bin', 'dist', 'package.json'])
      cpSync(join(builtPackage(), part), join(checkout, part), { recursive: true, preserveTimestamps: true });
    symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
    for (const part of ['examples', 'test/fixtures/observed', 'identity/policy/cases'])
      cpSync(join(ROOT, part), join(checkout, part), { recursive: true });
    mkdirSync(join(team, 'node_modules', '.bin'), { recursive: true });
    writeFileSync(join(team, 'package.json'), '{ "name": "team", "private": true, "type": "module" }');
    symlinkSync(checkout, join(team, 'node_modules', 'eks-pod-identity-conformance'));
    symlinkSync(
      join(checkout, 'bin', 'conformance.js'),
      join(team, 'node_modules', '.bin', 'eks-pod-identity-conformance'),
    );
  });

  const run = (command: string, cwd: string) => {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(CONFORMANCE|npm)_|^NODE_OPTIONS$/.test(name));
    const isInPart = process.env['COMMANDS'] !== 'all' && IN_PART.test(command);
    const env = {
      ...Object.fromEntries(inherited),
      ...(isInPart && { CONFORMANCE_SHARD: PART }),
      HOME: checkout,
      npm_config_update_notifier: 'false',
    };
    return spawnSync('bash', ['-c', command], { cwd, env, encoding: 'utf8' });
  };

  it('are found', () => expect(commands.length).to.be.greaterThan(100));

  it('are all run by this test, or have a reason', () => {
    const unknown = NOT_RUN.filter(
      ([pattern, , pages = /^/]) => !commands.some(({ page, text }) => pattern.test(text) && pages.test(page)),
    );
    expect(unknown, 'entries without a command').to.deep.equal([]);
    const isRun = (command: PageCommand): boolean => SAMPLES.has(command.text) || reasonOf(command) === undefined;
    expect(commands.filter(isRun).length).to.be.greaterThan(20);
  });

  const done = new Set<string>();
  for (const command of commands) {
    const { page, text } = command;
    const reason = reasonOf(command);
    if (done.has(text)) continue;
    done.add(text);
    if (reason === undefined)
      it(`${page}: ${text} runs`, () => {
        const cwd = text.startsWith('npx ') ? team : checkout;
        for (const [pattern, needed] of BEFORE) if (pattern.test(text)) run(needed, cwd);
        const { status, stdout, stderr } = run(text, cwd);
        const [, expected = 0] = EXIT_CODES.find(([pattern]) => pattern.test(text)) ?? [];
        expect(status, `shard ${PART}\n${stdout}${stderr}`.slice(-3000)).to.equal(expected);
      });
    const filled = FILLED.reduce(
      (words, [placeholder, value]) => words.replaceAll(new RegExp(placeholder, 'g'), value),
      text,
    );
    const invocation = reason === undefined || /\[flags\]/.test(text) ? undefined : invocationOf(filled, NAMES);
    if (invocation !== undefined)
      it(`${page}: ${text} has valid flags (${reason})`, async () => {
        const [name, ...args] = invocation;
        const { code, err } = await executed(name, ['--help', ...args]);
        expect(code, err).to.equal(0);
      });
  }
});
