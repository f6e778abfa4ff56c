import { expect } from 'chai';
import type { AwsTarget } from '../aws-target/target.ts';
import { anEnvironment, aWorld } from '../../test/support/environment.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import type { Resource } from '../../foundation/aws/resources.ts';
import { removeIn, tearDown } from './teardown.ts';
import type { Environment, ScenarioContext } from '../scenario/scenario-context.ts';

const AWS = { region: 'us-west-2', accountId: () => '111122223333' } as unknown as AwsTarget;

describe('the teardown of a scenario', () => {
  let done: string[];
  beforeEach(() => {
    done = [];
  });

  const step = (name: string) => async (): Promise<void> => void done.push(name);
  const world = (fixturesEndWith: Environment['fixturesEndWith']): ScenarioContext => {
    const made = aWorld(aScenario(), anEnvironment(AWS, { fixturesEndWith }));
    for (const resource of [
      { name: 'role', lives: 'aws' },
      { name: 'namespace', lives: 'cluster' },
      { name: 'provider', lives: 'aws', due: 'always' },
    ] as const)
      made.resources.add({ ...resource, remove: step(resource.name) });
    made.resources.addChange('pod', step('pod'), 'unless-kept');
    made.resources.addChange('clock', step('clock'));
    return made;
  };

  for (const [ends, removed] of [
    ['nothing', ['clock', 'pod', 'role', 'namespace', 'provider']],
    ['cluster', ['clock', 'pod', 'role', 'provider']],
    ['run', ['clock', 'pod', 'provider']],
  ] as const) {
    it(`removes resources that would outlive the run (fixturesEndWith ${ends})`, async () => {
      await tearDown(world(ends), { kept: false, makesRoom: false });
      expect(done).to.deep.equal(removed);
    });

    it(`removes everything if it must make room (fixturesEndWith ${ends})`, async () => {
      await tearDown(world(ends), { kept: false, makesRoom: true });
      expect(done).to.deep.equal(['clock', 'pod', 'role', 'namespace', 'provider']);
    });
  }

  it('leaves kept resources to the end of the run', async () => {
    const kept = world('cluster');
    await tearDown(kept, { kept: true, makesRoom: true });
    expect(done).to.deep.equal(['clock', 'provider']);
    const { environment } = kept;
    expect(environment.kept.all.map(({ name }) => name)).to.deep.equal(['role']);
    await removeIn(environment, environment.kept.take());
    expect(done).to.deep.equal(['clock', 'provider', 'role']);
  });

  const held = (): Promise<void> => Promise.reject(Object.assign(new Error('it is held'), { name: 'Conflict' }));
  const failing = (
    fixturesEndWith: Environment['fixturesEndWith'],
    resource: Omit<Resource, 'remove'>,
  ): ScenarioContext => {
    const made = aWorld(aScenario(), anEnvironment(AWS, { fixturesEndWith }));
    made.resources.add({ ...resource, remove: held });
    return made;
  };

  it('records leftovers without failing the scenario', async () => {
    const left = failing('cluster', { name: 'role app', lives: 'aws' });
    await tearDown(left, { kept: false, makesRoom: true });
    expect(left.environment.leftovers).to.deep.equal([{ name: 'role app', reason: 'Conflict: it is held' }]);
  });

  it('fails if leftovers would affect other scenarios or attempts', async () => {
    const undone = (
      [
        { name: 'clock', lives: 'cluster', isChange: true, due: 'always' },
        { name: 'namespace', lives: 'cluster' },
      ] as const
    ).map(async (resource) => {
      const left = failing('cluster', resource);
      const error = await tearDown(left, { kept: false, makesRoom: true }).catch((reason: Error) => reason.message);
      return [error, left.environment.leftovers];
    });
    expect(await Promise.all(undone)).to.deep.equal([
      ['it is held', []],
      ['it is held', []],
    ]);
  });
});
