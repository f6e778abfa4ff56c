/** Runs work, then rethrows the first error that occurred outside it, for example in a timer of a suite file. */
export async function rethrowUncaughtErrors(work: () => Promise<void>): Promise<void> {
  const strays: unknown[] = [];
  const notice = (error: unknown): void => void strays.push(error);
  process.on('uncaughtException', notice);
  process.on('unhandledRejection', notice);
  try {
    await work();
  } finally {
    process.off('uncaughtException', notice);
    process.off('unhandledRejection', notice);
  }
  const [first] = strays;
  if (strays.length > 0)
    throw new Error(
      `An error occurred outside of all scenarios: ${first instanceof Error ? first.message : String(first)}`,
      { cause: first },
    );
}
