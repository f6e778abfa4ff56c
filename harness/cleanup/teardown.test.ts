import { expect } from 'chai';
import type { AwsTarget } from '../aws/target.ts';
import { anEnvironment, aWorld } from '../testing/environment.ts';
import { aScenario } from '../testing/scenarios.ts';
import { tearDown, undoIn } from './teardown.ts';
import { removing, undoAtOnce, type UndoStep } from './undo.ts';
import type { Environment, ScenarioWorld } from '../world/world.ts';

const AWS = { region: 'us-west-2', accountId: () => '111122223333' } as unknown as AwsTarget;

describe('the end of a scenario', () => {
  let done: string[];
  beforeEach(() => {
    done = [];
  });

  const step = (name: string) => async (): Promise<void> => void done.push(name);
  const world = (fixturesEndWith: Environment['fixturesEndWith']): ScenarioWorld => {
    const made = aWorld(aScenario(), anEnvironment(AWS, { fixturesEndWith }));
    made.undo.push(
      removing({ name: 'role', lives: 'aws' }, step('role')),
      removing({ name: 'namespace', lives: 'cluster' }, step('namespace')),
      undoAtOnce(removing({ name: 'provider', lives: 'aws' }, step('provider'))),
      undoAtOnce(step('pod'), 'makes-room'),
    );
    return made;
  };

  for (const [ends, removed] of [
    ['nothing', ['pod', 'role', 'namespace', 'provider']],
    ['cluster', ['pod', 'role', 'provider']],
    ['run', ['pod', 'provider']],
  ] as const) {
    it(`removes what does not end by itself: with ${ends} of it ending`, async () => {
      await tearDown(world(ends), { kept: false, makesRoom: false });
      expect(done).to.deep.equal(removed);
    });

    it(`removes all where it must make room: with ${ends} of it ending`, async () => {
      await tearDown(world(ends), { kept: false, makesRoom: true });
      expect(done).to.deep.equal(['pod', 'role', 'namespace', 'provider']);
    });
  }

  it('leaves what is kept to the end of the run', async () => {
    const kept = world('cluster');
    await tearDown(kept, { kept: true, makesRoom: true });
    expect(done).to.deep.equal(['provider']);
    const { environment } = kept;
    expect(environment.undoAtEnd).to.have.length(1);
    await undoIn(environment, environment.undoAtEnd);
    expect(done).to.deep.equal(['provider', 'role']);
  });

  const held = (): Promise<void> => Promise.reject(Object.assign(new Error('it is held'), { name: 'Conflict' }));
  const failing = (fixturesEndWith: Environment['fixturesEndWith'], undo: UndoStep): ScenarioWorld => {
    const made = aWorld(aScenario(), anEnvironment(AWS, { fixturesEndWith }));
    made.undo.push(undo);
    return made;
  };

  it('notes what stays and is no failure of the scenario', async () => {
    const left = failing('cluster', removing({ name: 'role app', lives: 'aws' }, held));
    await tearDown(left, { kept: false, makesRoom: true });
    expect(left.environment.leftovers).to.deep.equal([{ name: 'role app', reason: 'Conflict: it is held' }]);
  });

  it('fails where others would feel it, or another attempt', async () => {
    const undone = [undoAtOnce(held), removing({ name: 'namespace', lives: 'cluster' }, held)].map(async (undo) => {
      const left = failing('cluster', undo);
      const error = await tearDown(left, { kept: false, makesRoom: true }).catch((reason: Error) => reason.message);
      return [error, left.environment.leftovers];
    });
    expect(await Promise.all(undone)).to.deep.equal([
      ['it is held', []],
      ['it is held', []],
    ]);
  });
});
