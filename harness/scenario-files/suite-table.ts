/** Suites that are selected together, such as `identity`. */
interface Scope {
  readonly title: string;
  /** The question that each suite answers, by the suite's name, in the order of reports. */
  readonly suites: Readonly<Record<string, string>>;
}

/** The exports of `suites/scopes.ts`: the table of the project's own suites. */
export interface SuiteTable {
  /** By name, in the order of reports. */
  readonly scopes: Readonly<Record<string, Scope>>;
}

export const suitesOf = ({ scopes }: Pick<SuiteTable, 'scopes'>): readonly string[] =>
  Object.values(scopes).flatMap(({ suites }) => Object.keys(suites));
