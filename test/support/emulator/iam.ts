import { newWorld } from '../../../emulator/world/new-world.ts';
import type { WorldOptions } from '../../../emulator/world/new-world.ts';
import type { Caller, RoleSession, RootUser } from '../../../identity/policy/principal.ts';
import { serviceContext } from '../../../emulator/world/service-context.ts';
import { disturbances } from '../../../emulator/world/disturbances.ts';
import { queryCaller } from './query.ts';
import { aSession } from './session.ts';
import type { QueryResponse, Parameters } from './query.ts';
import { iamService } from '../../../emulator/iam-api/index.ts';

export const HERE = '111122223333';
export const THERE = '444455556666';

/** Returns a world with two accounts and IAM, called without a network. `iam` calls as the first account's root by default. */
export function iamWorld(options: Partial<WorldOptions> = {}) {
  const made = newWorld({ endpoint: () => 'http://127.0.0.1:0', seed: 'test', ...options });
  const { world } = made;
  made.createAccount(HERE);
  made.createAccount(THERE);
  const active = disturbances();
  const context = serviceContext(world, active);
  const call = queryCaller(iamService(context), '2010-05-08');
  const iam = (action: string, parameters: Parameters = {}, caller: Caller = root(HERE)) =>
    call(caller, action, parameters);

  /** Calls IAM and expects status 200. */
  async function must(
    action: string,
    parameters: Parameters = {},
    caller: Caller = root(HERE),
  ): Promise<QueryResponse> {
    const answer = await iam(action, parameters, caller);
    if (answer.status !== 200) throw new Error(`${action}: ${answer.code}: ${answer.message}`);
    return answer;
  }
  return { world, context, active, call, iam, must };
}

export function root(accountId: string): RootUser {
  return { kind: 'root', accountId, arn: `arn:aws:iam::${accountId}:root`, userId: accountId };
}

export function trust(principal: unknown, actions: unknown = 'sts:AssumeRole', condition?: unknown): string {
  const statement = { Effect: 'Allow', Principal: principal, Action: actions, Condition: condition };
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
}

export function allow(actions: unknown, resource: unknown = '*', condition?: unknown): string {
  const statement = { Effect: 'Allow', Action: actions, Resource: resource, Condition: condition };
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
}

/** Returns a session of a role, as if it had been assumed. */
export function sessionOf(
  { world }: Pick<ReturnType<typeof iamWorld>, 'world'>,
  name: string,
  more: Partial<RoleSession> = {},
  accountId: string = HERE,
): RoleSession {
  const role = world.account(accountId)?.roles.get(name);
  if (role === undefined) throw new Error(`no role ${name}`);
  return { ...aSession(role, world.clock.now(), { sessionName: 'session' }), ...more };
}
