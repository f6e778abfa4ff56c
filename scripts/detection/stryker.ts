/** State of Stryker's instrumented code. */
interface Stryker {
  activeMutant?: string | undefined;
  /** Key of the coverage. */
  currentTestId?: string | undefined;
  mutantCoverage?: { static: Record<string, number>; perTest: Record<string, Record<string, number>> };
}

/** Shared with the instrumented code. */
export const stryker = ((globalThis as { __stryker__?: Stryker }).__stryker__ ??= {});

export const reachedBy = (key: string): string[] => Object.keys(stryker.mutantCoverage?.perTest[key] ?? {});

/** Ids of the mutants reached without a key. */
export const reachedByNobody = (): string[] => Object.keys(stryker.mutantCoverage?.static ?? {});
