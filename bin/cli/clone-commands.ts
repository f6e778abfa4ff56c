import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as benchmark from '../../scripts/bench/bench.ts';
import type * as detection from '../../scripts/detection/index.ts';
import type * as nodeImage from '../../scripts/node-image/main.ts';
import type * as policies from '../../scripts/policy/policy.ts';
import type * as published from '../../scripts/published.ts';
import type * as rehearsal from '../../scripts/rehearsal/rehearse.ts';
import { EXIT } from '../../foundation/node/errors.ts';
import type { Io } from '../../foundation/node/io.ts';
import { option } from '../../foundation/node/options.ts';
import type { Command } from './command.ts';

/** Imports a module of a clone by its path. Bundles do not contain it. */
async function fromSource<Module>(path: string, { root, code }: Io): Promise<Module> {
  // Code that runs from source already has a TypeScript loader.
  if (code !== root) (await import('tsx/esm/api')).register();
  return (await import(pathToFileURL(join(root, path)).href)) as Module;
}

const BENCH: Command = {
  name: 'bench',
  summary: 'measure whole runs and rates on this machine',
  about:
    'Measure the rates of policy evaluations, signature checks and GetObject, then whole runs on embedded clusters. All runs must have equal verdicts.',
  options: [
    option.number('repeat N', 'report the median of this many whole runs', { default: 5, minimum: 1 }),
    option.flag('growth', 'measure runs of 100 and of 1,000 generated scenarios instead', {
      conflicts: [{ with: ['--repeat'], because: 'it measures two runs' }],
    }),
  ],
  remarks: 'Exit codes: 0 measured; 2 wrong usage; 3 a run failed or runs differ.',
  async run({ flag, number }, io) {
    const { bench } = await fromSource<typeof benchmark>('scripts/bench/bench.ts', io);
    await bench({ repeat: number('repeat'), growth: flag('growth') }, io);
    return EXIT.conforms;
  },
};

const DETECT: Command = {
  name: 'detect',
  summary: 'run the suites against defects, and report which are detected',
  about:
    'Run the suites on embedded clusters against one defect at a time: the catalogue of faults, or mutants. Report which scenario detects each defect, which survive, and which no scenario reaches.',
  options: [
    option.list('fault NAME', 'try this fault (repeatable, or comma-separated; default: all)'),
    option.flag('mutants', 'try generated mutants of the reference components instead of faults', {
      conflicts: [{ with: ['fault'] }],
    }),
    option.list('area NAME', 'try defects of this area of the sources (repeatable, or comma-separated)'),
    option.number(
      'sample N',
      'try this many mutants, or faults that a scenario noticed before, chosen by the seed (default: all)',
      { minimum: 1 },
    ),
    option.text('seed TEXT', 'with --sample: choose defects by this seed', { default: '0' }),
    option.list('scenario ID', 'run only this scenario (repeatable, or comma-separated)'),
    option.flag('all', 'run every scenario that reaches a defect, for the whole matrix'),
    option.number('jobs N', 'run this many processes at once (default: one more than processors)', {
      minimum: 1,
      maximum: 64,
    }),
    option.text('json FILE', 'write the matrix to this JSON file'),
    option.flag('write', 'update the record of the shares, and of which scenario detects which fault'),
  ],
  remarks:
    'Exit codes: 0 every defect was detected; 1 a defect was not detected; 2 wrong usage; 3 the environment failed; 130 interrupted.',
  async run({ flag, text, list, values }, io) {
    const number = (name: string): number | undefined => values.get(name)?.value as number | undefined;
    const { runDetect } = await fromSource<typeof detection>('scripts/detection/index.ts', io);
    // Processes and their folders are removed when this process exits.
    io.interruption().addEventListener('abort', () => process.exit(EXIT.interrupted));
    const noticed = await runDetect(
      {
        kind: flag('mutants') ? 'mutants' : 'faults',
        sample: number('sample'),
        seed: text('seed') ?? '0',
        faults: list('fault'),
        areas: list('area'),
        scenarios: list('scenario'),
        jobs: number('jobs'),
        all: flag('all'),
        json: text('json'),
        write: flag('write'),
      },
      {
        root: io.root,
        say: (words) => void io.stdout.write(words),
        progress: (line) => void io.stderr.write(`${line}\n`),
      },
    );
    return noticed ? EXIT.conforms : EXIT.doesNotConform;
  },
};

