import { identityOf } from '../facts/identity.ts';
import type { Account } from './accounts.ts';
import { describe, type Action } from './action.ts';
import { isForeign, restart } from './steps.ts';

/** Whether pods can do the same after a step. */
type Access = 'same' | 'may change' | 'changes';

export interface MigrationStep {
  readonly number: number;
  readonly title: string;
  readonly action: Action;
  readonly access: Access;
  /** What pods notice. */
  readonly effect: string;
  readonly commands: readonly string[];
  /** Undo steps in reverse order. */
  readonly undo: { readonly actions: readonly Action[]; readonly commands: readonly string[] };
}

/** Returns steps with their effects, commands and undos, numbered from 1. */
export const numbered = (actions: readonly (readonly [Action, Account?])[]): readonly MigrationStep[] =>
  actions.map(([action, account], index) => {
    const { title = action.type, commands } = describe(action);
    const undo = undoOf(action, account);
    return {
      number: index + 1,
      title,
      action,
      ...effectOf(action, account),
      commands,
      undo: { actions: undo, commands: undo.flatMap((one) => describe(one).commands) },
    };
  });

/** Running pods do not fall back to IRSA, so they restart when their association is deleted, and not before. */
function undoOf(action: Action, account?: Account): readonly Action[] {
  if (action.type === 'RestartPods') return [];
  const restarted = action.type === 'CreatePodIdentityAssociation' && account ? restart(account) : [];
  return [describe(action).inverse, ...restarted];
}

type Effect = Pick<MigrationStep, 'access' | 'effect'>;

function effectOf(action: Action, account?: Account): Effect {
  const { effect = 'Pods keep their credentials. IRSA stays allowed.' } = describe(action);
  if (account === undefined || !/^(?:CreatePodIdentityAssociation|RestartPods)$/.test(action.type))
    return { access: 'same', effect };
  const switched = switchEffect(account);
  return action.type === 'RestartPods'
    ? switched
    : { ...switched, effect: `Running pods keep IRSA. Pods that start from now on: ${switched.effect}` };
}

/** Keys that only one of the mechanisms has, or that have other values (IAM User Guide, "Available keys for AWS OIDC federation"). */
const KEYS = /aws:PrincipalTag\/[\w-]+|aws:(?:FederatedProvider|userid|SourceIdentity)|sts:RoleSessionName/gi;

/** What changes for pods that move from IRSA to Pod Identity. */
function switchEffect(account: Account): Effect {
  const { facts, association, roleArn = '', pods } = account;
  const next = association?.targetRoleArn ?? association?.roleArn ?? roleArn;
  const other = pods
    .map((pod) => identityOf(facts, pod))
    .find((one) => one.mechanism !== 'unknown' && one.roleArn !== roleArn && one.roleArn !== next);
  if (other !== undefined) {
    const today =
      other.roleArn === undefined ? `they have no credentials: ${other.reason}` : `they use role ${other.roleArn}`;
    return { access: 'changes', effect: `The pods get role ${next}. Today ${today}.` };
  }
  if (next !== roleArn)
    return {
      access: 'changes',
      effect: `The pods change from role ${roleArn} to ${next}. Compare their policies first.`,
    };
  const policies = facts.role(roleArn)?.policies;
  const untested = 'Resource policies are not read: look for tests of aws:PrincipalTag and of the session name.';
  const tags = 'The role stays the same, and its sessions get six tags.';
  if (isForeign(account) || policies === undefined)
    return { access: 'may change', effect: `${tags} Its policies were not read. ${untested}` };
  const keys = Object.values(policies).flatMap((text) => [
    ...(text.match(KEYS) ?? []),
    ...(facts.issuer !== undefined && text.includes(`${facts.issuer}:`) ? [facts.issuer] : []),
  ]);
  return keys.length === 0
    ? { access: 'same', effect: `${tags} Its policies do not test them. ${untested}` }
    : {
        access: 'may change',
        effect: `${tags} Its policies test ${[...new Set(keys)].join(' and ')}, which may decide differently. ${untested}`,
      };
}
