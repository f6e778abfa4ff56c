import { remembered } from '../../foundation/node/remembered.ts';
import { globalContexts } from '../../identity/policy/global-context.ts';
import { authorize, compilePolicy, type AuthorizationInput, type CompiledPolicy } from '../../identity/policy/index.ts';
import { organizationKeys, organizationLevels } from '../../identity/organization.ts';
import type { RoleSession } from '../../identity/policy/principal.ts';
import { follow, isQuestion, type Path, type Question } from '../../identity/question.ts';
import type { Expectation } from '../scenario/spec.ts';
import { REGION, type Scene } from './scene.ts';

/** The decisions of an attempt, up to the first denial. */
export interface AttemptAnswer {
  readonly refusal:
    (Required<Pick<Expectation, 'by' | 'code'>> & { readonly outcome: 'refused' | 'denied' }) | undefined;
  /** The request that was denied, or the last one. */
  readonly last: AuthorizationInput;
  /** Whether policies and tags of a session are too large. */
  readonly isTooLarge?: boolean;
}

/** Asks a path's questions until one is denied. If none is, `last` is the first question of the last stage. */
export function answered<Result>(
  scene: Scene,
  path: Path<Result>,
  refusal: AttemptAnswer['refusal'],
  policyOf: (resource: string) => CompiledPolicy | undefined = (resource) => scene.policyOf(resource),
) {
  let first: Question | undefined;
  let last: AuthorizationInput | undefined;
  let isDenied = false;
  let isTooLarge = false;
  const result = follow(path, (step) => {
    if (!isQuestion(step)) return !(isDenied = isTooLarge = step.problem !== undefined);
    const input = inputOf(scene, step, policyOf);
    isDenied = authorize(input).value !== 'allowed';
    if (isDenied || first?.stage !== step.stage) last = input;
    if (first?.stage !== step.stage) first = step;
    return !isDenied;
  });
  return {
    answer: { refusal: isDenied ? refusal : undefined, last: last!, isTooLarge } satisfies AttemptAnswer,
    result,
  };
}

/** Remembers the compiled session policies of a session. */
const sessionPolicies = new WeakMap<RoleSession, readonly CompiledPolicy[]>();

/** Adds the policies and global condition keys of a question. Without a trust policy, nobody may assume a role. */
function inputOf(scene: Scene, question: Question, policyOf: Scene['policyOf']): AuthorizationInput {
  const { principal, stage, resource } = question;
  const caller = principal.kind === 'role-session' ? scene.roleOf(principal.roleArn) : undefined;
  const organization = scene.organization;
  const request = { region: REGION, sourceIp: '127.0.0.1', time: Date.now() };
  return {
    ...question,
    defaults: [
      ...globalContexts(request, principal, caller),
      ...(organization ? [organizationKeys(organization, principal, question.resourceAccount)] : []),
    ],
    ...(organization && organizationLevels(organization, principal, question.resourceAccount)),
    identityPolicies: caller?.identity ?? [],
    permissionsBoundary: caller?.boundary,
    ...(principal.kind === 'role-session' && {
      sessionPolicies: remembered(sessionPolicies, principal, () =>
        principal.sessionPolicies.map((text) => compilePolicy(text, { kind: 'session', name: 'session' })),
      ),
    }),
    ...(stage === 'access' ? { resourcePolicy: policyOf(resource) } : { trustPolicy: scene.roleOf(resource)?.trust }),
  };
}
