import type { ClusterFacts } from '../facts/cluster-facts.ts';
import type { ObjectName } from '../snapshot/object-name.ts';
import type { Right } from '../snapshot/snapshot.ts';

/** From the most severe: breaks an identity now; may give a wrong one or break one later; worth knowing. */
export const SEVERITIES = ['error', 'warning', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** One case of a check's problem. */
export interface Case {
  readonly object: ObjectName;
  /** One sentence with the observed values. Cases with the same object and sentence are one finding. */
  readonly text: string;
  /** A command that repairs this case, on one line for a shell; undefined if it needs an unknown value. */
  readonly repair?: string | undefined;
  /** The policy that the repair changes, as JSON texts. */
  readonly change?: { readonly policy: string; readonly before: string; readonly after: string } | undefined;
  /** The names of the affected pods, with their namespace if it is not the object's. */
  readonly pods?: readonly string[];
  /** Tells cases of one object apart, such as the name of a container. */
  readonly part?: string;
  /** The severity of this case, if it differs from the check's. */
  readonly severity?: Severity;
}

/** An object that the check could not judge. */
export interface Unjudged {
  readonly object: ObjectName;
  readonly missing: Right;
  /** The ARN or name of the unread object, if it is not `object`. */
  readonly unread?: string;
}

/** A step on a pod's way to its credentials, as `doctor pod` follows it. */
export type HopName =
  | 'agent'
  | 'association'
  | 'annotation'
  | 'injection'
  | 'token'
  | 'provider'
  | 'trust'
  | 'target role'
  | 'network'
  | 'node role';

/** What a check looks for, and its documentation. Texts are sentences in Markdown without headings. */
export interface Check {
  /** Never reused. */
  readonly id: `PID${number}`;
  /** The problem, as in `The trust policy does not allow tagging the session`. */
  readonly title: string;
  readonly severity: Severity;
  /** The hops of `doctor pod` that its findings break. */
  readonly hops: readonly [HopName, ...HopName[]];
  /**
   * What a finding in the migrated cluster means for `doctor migration`. Default: an error blocks, a warning is a note.
   * `blocks`: a warning blocks too. `ignored-with-new-agent`: ignored if the migration installs the agent.
   */
  readonly inMigration?: 'blocks' | 'ignored' | 'ignored-with-new-agent';
  /** The check is not made if one of these rights is missing. */
  readonly rights: readonly Right[];
  /** The compared objects and fields. */
  readonly observation: string;
  /** Why it happens. */
  readonly cause: string;
  /** What pods or people notice. */
  readonly effect: string;
  readonly fix: string;
  /** A section of AWS's or Kubernetes' documentation, or a repository and its file. */
  readonly source: string;
  readonly find: (facts: ClusterFacts) => Iterable<Case | Unjudged>;
}
