import { GREATEST_ID } from '../scenario/checks.ts';
import { anything, object, opt, record, text, whole } from '../scenario/form.ts';
import type { V1Pod } from '@kubernetes/client-node';
import { whenRead } from '../scenario/retry-rules.ts';
import { userName } from '../world/fixtures/users.ts';
import { workload } from '../scenario/scenario-context.ts';
import { admissionFacts, admitInDryRun, type Facts, type PodFields } from '../world/admission.ts';
import { httpResult } from './http-answer.ts';
import { injectionOf, unansweredAdmission } from './injection.ts';
import { defineHarnessOperation } from '../scenario/operation-registry.ts';

const members = record(anything);

interface AdmissionOptions {
  /** User of the scenario who creates the pod. Default: the administrator. */
  readonly as?: string;
  /** Number of such pods. Default 1. */
  readonly repeat?: number;
}

/** Creates pods like those of workload `like` in a dry run. Facts show the changes by admission. */
export const admitPod = defineHarnessOperation(
  'AdmitPod',
  (like: string, pod: PodFields = {}, options: AdmissionOptions = {}) => ({ like, pod, ...options }),
  {
    form: {
      like: text,
      pod: object({ metadata: opt(members), spec: opt(members) }),
      as: opt(text),
      repeat: opt(whole(1, GREATEST_ID)),
    },
    refersTo: ({ like, as }) => ({ workloads: [like], users: [as] }),
    describe: ({ like, pod, as, repeat }) => [
      `of workload ${like}`,
      JSON.stringify(pod),
      as === undefined ? '' : `as user ${as}`,
      repeat === undefined ? '' : `${repeat} times`,
    ],
    mayDiffer: whenRead,
    whyNot: (context, { like }) => unansweredAdmission(context, workload(context, like).cluster),
    decidedBy: (context, { like, pod }) => injectionOf(context, workload(context, like), pod),
    perform: async (context, { like, pod, as, repeat = 1 }) => {
      const user = as === undefined ? undefined : userName(context, as);
      const answers = await Promise.all(
        Array.from({ length: repeat }, () => admitInDryRun(context, workload(context, like), pod, user)),
      );
      const bad = answers.find((answer) => answer.status !== 201);
      if (bad) return httpResult('kubernetes', bad);
      const pods = answers.map((answer) => admissionFacts(JSON.parse(answer.body) as V1Pod));
      return { outcome: 'granted', status: 201, facts: { ...pods[0], ...(pods.length > 1 && factsOfAll(pods)) } };
    },
  },
);

function factsOfAll(pods: readonly Facts[]): Facts {
  const lifetimes = pods
    .map((pod) => pod['podIdentityVolume.expirationSeconds'] ?? pod['irsaVolume.expirationSeconds'])
    .filter((seconds) => typeof seconds === 'number');
  return {
    pods: pods.length,
    ...(lifetimes.length === pods.length && {
      'expirationSeconds.least': Math.min(...lifetimes),
      'expirationSeconds.greatest': Math.max(...lifetimes),
      'expirationSeconds.distinct': new Set(lifetimes).size,
    }),
  };
}
