import { AWS_TIMING, type EmulatorSettings } from '../../emulator/index.ts';

/** Returns emulator settings with AWS's timing, divided by `pace`, and its propagation delays, divided by `propagationPace`. */
export function timing(pace: number, propagationPace: number): Partial<EmulatorSettings> {
  const factor = pace / propagationPace;
  const { delays, associationPropagation, ...others } = AWS_TIMING;
  return {
    ...others,
    pace,
    delays: {
      ...delays,
      iam: delays.iam * factor,
      listing: delays.listing * factor,
      reuse: delays.reuse * factor,
    },
    associationPropagation: {
      webhook: associationPropagation.webhook * factor,
      eksAuth: associationPropagation.eksAuth * factor,
    },
  };
}
