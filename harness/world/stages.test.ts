import { expect } from 'chai';
import {
  advanceClock,
  deletePod,
  fetchCredentials,
  getObject,
  granted,
  putRolePolicy,
  refused,
  restartPod,
  startPod,
  succeeds,
} from '../operations/index.ts';
import type { Step } from '../scenario/spec.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import { act } from '../../test/support/acts.ts';
import { expectsRefusal, podStages, stages } from './stages.ts';

const red = granted('red', getObject('data/red/key'));
const blue = granted('blue', getObject('data/blue/key'));
const stagesOf = (...probes: Step[]) => stages(aScenario({ probes }));
/** Returns the numbers of the probes of each group. */
const groupsOf = (...probes: Step[]): number[][] =>
  stagesOf(...probes).map((stage) => (stage.kind === 'group' ? stage.group.probes.map(({ number }) => number) : []));
/** `group:probe,probe` of the pod that starts at a stage. */
const pod = (all: ReturnType<typeof stagesOf>, workload: string, from: number): string =>
  podStages(all, workload, from)
    .groups.map(({ number, probes }) => `${number}:${probes.map((probe) => probe.number).join(',')}`)
    .join(' ');

describe('the stages of a scenario', () => {
  it('are groups of consecutive probes and the actions between them', () => {
    const all = stagesOf(red, blue, advanceClock(60), red, restartPod('red'), startPod('blue'), blue);
    const text = all.map((stage) =>
      stage.kind === 'group'
        ? `${stage.group.number}[${stage.group.probes.map(({ number }) => number).join(' ')}]`
        : stage.action.do,
    );
    expect(text).to.deep.equal(['0[0 1]', 'AdvanceClock', '1[2]', 'RestartPod', 'StartPod', '2[3]']);
  });

  it('put a probe that stands alone into a separate group', () => {
    const alone = succeeds(act(() => ({ outcome: 'granted' })));
    expect(groupsOf(red, blue, alone, alone, red, blue)).to.deep.equal([[0, 1], [2], [3], [4, 5]]);
  });

  it('separate a probe that counts calls from the probes of other workloads', () => {
    const count = granted('red', fetchCredentials(), { facts: { upstreamCalls: 0 } });
    expect(groupsOf(blue, red, count, red, blue, red)).to.deep.equal([
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
    expect(groupsOf(granted('red', fetchCredentials()), blue)).to.deep.equal([[0, 1]]);
  });

  it('may begin and end with an action', () => {
    const all = stagesOf(advanceClock(1), red, deletePod('red'));
    expect(all.map((stage) => stage.kind)).to.deep.equal(['action', 'group', 'action']);
  });
});

describe('the groups of a pod', () => {
  const all = stagesOf(red, blue, advanceClock(60), red, restartPod('red'), red, blue, deletePod('blue'), red);

  it('end with its restart', () => expect(pod(all, 'red', 0)).to.equal('0:0 1:2'));
  it('begin after a restart for the next pod', () => expect(pod(all, 'red', 4)).to.equal('2:3 3:5'));
  it('end with its deletion, and omit groups of other workloads', () =>
    expect(pod(all, 'blue', 0)).to.equal('0:1 2:4'));
  it('begin after a late start', () => expect(pod(all, 'red', 5)).to.equal('3:5'));
  for (const [what, from, deferred] of [
    ['a pod whose first group follows its start', 0, false],
    ['a pod that starts one step before its first group', 1, true],
    ['a pod that a step restarts', 4, false],
  ] as const)
    it(`${deferred ? 'are deferred' : 'are not deferred'} for ${what}`, () =>
      expect(podStages(all, 'red', from).deferred).to.equal(deferred));
  it('are deferred for a pod whose first group follows a group of the harness', () =>
    expect(podStages(stagesOf(succeeds(act(() => ({ outcome: 'granted' }))), red), 'red', 0).deferred).to.equal(true));
  it('are empty for a workload without probes', () => {
    expect(pod(all, 'green', 0)).to.equal('');
    expect(podStages(all, 'green', 0).deferred).to.equal(false);
  });
});

describe('a refusal of credentials', () => {
  const no = refused('red', getObject('data/red/key'), { by: 'agent' });
  for (const [what, probes, from, workloads, is] of [
    ['expected if the only probe expects it', [no], 0, ['red'], true],
    ['expected if every probe expects it', [no, no], 0, ['blue', 'red'], true],
    ['not expected if one probe does not expect it', [no, red], 0, ['red'], false],
    ['expected regardless of other workloads', [no, blue], 0, ['red'], true],
    ['not expected for a workload without probes', [no], 0, ['blue'], false],
    ['not expected by a harness probe', [succeeds(act(() => ({ outcome: 'granted' })))], 0, ['red'], false],
    ['not expected by probes after another step', [red, advanceClock(1), no], 1, ['red'], false],
    ['expected by probes after the step', [red, putRolePolicy('app'), no], 2, ['red'], true],
    ['expected regardless of probes after the next step', [no, putRolePolicy('app'), red], 0, ['red'], true],
    ['not expected if a probe after a restart does not expect it', [no, restartPod('red'), red], 0, ['red'], false],
  ] as const satisfies readonly (readonly [string, readonly Step[], number, readonly string[], boolean])[])
    it(`is ${what}`, () => expect(expectsRefusal(stagesOf(...probes), from, workloads)).to.equal(is));
});
