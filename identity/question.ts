import type { AuthorizationInput } from './policy/index.ts';
import type { RoleSession } from './policy/principal.ts';

/**
 * Where AWS decides on the way from a pod to an access: EKS Auth's own caller (the node), the role of the association or annotation,
 * the association's target role, a role that the pod assumes itself, the request, and the use of the key that encrypts its object.
 */
export type Stage = 'node' | 'trust' | 'target role' | 'assumed role' | 'access' | 'encryption';

/**
 * Condition keys that a request may have with a value that is not known, with the known beginning of the value. A key with a final
 * slash or colon, or an empty key, stands for all keys that begin with it and have no known value.
 */
export type UnknownKeys = Readonly<Record<string, string>>;

/** An authorization that AWS makes. Its policies belong to the principal, to the resource and to the session. */
export interface Question extends Pick<
  AuthorizationInput,
  'principal' | 'action' | 'resource' | 'resourceAccount' | 'context'
> {
  readonly stage: Stage;
  readonly unknown: UnknownKeys;
  /** Keys that the request does not have, in the form of `unknown`. */
  readonly absent?: readonly string[];
}

/** A session that AWS opens after the questions about its role, unless its policies and tags are too large. */
export interface Opening {
  readonly stage: Stage;
  readonly session: Session;
  /** In percent of the allowed size; undefined without policies and tags. */
  readonly packedSize: number | undefined;
  /** AWS's error message if policies and tags are too large. */
  readonly problem: string | undefined;
}

/** The questions of AWS in their order. AWS asks the next one only if the last was allowed. */
export type Path<Result> = Generator<Question | Opening, Result, void>;

/** A session that AWS opens if it allows everything on the path. */
export interface Session {
  readonly principal: RoleSession;
  readonly unknown: UnknownKeys;
}

export const isQuestion = (step: Question | Opening): step is Question => 'action' in step;

/** Passes each step to `answer` until that returns false. Returns the result of a path that was not ended before. */
export function follow<Result>(path: Path<Result>, answer: (step: Question | Opening) => boolean): Result | undefined {
  for (;;) {
    const step = path.next();
    if (step.done) return step.value;
    if (!answer(step.value)) return undefined;
  }
}
