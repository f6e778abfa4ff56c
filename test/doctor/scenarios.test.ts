import { expect } from 'chai';
import { setMaxListeners } from 'node:events';
import { fileURLToPath } from 'node:url';
import { answerOf, answerThrough } from '../../doctor/access/answer.ts';
import { CHECKS } from '../../doctor/checks/index.ts';
import { ClusterFacts } from '../../doctor/facts/cluster-facts.ts';
import { identityOf, type PredictedIdentity } from '../../doctor/facts/identity.ts';
import type { Severity } from '../../doctor/checks/check.ts';
import { judge } from '../../doctor/judge/judge.ts';
import type { ObjectName } from '../../doctor/snapshot/object-name.ts';
import type { Snapshot } from '../../doctor/snapshot/snapshot.ts';
import type { ProbeOutcome, ScenarioResult } from '../../harness/results/results.ts';
import { isExclusive } from '../../harness/scenario/requirements.ts';
import { readSuites } from '../../harness/scenario-files/read-suites.ts';
import type { Scenario } from '../../harness/scenario/spec.ts';
import { observePods, type ObservedPod } from './observed-pods.ts';
import { firstStep, observedRequests } from './s3-requests.ts';

const SUITES = fileURLToPath(new URL('../../suites', import.meta.url));

/** Operations that the SDK performs with the credentials that it finds in the pod. */
const BY_DEFAULT_CHAIN = /^(?:GetCallerIdentity|(?:Get|Put|Head|Delete)Object|ListObjects)\b/;

describe('doctor on scenarios of scope identity', () => {
  let pods: readonly ObservedPod[];
  let results: ReadonlyMap<string, ScenarioResult>;
  const facts = new Map<Snapshot, ClusterFacts>();

  before(async () => {
    setMaxListeners(0);
    const loaded = await readSuites(SUITES, []);
    const observed = await observePods({
      ...loaded,
      // Scenarios that move AWS's clock or make it fail would also disturb the collector.
      scenarios: loaded.scenarios.filter(
        (one) => one.scope === 'identity' && one.spec.profile !== 'soak' && !isExclusive(one),
      ),
    });
    pods = observed.pods;
    results = new Map(observed.results.map((result) => [result.id, result]));
    for (const { snapshot } of pods)
      if (!facts.has(snapshot)) facts.set(snapshot, new ClusterFacts(snapshot.clusters[0]!));
  });

  const predicted = ({ snapshot, namespace, name }: ObservedPod): PredictedIdentity => {
    const known = facts.get(snapshot)!;
    const pod = known.snapshot.kubernetes.pods!.find(
      ({ metadata }) => metadata.namespace === namespace && metadata.name === name,
    );
    return pod === undefined ? { mechanism: 'unknown', reason: 'no such pod' } : identityOf(known, pod);
  };

  it('predicts the identity that each pod reports', () => {
    const wrong: string[] = [];
    const unknown: string[] = [];
    let right = 0;
    for (const pod of pods) {
      const probe = firstProbe(pod, results.get(pod.scenario.id));
      // On a loaded machine, an SDK may find no credentials in time.
      if (!probe?.observed || probe.verdict !== 'passed' || !BY_DEFAULT_CHAIN.test(probe.operation)) continue;
      const identity = predicted(pod);
      const { observed } = probe;
      const line = `${pod.scenario.id} ${pod.name}: ${JSON.stringify(identity)}, but ${observed.identity?.arn ?? `${observed.outcome} ${observed.message}`}`;
      if (isRight(identity, observed)) right += 1;
      else if (identity.mechanism === 'unknown') unknown.push(line);
      else wrong.push(line);
    }
    expect(wrong).to.deep.equal([]);
    expect(right).to.be.greaterThan(20);
    expect(unknown.length, unknown.join('\n')).to.be.at.most((right + unknown.length) / 20);
  });

  it('answers for each S3 request of the pods what S3 answers', () => {
    const wrong: string[] = [];
    const unknown: string[] = [];
    let right = 0;
    for (const pod of pods) {
      const { snapshot, scenario, namespace, name } = pod;
      const known = facts.get(snapshot)!;
      const found = known.snapshot.kubernetes.pods!.find(
        ({ metadata }) => metadata.namespace === namespace && metadata.name === name,
      );
      if (found === undefined) continue;
      const asker = { namespace, serviceAccount: found.serviceAccountName, pod: name };
      for (const { requests, through, observed, operation } of observedRequests(pod, results.get(scenario.id))) {
        const answers = requests.map((request) =>
          through === undefined ? answerOf(known, asker, request) : answerThrough(known, asker, request, through),
        );
        const answer =
          answers.find(({ value }) => value === 'denied') ??
          answers.find(({ value }) => value === 'unknown') ??
          answers[0]!;
        const steps = answer.steps.map((step) => `${step.name} ${step.value}: ${step.text}`).join('; ');
        const line = `${scenario.id} ${name} ${operation}: ${answer.value} (${answer.unless.join('; ')}) [${steps}], but ${observed.outcome} ${observed.message}`;
        const isAllowed = observed.outcome === 'granted';
        if (answer.value === 'unknown') unknown.push(line);
        else if ((answer.value === 'allowed') === isAllowed) right += 1;
        else wrong.push(line);
      }
    }
    const all = right + unknown.length + wrong.length;
    console.log(`can: ${all} requests, ${right} right, ${wrong.length} wrong, ${unknown.length} unknown`);
    console.log([...wrong, ...unknown].join('\n'));
    expect(wrong).to.deep.equal([]);
    expect(right).to.be.greaterThan(50);
    expect(unknown.length, unknown.join('\n')).to.be.at.most(all / 20);
  });

  it('reports no error where all probes are granted, and warnings only of risks that are meant', () => {
    const unexpected = new Set<string>();
    for (const [snapshot] of facts) {
      const { findings } = judge(snapshot, CHECKS);
      for (const { scenario, namespace, snapshot: own } of pods) {
        if (own !== snapshot || !isAllGranted(scenario)) continue;
        for (const { check, severity, object, text } of findings)
          if (isOf(object, namespace, scenario) && !isMeant(severity, scenario))
            unexpected.add(`${scenario.id} ${severity} ${check} ${object.kind} ${object.name}: ${text}`);
      }
    }
    expect([...unexpected].sort()).to.deep.equal([]);
  });
});

