import type { EmulatorSettings } from './settings.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Settings that simulate AWS's latency: typical figures, rounded up (docs/emulator.md). AWS publishes none. */
export const AWS_TIMING: Pick<
  EmulatorSettings,
  'delays' | 'associationPropagation' | 'eksAuthKeepsSessions' | 'throttling'
> = {
  delays: {
    createCluster: 9 * MINUTE,
    deleteCluster: 3 * MINUTE,
    createNodegroup: 3 * MINUTE,
    deleteNodegroup: 3 * MINUTE,
    createAddon: 45 * SECOND,
    deleteAddon: 20 * SECOND,
    iam: 10 * SECOND,
    listing: 4 * SECOND,
    reuse: 5 * SECOND,
  },
  associationPropagation: { webhook: 5 * SECOND, eksAuth: 8 * SECOND },
  eksAuthKeepsSessions: true,
  throttling: {
    // Lower than the harness's own rate per operation, so that a whole run meets throttling.
    iam: { perSecond: 20, burst: 50, changes: { perSecond: 5, burst: 10 } },
    sts: { perSecond: 100, burst: 200 },
    eks: { perSecond: 20, burst: 50, changes: { perSecond: 5, burst: 10 } },
  },
};
