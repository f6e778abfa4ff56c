import { option, withFields, type OptionSpec } from '../../foundation/node/options.ts';
import type { Io } from '../../foundation/node/io.ts';
import type { GivenOptions } from '../../harness/config/read-options.ts';
import { clusterOptions, snapshotOf } from './live-cluster.ts';

const CONTEXT = option.list('context NAME', 'read the cluster of this context (default: the current one; repeatable)');

/** Returns the options with which each subcommand of doctor reads clusters. */
export const readingOptions = (): readonly OptionSpec[] => [
  ...clusterOptions(CONTEXT, ['from', 'demo']),
  ...withFields({ conflicts: [{ with: ['from', 'demo'] }] }, [option.flag('kubernetes-only', 'do not call AWS')]),
  option.flag('demo', 'make an embedded cluster with many problems, and report them', {
    conflicts: [{ with: ['from'] }],
  }),
];

/** `policies`: also reads the policies of annotated roles. */
export const readClusters = (given: GivenOptions, io: Io, policies = false) =>
  snapshotOf(given, io, 'Stopping. The report covers the parts that were read.', {
    aws: !given.flag('kubernetes-only'),
    policies,
  });