const POLICY: Command = {
  name: 'policy',
  summary: 'generate the policies of nightly runs',
  about: `Rehearse nightly runs on an emulated Amazon EKS, and generate the policies they need from the recorded calls:
docs/iam/nightly-policy.json, docs/iam/other-account-policy.json, docs/iam/permissions-boundary.json, and
docs/iam/auto-mode-policy.json for clusters in Auto Mode. Also generate docs/rbac/runner.yaml, the rules of a runner's
service account, from the requests of a runner in a cluster.`,
  options: [option.flag('check', 'write nothing, and compare with the existing files')],
  remarks: 'Exit codes: 0 written, or up to date; 1 out of date; 2 wrong usage; 3 a rehearsal failed.',
  async run(given, io) {
    const { writePolicies } = await fromSource<typeof policies>('scripts/policy/policy.ts', io);
    return writePolicies(given.flag('check'), io);
  },
};

const PUBLISHED: Command = {
  name: 'published',
  summary: 'publish the results of a subject, and update the page that compares all',
  about: `Publish the results of a run as those of a subject, and update the page that compares all published results
(docs/published). Without arguments, only update the page.`,
  operands: { usage: '[SUBJECT VERSION REPORT]', least: 0, most: 3 },
  options: [],
  remarks: 'Exit codes: 0 written; 2 wrong usage, or a run that cannot be published.',
  async run({ words }, io) {
    const { publish } = await fromSource<typeof published>('scripts/published.ts', io);
    return publish(words, io);
  },
};

const REHEARSE: Command = {
  name: 'rehearse',
  summary: 'rehearse a run on an emulated Amazon EKS with the delays of AWS',
  about: `Rehearse a run on Amazon EKS: start an emulated AWS with the delays and throttling of AWS, and run the command against it
like a job with its own role. Then check, as the administrator, for leftover resources and too frequent polling.`,
  operands: { usage: '[-- flags of the run]', least: 0 },
  options: [
    option.number('pace N', 'make delays this many times shorter than on AWS', {
      minimum: 1,
      fraction: true,
      default: 20,
    }),
    option.number(
      'propagation-pace N',
      'do the same with propagation delays of IAM, associations, lists and names (default: as --pace)',
      { minimum: 1, fraction: true },
    ),
    option.choice('timing', ['aws', 'instant'], 'delay and throttle calls like AWS, or not', { default: 'aws' }),
    option.text('policy FILE', "give the job's role this identity policy, as in docs/iam (default: allow everything)"),
    option.text('other-policy FILE', 'give the role of the second account this policy'),
    option.text('boundary FILE', 'require this permissions boundary on created roles, as in docs/iam (default: none)'),
  ],
  remarks: `Exit codes: that of the run; 3 also for leftover resources, polling faster than once a second, calls that the policy does not
allow, or a whole run without throttling; 2 wrong usage.`,
  async run(given, io) {
    const { rehearse } = await fromSource<typeof rehearsal>('scripts/rehearsal/rehearse.ts', io);
    return rehearse(given);
  },
};

const KIND_NODE_IMAGE: Command = {
  name: 'kind-node-image',
  summary: 'build a node image for kind from packages and Go modules',
  about: `Build the node image for kind clusters from Debian packages and Go modules, without pulling an image, and install the kind
command. Skip parts that are up to date (docs/kind.md).`,
  options: [
    option.flag('force', 'build even if the image is up to date'),
    option.flag('print-image', "print the image's name and exit"),
    option.flag('verbose', 'show the output of the tools'),
  ],
  remarks: 'Exit codes: 0 the image exists; 2 wrong usage; 3 the build failed; 130 interrupted.',
  async run({ flag }, io) {
    const { buildNodeImage, imageName } = await fromSource<typeof nodeImage>('scripts/node-image/main.ts', io);
    if (!flag('print-image')) return buildNodeImage({ force: flag('force'), verbose: flag('verbose') }, io);
    io.stdout.write(`${imageName}\n`);
    return EXIT.conforms;
  },
};

/** Commands for maintainers, which need the sources of a clone. */
export const CLONE_COMMANDS: readonly Command[] = [POLICY, REHEARSE, BENCH, DETECT, PUBLISHED, KIND_NODE_IMAGE].map(
  (command) => ({ ...command, fromClone: true, forMaintainers: true }),
);
