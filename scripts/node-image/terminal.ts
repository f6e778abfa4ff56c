export interface Terminal {
  readonly verbose: boolean;
  readonly line: (text: string) => void;
}

/** Milliseconds between a step's signs of life. */
const HEARTBEAT = 30_000;

/** Prints a line with the duration, and signs of life before. */
export async function step<T>(terminal: Terminal, name: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const seconds = (): string => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  const heartbeat = setInterval(() => terminal.line(`  … ${name}: ${seconds()} so far`), HEARTBEAT);
  try {
    const result = await work();
    terminal.line(`✓ ${name} (${seconds()})`);
    return result;
  } finally {
    clearInterval(heartbeat);
  }
}
