import { expect } from 'chai';
import type { AwsTarget } from '../aws/target.ts';
import type { ProbeResult } from '../../foundation/probe-protocol.ts';
import { agentGet, control, fetchCredentials, granted, refused, succeeds } from '../operations/index.ts';
import type { ProbeStep } from '../scenario/spec.ts';
import { anEnvironment, aWorld } from '../../test/support/environment.ts';
import { aScenario } from '../../test/support/scenarios.ts';
import type { ProvisionedCluster } from '../world/world.ts';
import { outcomeOf } from './outcome.ts';

describe('the outcome of a probe', () => {
  const aws = { region: 'us-west-2', accountId: () => '111122223333' } as unknown as AwsTarget;
  const cluster = { cluster: { nodeRoleArn: 'arn:aws:iam::111122223333:role/node' } } as ProvisionedCluster;
  const world = aWorld(aScenario(), anEnvironment(aws, { clusters: new Map([['c1', cluster]]) }));
  const verdict = (step: ProbeStep, result: ProbeResult, doubt?: string): readonly [string, string] => {
    const outcome = outcomeOf(world, { number: 0, step }, result, { doubt, tries: 1, milliseconds: 1 });
    return [outcome.verdict, outcome.reason];
  };
  const reset: ProbeResult = {
    outcome: 'refused',
    layer: 'agent',
    code: 'ECONNRESET',
    message: 'the agent cannot be reached (ECONNRESET)',
  };
  const nobody = { ...reset, code: 'ECONNREFUSED', message: 'the agent cannot be reached (ECONNREFUSED)' };

  it('is an error where a connection broke, also of a control', () => {
    expect(verdict(granted('red', fetchCredentials()), reset)).to.deep.equal([
      'error',
      'A connection broke or its time was up (ECONNRESET), which says nothing of the agent. Access was expected, but the probe was refused credentials. Expected granted; observed refused by agent with ECONNRESET ("the agent cannot be reached (ECONNRESET)").',
    ]);
    expect(verdict(control('red', fetchCredentials()), reset)[0]).to.equal('error');
    const byProxy = { ...reset, code: '502', message: 'error trying to reach service: i/o timeout' };
    expect(verdict(succeeds(agentGet(2705, '/metrics')), byProxy)[0]).to.equal('error');
  });

  it('passes where just that is expected, as of an agent that is away', () => {
    const away = refused('red', fetchCredentials(), { by: 'agent', message: 'cannot be reached' });
    expect(verdict(away, reset)[0]).to.equal('passed');
    expect(verdict(away, nobody)[0]).to.equal('passed');
  });

  it('is a failure where nobody is there', () =>
    expect(verdict(granted('red', fetchCredentials()), nobody)[0]).to.equal('failed'));

  it('is an error where it is in doubt, and passes where it is as expected all the same', () => {
    const counted = granted('red', fetchCredentials(), { facts: { upstreamCalls: 1 } });
    const result = (upstreamCalls: number): ProbeResult => ({ outcome: 'granted', facts: { upstreamCalls } });
    expect(verdict(counted, result(2), 'It was slow.')).to.deep.equal([
      'error',
      'It was slow. upstreamCalls is 2, not 1. Expected granted where upstreamCalls is 1; observed granted.',
    ]);
    expect(verdict(counted, result(1), 'It was slow.')[0]).to.equal('passed');
    expect(verdict(counted, result(2))[0]).to.equal('failed');
  });
});
