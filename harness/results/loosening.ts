/** What the scenarios say about a changed policy. */
export interface ChangeVerdict {
  /**
   * `killed`: a scenario fails with the change. `survived`: none does, but a probe would. `unreachable`: no pod of the suite can make
   * the requests that differ. `equivalent`: no request of any use differs. `undecided`: neither is known. `invalid`: every probe fails,
   * so each suite would notice it. `rejected`: AWS does not accept the changed policy. `unjudged`: its run failed for another reason.
   */
  readonly state:
    'killed' | 'survived' | 'unreachable' | 'equivalent' | 'undecided' | 'invalid' | 'rejected' | 'unjudged';
  readonly by: 'replay' | 'run';
  /** The scenario that notices it, with the number of the probe from 0 if known. */
  readonly scenario?: string;
  readonly probe?: number;
  /** Why replay could not tell, why it is unjudged, or which limit keeps it undecided. */
  readonly reason?: string;
  /** Who gets what by the change, in a sentence without its end. */
  readonly sentence?: string;
  /** The entry of the ignore file that accepts it. */
  readonly ignored?: { readonly until: string; readonly reason: string };
  /** Whether the earlier output of `--since` had another state. */
  readonly isNew?: boolean;
  /** A case for `evaluate`, if no pod of the suite can make the request. */
  readonly request?: Readonly<Record<string, unknown>>;
}

/** The output of `loosen --format json`. */
export interface Loosening {
  /** Percentage of noticed changes, rounded down. */
  readonly score: number;
  readonly changes: readonly JudgedChangeOutput[];
}

export interface JudgedChangeOutput extends ChangeVerdict {
  readonly id: string;
  readonly file: string;
  /** The resource within a Terraform or CloudFormation file. */
  readonly address?: string;
  readonly line?: number | undefined;
  readonly operator: string;
  readonly direction: string;
  readonly change: string;
  /** The scenario to which `code` should be added: entries by the scenario's member. */
  readonly addTo?: string;
  readonly code?: Readonly<Record<string, readonly string[]>>;
  /** Names that `code` imports from the package. */
  readonly imports?: readonly string[];
}
