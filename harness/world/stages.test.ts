import { expect } from 'chai';
import { advanceClock, deletePod, getObject, granted, restartPod, startPod } from '../operations/index.ts';
import type { Step } from '../scenario/spec.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import { groupsOfPod, stages } from './stages.ts';

const red = granted('red', getObject('data/red/key'));
const blue = granted('blue', getObject('data/blue/key'));
const of = (...probes: Step[]) => stages(aScenario({ probes }));
/** `group:probe,probe` of the pod that starts at a stage. */
const pod = (all: ReturnType<typeof of>, workload: string, from: number): string =>
  groupsOfPod(all, workload, from)
    .groups.map(({ number, probes }) => `${number}:${probes.map((probe) => probe.number).join(',')}`)
    .join(' ');

describe('the stages of a scenario', () => {
  it('are groups of consecutive probes, and actions between them', () => {
    const all = of(red, blue, advanceClock(60), red, restartPod('red'), startPod('blue'), blue);
    const text = all.map((stage) =>
      stage.kind === 'group'
        ? `${stage.group.number}[${stage.group.probes.map(({ number }) => number).join(' ')}]`
        : stage.action.do,
    );
    expect(text).to.deep.equal(['0[0 1]', 'AdvanceClock', '1[2]', 'RestartPod', 'StartPod', '2[3]']);
  });

  it('may begin and end with an action', () => {
    const all = of(advanceClock(1), red, deletePod('red'));
    expect(all.map((stage) => stage.kind)).to.deep.equal(['action', 'group', 'action']);
  });
});

describe('the groups of a pod', () => {
  const all = of(red, blue, advanceClock(60), red, restartPod('red'), red, blue, deletePod('blue'), red);

  it('are those up to its restart', () => expect(pod(all, 'red', 0)).to.equal('0:0 1:2'));
  it('are, of the pod after it, those that follow', () => expect(pod(all, 'red', 4)).to.equal('2:3 3:5'));
  it('end with its deletion, and pass over groups it has no part in', () =>
    expect(pod(all, 'blue', 0)).to.equal('0:1 2:4'));
  it('are those after its start, for one that starts late', () => expect(pod(all, 'red', 5)).to.equal('3:5'));
  for (const [what, from, heldBack] of [
    ['a pod whose first group follows at once', 0, false],
    ['a pod that starts a step ahead of it', 1, true],
    ['the next pod of the step that restarts it', 4, false],
  ] as const)
    it(`${heldBack ? 'hold back' : 'do not hold back'} ${what}`, () =>
      expect(groupsOfPod(all, 'red', from).heldBack).to.equal(heldBack));
  it('are none for a workload that probes nothing', () => expect(pod(all, 'green', 0)).to.equal(''));
});
