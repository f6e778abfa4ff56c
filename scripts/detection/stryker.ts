/** State of code that Stryker instrumented. */
interface Stryker {
  activeMutant?: string | undefined;
  /** Key under which coverage is recorded. */
  currentTestId?: string | undefined;
  mutantCoverage?: { static: Record<string, number>; perTest: Record<string, Record<string, number>> };
}

/** Shared with the instrumented code. */
export const stryker = ((globalThis as { __stryker__?: Stryker }).__stryker__ ??= {});

export const reachedBy = (key: string): string[] => Object.keys(stryker.mutantCoverage?.perTest[key] ?? {});

/** Returns the ids of mutants that code reached before any scenario began. */
export const reachedByNobody = (): string[] => Object.keys(stryker.mutantCoverage?.static ?? {});
