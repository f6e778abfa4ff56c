import { commandLine } from '../../foundation/node/command-line.ts';
import { EXIT } from '../../foundation/node/errors.ts';
import { option } from '../../foundation/node/options.ts';
import type { DoctorReport } from '../../doctor/judge/report-schema.ts';
import type { Command } from './command.ts';
import { chosen, diagnosed, diagnosisOptions } from './diagnosis.ts';
import { DOCTOR_MIGRATION } from './doctor-migration.ts';
import { DOCTOR_PLAN } from './doctor-plan.ts';
import { DOCTOR_POD } from './doctor-pod.ts';
import { DOCTOR_WAIT } from './doctor-wait.ts';
import { formatOption, json, NO_COLOR, print, type Formats } from './formats.ts';
import { asksForRights, printRights, RIGHTS } from './live-cluster.ts';
import { packageVersion } from './run.ts';

const FAIL_ON = ['error', 'warning', 'info', 'never'] as const;

const FORMATS: Formats<DoctorReport> = {
  terminal: async (report, { paint, width }) =>
    (await import('../../doctor/output/terminal.ts')).terminalText(report, paint, width),
  json,
  roles: async (report, { width }) => (await import('../../doctor/output/report.ts')).holdersText(report, width),
  html: async (report) => (await import('../../doctor/output/html.ts')).htmlPage(report),
  sarif: async (report, { root }) =>
    json((await import('../../doctor/output/sarif.ts')).sarifLog(report, packageVersion(root))),
};

const DOCTOR_EXPLAIN: Command = {
  name: 'doctor explain',
  summary: 'explain a check: its observation, cause, effect, fix and source',
  about: `Explain a check of doctor, such as PID201. \`${commandLine('doctor', 'PID201')}\` does the same.`,
  operands: { usage: 'CHECK', least: 1, most: 1 },
  options: [NO_COLOR],
  remarks: 'Exit codes: 0 explained; 2 wrong usage.',
  async run({ words: [id = ''] }, { stdout }) {
    const [{ CHECKS }, { checkSection }] = await Promise.all([
      import('../../doctor/checks/index.ts'),
      import('../../doctor/checks/page.ts'),
    ]);
    stdout.write(
      chosen(CHECKS, [id.toUpperCase()])
        .map((check) => `${checkSection(check)}\n`)
        .join(''),
    );
    return EXIT.conforms;
  },
};

export const DOCTOR: Command = {
  name: 'doctor',
  summary: 'find out why pods of a live cluster have no AWS identity, or the wrong one',
  question: 'why pods of a live cluster have no AWS identity, or the wrong one',
  about: `Read a cluster and its AWS account, and report what keeps pods from their AWS identity. It only reads, and reads no Secret.
Without AWS credentials, use --kubernetes-only.`,
  subcommands: [DOCTOR_POD, DOCTOR_PLAN, DOCTOR_WAIT, DOCTOR_MIGRATION, { ...DOCTOR_EXPLAIN, alias: /^pid\d+$/i }],
  options: [
    ...diagnosisOptions(),
    formatOption(FORMATS),
    option.choice('fail-on', FAIL_ON, 'exit with 1 for findings of this severity or a higher one', {
      default: 'error',
    }),
    option.text(
      'since FILE',
      'compare with this older report of --format json; the exit code counts new findings only',
    ),
    option.flag('list', 'list the checks and exit', { exits: true }),
    ...RIGHTS,
    NO_COLOR,
  ],
  remarks: `Exit codes: 0 no finding at or above --fail-on, and everything was read; 1 such a finding, with --since a new one; 2 wrong
usage, or an unusable cluster, file or credentials; 3 something was not read, or a check of --check was not made; 130 interrupted,
after a report of the parts that were read.`,
  async run(given, io) {
    if (asksForRights(given)) return printRights(given, io);
    if (given.flag('list')) {
      const { CHECKS } = await import('../../doctor/checks/index.ts');
      io.stdout.write(CHECKS.map(({ id, severity, title }) => `${id}  ${severity.padEnd(7)}  ${title}\n`).join(''));
      return EXIT.conforms;
    }
    const { report: whole, ids, isIncomplete, isAborted } = await diagnosed(given, io);
    const [{ isNew }, { readBaseline, compared }] = await Promise.all([
      import('../../doctor/output/report.ts'),
      import('../../doctor/output/baseline.ts'),
    ]);
    const older = given.text('since');
    const report = older === undefined ? whole : compared(whole, readBaseline(older), ids);
    await print(report, FORMATS, given, io);
    if (isAborted) return EXIT.interrupted;
    const counted = report.findings.filter((finding) => isNew(report, finding));
    if (isFailing(counted, given.text('fail-on'))) return EXIT.doesNotConform;
    return isIncomplete ? EXIT.environment : EXIT.conforms;
  },
};

function isFailing(findings: DoctorReport['findings'], failOn: string | undefined): boolean {
  const least = FAIL_ON.indexOf((failOn ?? 'error') as (typeof FAIL_ON)[number]);
  return failOn !== 'never' && findings.some(({ severity }) => FAIL_ON.indexOf(severity) <= least);
}
