/** The output of `loosen --format json`. */
export interface Loosening {
  /** Percentage of noticed changes, rounded down. */
  readonly score: number;
  readonly changes: readonly {
    readonly file: string;
    /** The resource within a Terraform or CloudFormation file. */
    readonly address?: string;
    readonly line?: number | undefined;
    readonly operator: string;
    readonly direction: string;
    readonly change: string;
    readonly state: 'killed' | 'survived' | 'equivalent' | 'rejected' | 'unjudged';
    readonly by: 'replay' | 'run';
    /** The scenario and probe that noticed the change. */
    readonly scenario?: string;
    readonly probe?: number;
    readonly reason?: string;
    /** A request that the change allows, as a clause. */
    readonly sentence?: string;
    /** The scenario to which `code` should be added: entries by the scenario's member. */
    readonly addTo?: string;
    readonly code?: Readonly<Record<string, readonly string[]>>;
  }[];
}
