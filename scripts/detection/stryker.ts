/** What Stryker's instrumented code counts, by the id of a mutant. */
interface Stryker {
  /** Id of the mutant that is on. */
  activeMutant?: string | undefined;
  /** Who is noted as the one that reaches a mutant. */
  currentTestId?: string | undefined;
  mutantCoverage?: { static: Record<string, number>; perTest: Record<string, Record<string, number>> };
}

/** Of this process: the instrumented code and who runs it share it. */
export const stryker = ((globalThis as { __stryker__?: Stryker }).__stryker__ ??= {});

/** Ids of the mutants that somebody has reached. */
export const reachedBy = (key: string): string[] => Object.keys(stryker.mutantCoverage?.perTest[key] ?? {});

/** Ids of the mutants that were reached while nobody was named. */
export const reachedByNobody = (): string[] => Object.keys(stryker.mutantCoverage?.static ?? {});
