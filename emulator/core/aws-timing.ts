import type { EmulatorSettings } from './settings.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/**
 * The settings of an emulator that simulates AWS's latency. AWS publishes none of these figures but the limit of ten
 * minutes or so for a control plane (Amazon EKS User Guide, "Create an Amazon EKS cluster"): they are what is commonly seen,
 * rounded up, and stated in docs/emulator.md.
 */
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
    // Those of one operation are below the harness' own rate of the service: a whole run must meet throttling.
    iam: { perSecond: 20, burst: 50, changes: { perSecond: 5, burst: 10 } },
    sts: { perSecond: 100, burst: 200 },
    eks: { perSecond: 20, burst: 50, changes: { perSecond: 5, burst: 10 } },
  },
};