/** A scenario with a finding is a risk on purpose. */
const isMeant = (severity: Severity, { spec }: Scenario): boolean =>
  severity === 'info' || (severity === 'warning' && spec.finding !== undefined);

const isAllGranted = ({ spec }: Scenario): boolean =>
  spec.probes.every((step) => step.kind === 'action' || step.expectation.outcome === 'granted');

const isOf = (object: ObjectName, namespace: string, { id }: Scenario): boolean =>
  object.namespace === namespace || new RegExp(`-${id.toLowerCase()}-`).test(object.name);

function isRight({ mechanism, roleArn }: PredictedIdentity, observed: NonNullable<ProbeOutcome['observed']>): boolean {
  const [, role] = /:assumed-role\/([^/]+)\//.exec(observed.identity?.arn ?? '') ?? [];
  if (mechanism === 'static-keys') return observed.identity?.arn.includes(':user/') === true;
  if (mechanism === 'none') return observed.outcome === 'refused';
  return role !== undefined && role === roleArn?.split('/').at(-1);
}

/** Returns the first probe of an observed pod, unless an action between them may have changed its identity. */
function firstProbe(pod: ObservedPod, result?: ScenarioResult): ProbeOutcome | undefined {
  const { scenario, workload } = pod;
  const steps = scenario.spec.probes;
  const from = firstStep(pod);
  const next = steps.findIndex((step, index) => index >= from && step.kind === 'probe' && step.workload === workload);
  const step = steps[next];
  if (step?.kind !== 'probe' || 'through' in step.operation) return undefined;
  if (steps.slice(from, next).some(({ kind }) => kind === 'action')) return undefined;
  return result?.probes.find(({ number }) => number === next);
}
