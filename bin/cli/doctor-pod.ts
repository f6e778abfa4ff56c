import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '../../foundation/node/errors.ts';
import type { Io } from '../../foundation/node/io.ts';
import { option, textsOf } from '../../foundation/node/options.ts';
import type { FollowedPod } from '../../doctor/pod/follow.ts';
import type { FoundPod } from '../../doctor/pod/hops.ts';
import type { GivenOptions } from '../../harness/config/read-options.ts';
import type { Command } from './command.ts';
import { formatOption, json, NO_COLOR, print, type Formats } from './formats.ts';
import { asksForRights, printRights, progressOf, readClusters, readingOptions, RIGHTS } from './live-cluster.ts';

const FORMATS: Formats<FollowedPod> = {
  terminal: async (followed, { paint, width }) =>
    (await import('../../doctor/pod/follow.ts')).podText(followed, paint, width),
  json,
};

export const DOCTOR_POD: Command = {
  name: 'doctor pod',
  summary: 'follow the way of one pod to its credentials, and say who it is',
  about: `Read a cluster and its AWS account, and follow the way of one pod to its credentials, step by step. It only reads, except with
--inside. NAME may be deployment/NAME.`,
  operands: { usage: 'NAME', least: 1, most: 1 },
  options: [
    option.text('namespace NAME', 'the namespace of the pod, also -n NAME', { default: 'default', short: 'n' }),
    ...readingOptions(),
    option.flag('inside', 'also run preflight in a Job like the pod, and delete it; the only flag that writes', {
      conflicts: [{ with: ['from', 'demo'], because: 'it needs the cluster of the pod' }],
    }),
    option.text(
      'image IMAGE',
      'the image of this Job, with Node 20.19 or later (default: Node 22 of Amazon ECR Public)',
      { conflicts: [{ without: ['inside'] }] },
    ),
    formatOption(FORMATS),
    ...RIGHTS,
    NO_COLOR,
  ],
  remarks: `Exit codes: 0 each step is ok; 1 a step fails; 2 wrong usage, or an unusable cluster, file or credentials; 3 the pod could not be
judged; 130 interrupted.`,
  async run(given, io) {
    const namespace = given.text('namespace') ?? '';
    const isInside = given.flag('inside');
    if (asksForRights(given)) {
      const { insideRole } = await import('../../doctor/inside/job.ts');
      return printRights(given, io, isInside ? { role: insideRole(namespace) } : {});
    }
    const { findPod, followed } = await import('../../doctor/pod/follow.ts');
    const { snapshot, signal } = await readClusters(given, io);
    const pod = findPod(snapshot, namespace, given.words[0] ?? '');
    const outside = followed(snapshot, pod);
    const way = isInside && signal ? await lookInside(outside, { ...pod, signal }, given, io) : outside;
    await print(way, FORMATS, given, io);
    return signal?.aborted ? EXIT.interrupted : exitCodeOf(way);
  },
};

function exitCodeOf({ inside, hops, identity }: FollowedPod): number {
  if (inside?.result === 'failed' || hops.some(({ state }) => state === 'FAIL')) return EXIT.doesNotConform;
  // A new pod's credentials settle unknown hops, but not a warning about this pod.
  const isKnown = inside
    ? inside.result === 'ok' && hops.every((hop) => hop.state !== 'WARN' || hop.inside?.state === 'ok')
    : identity.mechanism !== 'unknown';
  return isKnown ? EXIT.conforms : EXIT.environment;
}

/** Runs preflight in a Job, and adds its report. */
async function lookInside(
  outside: FollowedPod,
  pod: FoundPod & { readonly signal: AbortSignal },
  given: GivenOptions,
  io: Io,
): Promise<FollowedPod> {
  const [{ runInside }, { NODE_IMAGE }, { withInside }, { readContext }, { distFolder }] = await Promise.all([
    import('../../doctor/inside/run.ts'),
    import('../../doctor/inside/job.ts'),
    import('../../doctor/inside/compare.ts'),
    import('../../foundation/node/named-context.ts'),
    import('../../foundation/node/dist-folder.ts'),
  ]);
  const { config } = readContext(
    { ...textsOf(given, { kubeconfig: 'kubeconfig' }), context: outside.cluster },
    io.environment,
  );
  const report = await runInside({
    ...pod,
    config,
    image: given.text('image') ?? NODE_IMAGE,
    program: readFileSync(join(distFolder(), 'preflight.cjs'), 'utf8'),
    announce: (sentence) => void io.stderr.write(`${sentence}\n`),
    progress: progressOf(io),
  });
  progressOf(io)('');
  return withInside(outside, report);
}
