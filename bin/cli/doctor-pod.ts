import { EXIT } from '../../foundation/node/errors.ts';
import { option } from '../../foundation/node/options.ts';
import type { FollowedPod } from '../../doctor/pod/follow.ts';
import type { Command } from './command.ts';
import { formatOption, json, NO_COLOR, print, type Formats } from './formats.ts';
import { asksForRights, printRights, readClusters, readingOptions, RIGHTS } from './live-cluster.ts';

const FORMATS: Formats<FollowedPod> = {
  terminal: async (followed, { paint, width }) =>
    (await import('../../doctor/pod/follow.ts')).podText(followed, paint, width),
  json,
};

export const DOCTOR_POD: Command = {
  name: 'doctor pod',
  summary: 'follow the way of one pod to its credentials, and say who it is',
  about: `Read a cluster and its AWS account, and follow the way of one pod to its credentials, step by step. NAME may be
deployment/NAME.`,
  operands: { usage: 'NAME', least: 1, most: 1 },
  options: [
    option.text('namespace NAME', 'the namespace of the pod, also -n NAME', { default: 'default', short: 'n' }),
    ...readingOptions(),
    formatOption(FORMATS),
    ...RIGHTS,
    NO_COLOR,
  ],
  remarks: `Exit codes: 0 each step is ok; 1 a step fails; 2 wrong usage, or an unusable cluster, file or credentials; 3 the pod could not be
judged; 130 interrupted.`,
  async run(given, io) {
    if (asksForRights(given)) return printRights(given, io);
    const { findPod, followed } = await import('../../doctor/pod/follow.ts');
    const { snapshot, signal } = await readClusters(given, io);
    const way = followed(snapshot, findPod(snapshot, given.text('namespace') ?? '', given.words[0] ?? ''));
    await print(way, FORMATS, given, io);
    return signal?.aborted ? EXIT.interrupted : exitCodeOf(way);
  },
};

function exitCodeOf({ hops, identity }: FollowedPod): number {
  if (hops.some(({ state }) => state === 'FAIL')) return EXIT.doesNotConform;
  return identity.mechanism === 'unknown' ? EXIT.environment : EXIT.conforms;
}
