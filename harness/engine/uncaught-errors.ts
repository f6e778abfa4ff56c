/** Rethrows the first error that is thrown outside the work meanwhile, such as in a suite file's timer. */
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
      `Something failed outside of every scenario: ${first instanceof Error ? first.message : String(first)}`,
      { cause: first },
    );
}
