import { timing } from '../rehearsal/timing.ts';
import { rehearsalCloud } from '../rehearsal/cloud.ts';
import { measurement, type Measurement } from './measurement.ts';
import { wholeRun } from './whole-run.ts';

/** How many times faster than AWS clusters are made, and changes of IAM and associations come into force. */
const PACE = 20;
const PROPAGATION_PACE = 2;

export interface EksBenchOptions {
  /** The program that runs scenarios. */
  readonly program: string;
  /** Further flags of both runs, such as a selection of suites. */
  readonly flags: readonly string[];
  readonly progress: (line: string) => void;
}

/**
 * Measures what it brings to arrange and probe scenarios side by side on EKS, where most of their time is waiting: the same
 * run against an emulated AWS that simulates AWS's latency, with the defaults and with one scenario at a time.
 */
export async function benchEks({ program, flags, progress }: EksBenchOptions): Promise<readonly Measurement[]> {
  const atOnce = await rehearsed([]);
  progress(`side by side ${seconds(atOnce.phases.scenarios)}`);
  const oneByOne = await rehearsed(['--parallel', '1']);
  progress(`one at a time ${seconds(oneByOne.phases.scenarios)}`);
  const { total, skipped } = atOnce.summary;
  return [
    measurement(
      'side by side on EKS',
      oneByOne.phases.scenarios / atOnce.phases.scenarios,
      'times as fast',
      10,
      `arranging and probing ${total - skipped} scenarios in ${seconds(atOnce.phases.scenarios)}, with --parallel 1 in ${seconds(oneByOne.phases.scenarios)}; an emulated AWS whose changes of IAM and associations take half of AWS' time`,
    ),
  ];

  async function rehearsed(more: readonly string[]) {
    const cloud = await rehearsalCloud({ settings: timing(PACE, PROPAGATION_PACE) });
    try {
      const { emulator, environment, otherAccountRole } = cloud;
      const where = ['--cluster', 'eks', '--aws-endpoint', emulator.endpoint, '--other-account-role', otherAccountRole];
      const { results } = await wholeRun(program, [...where, ...flags, ...more], environment);
      return results;
    } finally {
      await cloud.close();
    }
  }
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;
